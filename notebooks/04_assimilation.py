# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Data assimilation: all states from a few noisy observations
#
# Of the three components of a Lorenz system only $x$ is observed, now and then, with errors. What were all three, at all times?
#
# | | |
# |---|---|
# | input | a window of 200 states, 0.01 time units apart; $x$ at every eighth of steps 16–184, noise of variance 2, NaN elsewhere |
# | output | the states of the window, and their standard deviation |
# | data | `lorenz63`, config `assimilation_x` |
# | splits | in time: the first 12 000 states for training, windows that do not overlap for the test |
# | criterion | squared error of the state |
# | scores | mean squared error over the window, and over its inner steps; CRPS |
#
# The score has a floor: over many windows no method comes below the Bayes estimate, which `geodl compare assimilation` finds by looking through two million states of simulated trajectories. Fifty windows, as here, may fall on either side of it.

# %%
import keras
import numpy as np
from matplotlib import pyplot as plt

import geodl
from geodl.baselines import ETKF, EnKF, EnKS, StateInterpolation, StrongConstraint4DVar
from geodl.dynamics import Lorenz63
from geodl.layers import LBFGS, DynamicsCost, GradientDescent, ObservationCost, ODEIntegrator, VariationalCost
from geodl.metrics import WindowLoss, gaussian_crps, window_mse
from geodl.models import DirectNetwork
from geodl.themes import assimilation

keras.utils.set_random_seed(0)
states = geodl.datasets.open_dataset("lorenz63", "assimilation_x", "train").state.values[::100]
test = geodl.datasets.open_dataset("lorenz63", "assimilation_x", "test_independent")
shape = {"components": 3, "dt": 0.01}
compared = {}

window = test.isel(sample=1)
figure, axes = plt.subplots(3, 1, figsize=(9, 4.5), sharex=True, layout="constrained")
for component, axis in enumerate(axes):
    axis.plot(window.time, window.state[:, component], label="state, unknown")
    axis.plot(window.time, window.observations[:, component], "k.", label="observations")
    axis.set_ylabel("xyz"[component])
axes[0].legend()
plt.show()

# %% [markdown]
# ## A first approach: optimal interpolation
#
# The best *linear* estimate, from the covariances of the states in time. `themes.assimilation.evaluate` scores any model on test windows, here on 50 of them.

# %%
interpolation = StateInterpolation(**shape).estimate(states)
compared["optimal interpolation"] = assimilation.evaluate(interpolation, "lorenz63", windows=50)

# %% [markdown]
# ## Refined: the equation helps
#
# An ensemble Kalman filter lets 100 members forecast from one observation to the next, and corrects them by their covariances. The stochastic filter, `EnKF`, gives each member observations with an error of its own; the transform filter, `ETKF`, needs none. Both know only what came before; the smoother, `EnKS`, corrects the past of its members, too. (On a ring of forty components, as of Lorenz-96, `LETKF` is the transform filter that lets observations act only nearby.)

# %%
for kind in (EnKF, ETKF, EnKS):
    ensemble = kind(Lorenz63(), **shape, members=100).estimate(states)
    compared[kind.__name__] = assimilation.evaluate(ensemble, "lorenz63", windows=50)

# %% [markdown]
# The variational way is to write what is known as a cost, and to minimise it. Terms of a cost are layers; so are solvers:
#
# $$ J(\mathbf x) = \sum_t \frac{|\mathbf y_t - H \mathbf x_t|^2}{r} + \sum_t \frac{|\mathbf x_{t+1} - M(\mathbf x_t)|^2}{q} $$

# %%
model_step = ODEIntegrator(Lorenz63(), dt=0.01, steps=1)
terms = {"observations": ObservationCost(variance=2.0), "dynamics": DynamicsCost(model_step, variance=0.1)}
cost = VariationalCost(terms)
solver = LBFGS(cost, iterations=150)

observations = window.observations.values[None]
guess = interpolation.predict(window.expand_dims("sample")).state.values
found = np.array(solver(guess, observations))
for name, state in {"truth": window.state.values[None], "optimal interpolation": guess, "minimum": found}.items():
    error = np.mean((state - window.state.values) ** 2)
    print(f"{name}: cost {float(cost(state, observations)[0]):.1f}, mean squared error {error:.2f}")

# %% [markdown]
# The truth does not have the lowest cost: the minimum also fits the noise. `geodl.baselines.WeakConstraint4DVar` does this for many windows, with $q$ lowered in stages.
#
# ## A plain network
#
# From observations and their mask to states, in one pass, trained on the squared error: then its output tends to the mean of all states that fit. It is trained here for a short while, on windows cut at random from the training trajectory, with fresh noise each time.

# %%
plan = geodl.datasets.prepared_builder("lorenz63", "assimilation_x").builder_config.observations
mirror = (-1, -1, 1)  # the equation does not change under (x, y, z) → (−x, −y, z)
trajectory = geodl.datasets.open_dataset("lorenz63", "assimilation_x", "train").state.values[::100]
windows = geodl.pipelines.observed_windows(trajectory, plan, 200, batch_size=64, mirror=mirror)

network = DirectNetwork(**shape, patch=8, channels=64, dilations=(1, 2, 4), mirror=mirror)
network.build((None, None, 3))
network.adapt(trajectory)
rate = keras.optimizers.schedules.CosineDecay(3e-3, 400)
network.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), WindowLoss(scale=8.5), metrics=[window_mse])
history = network.fit(windows, steps_per_epoch=50, epochs=8, shuffle=False, verbose=0).history
compared["network, trained here"] = assimilation.evaluate(network, "lorenz63", windows=50)
print("mean squared error in training:", ", ".join(f"{mse:.1f}" for mse in history["window_mse"]))

# %% [markdown]
# ## Advanced: 4DVarNet
#
# `lorenz63_direct` is such a network, trained longer on many more windows. `lorenz63_4dvarnet` starts from it and learns both a cost and its solver:
#
# $$ J(\mathbf x) = \alpha_o |\mathbf y - \mathbf x|^2 + \alpha_r |\mathbf x - \varphi(\mathbf x)|^2, \qquad \mathbf x^{(k+1)} = \mathbf x^{(k)} - \frac{1}{k + 1}\, \mathrm{LSTM}(\nabla J(\mathbf x^{(k)}), \mathbf x^{(k)}) $$
#
# Last, its estimate is the first guess of a strong-constraint 4D-Var, which has three unknowns only: the state at the beginning.

# %%
compared["direct network"] = assimilation.evaluate(geodl.zoo.load("lorenz63_direct"), windows=50)
fourdvarnet = geodl.zoo.load("lorenz63_4dvarnet")
compared["4DVarNet"] = assimilation.evaluate(fourdvarnet, windows=50)
refined = StrongConstraint4DVar(Lorenz63(), **shape, first_guess=fourdvarnet, growth=(1.0,), iterations=15).estimate(states)
compared["4DVarNet, then 4D-Var"] = assimilation.evaluate(refined, "lorenz63", windows=50)

# %%
sample = test.isel(sample=slice(50))
estimate = fourdvarnet.predict(sample)
figure = geodl.plotting.assimilation(window, estimate.isel(sample=1))

# %% [markdown]
# ## Comparison

# %%
names = ["mse", "mse_inner", "crps", "seconds_a_window"]
geodl.themes.table(compared)[names]

# %%
drawn = {name: compared[name] for name in ("optimal interpolation", "EnKS", "network, trained here", "4DVarNet")}
figure = geodl.plotting.assimilation_comparison(drawn, test.isel(sample=0), dt=0.01)

# %% [markdown]
# The error is largest at the ends of the window, where nothing was observed. `geodl compare assimilation` scores 500 windows.
#
# ## Exercises
#
# **1 · The cost of observations.** Write $\sum |\mathbf y - \mathbf x|^2 / r$ over what is observed, with a gradient that is finite: a NaN must be gone *before* anything is computed with it. Use `keras.ops`.


# %% tags=["exercise"]
def observation_cost(state, observations, variance):
    """One value a sample, of states and observations (batch, time, component), NaN where missing."""
    return None


# %% tags=["raises-exception"]
value = observation_cost(keras.ops.convert_to_tensor(guess), keras.ops.convert_to_tensor(observations), 2.0)
assert value is not None, "The cell above is not filled."
assert np.shape(value) == (1,), f"One value a sample is expected, shape (1,); found {np.shape(value)}."
wanted = float(ObservationCost(variance=2.0)(guess, observations)[0])
assert abs(float(value[0]) - wanted) < 1e-3 * wanted, f"Expected {wanted:.2f}, found {float(value[0]):.2f}."
slope = geodl.layers.adjoint(lambda x: observation_cost(x, keras.ops.convert_to_tensor(observations), 2.0), guess, np.ones(1))
assert np.isfinite(slope).all(), "The gradient has NaN: replace them in the observations first, then subtract."
print("right")

# %% [markdown]
# **2 · A gradient descent.** Lower the cost $J$ of `window` from `guess` by steps $\mathbf x \leftarrow \mathbf x - \eta \nabla J$; `cost.value_and_gradient(state, observations)` gives both. Put what you find in `descended`; its cost should be less than a fifth of that of `guess`.

# %% tags=["exercise"]
descended = guess

# %% tags=["raises-exception"]
before, after = (float(cost(state, observations)[0]) for state in (guess, descended))
assert np.isfinite(after), "The descent blew up: take smaller steps."
assert after < before / 5, f"The cost should fall below {before / 5:.1f}; it is {after:.1f}."
print(f"right: {before:.1f} → {after:.1f}; L-BFGS in 150 iterations {float(cost(found, observations)[0]):.1f}")
momentum = GradientDescent(cost, iterations=150, step_size=0.01, momentum=0.9)(guess, observations)
print(f"and a descent with momentum {float(cost(momentum, observations)[0]):.1f}")

# %% [markdown]
# **3 · Is the spread honest?** Of an honest estimate, the root mean square of the error equals that of the standard deviation. Put their ratio, spread over error, for `estimate`, what 4DVarNet made of `sample`, in `ratio`.

# %% tags=["exercise"]
ratio = None

# %% tags=["raises-exception"]
assert ratio is not None, "The cell above is not filled."
square = float(((estimate.state - sample.state) ** 2).mean()) / float((estimate.standard_deviation**2).mean())
assert abs(ratio - square**-0.5) < 1e-3, (
    "Another value is expected: root of the mean square of each, over all windows, times and components."
)
print(f"right: {ratio:.2f}; below 1 is too sure, above 1 too cautious")
crps = gaussian_crps(estimate.state.values, estimate.standard_deviation.values, sample.state.values)
print(
    f"CRPS {np.mean(crps):.2f}; without spread it would be the mean error, {float(abs(estimate.state - sample.state).mean()):.2f}"
)
