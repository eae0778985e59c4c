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
# # Differentiable physics in Keras
#
# An equation of motion is a Keras layer, and so is its integrator. So forecasts have gradients: with respect to where they start, and with respect to the parameters of the equation, which `fit` then finds from data.
#
# Four steps: **an equation, an integrator, a gradient, a fit.**

# %%
import keras
import numpy as np
import xarray as xr
from keras import ops
from matplotlib import pyplot as plt

from geodl.dynamics import Dynamics, Lorenz63
from geodl.layers import SCHEMES, AdaptiveODEIntegrator, ODEIntegrator, tangent_linear
from geodl.metrics import kaplan_yorke_dimension, lyapunov_spectrum

keras.utils.set_random_seed(0)

# %% [markdown]
# ## 1 · An equation
#
# `Dynamics` is a layer that maps a state to its tendency, $\dot{\mathbf x} = f(\mathbf x; \theta)$. The pendulum, with angle $a$ and angular speed $s$:
#
# $$ \dot a = s, \qquad \dot s = -\omega^2 \sin a - \gamma\, s $$
#
# A subclass names its parameters with their usual values, and defines `call`.


# %%
class Pendulum(Dynamics):
    parameters = {"frequency": 2.0, "damping": 0.2}
    components = 2

    def call(self, state):
        angle, speed = ops.unstack(state, 2, axis=-1)
        return ops.stack([speed, -(self.frequency**2) * ops.sin(angle) - self.damping * speed], axis=-1)


np.array(Pendulum()(np.float32([[np.pi / 2, 0.0]])))

# %% [markdown]
# The library has the equations of the course: `Lorenz63`, `Lorenz96`, `Burgers` and others, in `geodl.dynamics`.
#
# ## 2 · An integrator
#
# `ODEIntegrator` takes any such layer over `steps` steps of `dt`. A good scheme matters: Euler's method, $\mathbf x_{n+1} = \mathbf x_n + \Delta t\, f(\mathbf x_n)$, feeds the pendulum with energy that it should lose; the classical Runge–Kutta scheme of fourth order does not, with the same step.

# %%
start, dt, steps = np.float32([[3.0, 0.0]]), 0.1, 150
figure, axis = plt.subplots(figsize=(9, 3))
for scheme in ("euler", "heun", "rk4"):
    trajectory = ODEIntegrator(Pendulum(), dt, steps, scheme=scheme, save_every=1)(start)
    axis.plot(dt * np.arange(1, steps + 1), trajectory[0, :, 0], label=scheme)
axis.set(xlabel="time", ylabel="angle (radians)", title=f"the same pendulum, the same step of {dt}")
axis.legend()
plt.show()

# %% [markdown]
# `AdaptiveODEIntegrator` chooses its steps itself, so that the error of each stays below a tolerance. Next to it, how far the last state of each of the `SCHEMES` is off:

# %%
reference = AdaptiveODEIntegrator(Pendulum(), rtol=1e-6)(start, times=[dt * steps])[:, 0]
final = {scheme: ODEIntegrator(Pendulum(), dt, steps, scheme=scheme)(start) for scheme in SCHEMES}
{scheme: float(ops.norm(state - reference)) for scheme, state in final.items()}

# %% [markdown]
# ## 3 · A gradient
#
# Lorenz's system of 1963 is the smallest model of an unpredictable atmosphere:
#
# $$ \dot x = \sigma (y - x), \quad \dot y = x (\rho - z) - y, \quad \dot z = x y - \beta z $$
#
# The integrator is differentiable. So $\delta\mathbf x(t) = \frac{\partial \mathbf x(t)}{\partial \mathbf x(0)}\, \delta\mathbf x(0)$, how a small error grows, needs no second run: `tangent_linear` gives it exactly.

# %%
integrator = ODEIntegrator(Lorenz63(), dt=0.01, steps=2000, save_every=1)
start, error = np.float32([[8.0, 0.0, 30.0]]), np.float32([[1e-3, 0.0, 0.0]])
trajectory = np.array(integrator(start))[0]
difference = np.linalg.norm(np.array(integrator(start + error))[0] - trajectory, axis=-1)
derivative = np.linalg.norm(np.array(tangent_linear(integrator, start, error))[0], axis=-1)

figure, (attractor, growth) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
attractor.plot(trajectory[:, 0], trajectory[:, 2], linewidth=0.8)
attractor.set(xlabel="x", ylabel="z", title="the attractor")
times = 0.01 * np.arange(1, 2001)
growth.semilogy(times, derivative, label="derivative of the integrator")
growth.semilogy(times, difference, label="difference of two runs")
growth.semilogy(times, 1e-3 * np.exp(0.906 * times), "k--", linewidth=0.8, label="exp(0.906 t), the Lyapunov exponent")
growth.set(xlabel="time", ylabel="size of the error", title="how an error of 0.001 grows")
growth.legend()
plt.show()

# %% [markdown]
# The two agree until the difference is as large as the attractor; the derivative goes on growing. That is why a forecast is trained on short horizons.
#
# A system of three components has three exponents, one of them 0, that along the trajectory. From them follows how many dimensions the attractor fills, a little more than a surface:

# %%
exponents = lyapunov_spectrum(ODEIntegrator(Lorenz63(), dt=0.01, steps=1), trajectory[500::100], dt=0.01, steps=5000)
print("exponents", exponents.round(2), "dimension", round(kaplan_yorke_dimension(exponents), 2))

# %% [markdown]
# ## 4 · A fit
#
# **Problem.** Someone has observed a Lorenz system whose parameters are unknown.
#
# | | |
# |---|---|
# | input | states $(x, y, z)$, noise of standard deviation 0.3 |
# | output | the parameters $\sigma, \rho, \beta$ |
# | data | 2000 observed states, 0.1 time units apart |
# | splits | the first 1500 states for the fit, the last 500 to choose |
# | criterion | squared error of the forecast |
# | score | error of the parameters |

# %%
truth = {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3}
states = np.array(ODEIntegrator(Lorenz63(), dt=0.01, steps=20_000, save_every=10)(np.float32([[8.0, 0.0, 30.0]])))[0]
observed = states + np.random.default_rng(0).normal(0, 0.3, states.shape).astype("float32")
training, validation = observed[:1500], observed[1500:]

# %% [markdown]
# **First approach: differences.** Take $\Delta \mathbf x / \Delta t$ for the tendency, and solve for the parameters by least squares. The equation is linear in each of them.

# %%
middle, tendency = training[1:-1], (training[2:] - training[:-2]) / 0.2
x, y, z = middle.T
found = {
    "differences": {
        "sigma": np.sum(tendency[:, 0] * (y - x)) / np.sum((y - x) ** 2),
        "rho": np.sum((tendency[:, 1] + y + x * z) * x) / np.sum(x**2),
        "beta": np.sum((x * y - tendency[:, 2]) * z) / np.sum(z**2),
    }
}

# %% [markdown]
# **Refined: through the integrator.** An integrator with `estimated` parameters is a Keras model. It starts from an observed state, and its error at the next observation has a gradient with respect to the parameters.
#
# **Advanced: several observations ahead.** With a longer horizon, errors of the parameters add up in time and weigh more. But so does the error of the state from which the forecast starts: the best horizon is neither the shortest nor the longest.


# %%
def fitted_parameters(horizon):
    """Parameters that forecast the next `horizon` observations best."""
    dynamics = Lorenz63(sigma=8.0, rho=25.0, beta=2.0, estimated=["sigma", "rho", "beta"])
    model = keras.Sequential([keras.Input((3,)), ODEIntegrator(dynamics, dt=0.01, steps=10 * horizon, save_every=10)])
    rate = keras.optimizers.schedules.CosineDecay(0.2, decay_steps=96)
    model.compile(keras.optimizers.Adam(rate), loss="mse", jit_compile=True)
    windows = [np.lib.stride_tricks.sliding_window_view(series, horizon + 1, axis=0) for series in (training, validation)]
    (start, later), known = ((w[..., 0], np.swapaxes(w[..., 1:], 1, 2)) for w in windows)
    history = model.fit(start, later, batch_size=128, epochs=8, validation_data=known, verbose=0)
    return {name: float(getattr(dynamics, name)) for name in truth}, history.history["val_loss"]


figure, axis = plt.subplots(figsize=(6, 3))
for name, horizon in {"one observation ahead": 1, "three observations ahead": 3}.items():
    found[name], losses = fitted_parameters(horizon)
    axis.semilogy(np.sqrt(losses), "o-", markersize=3, label=name)
axis.set(xlabel="epoch", ylabel="RMSE of the forecast", title="on the validation split")
axis.legend()
plt.show()

# %% [markdown]
# **Comparison.** How far each parameter is from the truth, in percent:

# %%
errors = [[100 * abs(parameters[name] / truth[name] - 1) for name in truth] for parameters in found.values()]
xr.DataArray(errors, {"approach": list(found), "error in percent": list(truth)}).to_pandas().round(2)

# %% [markdown]
# ## Exercises
#
# Fill the cell, then run the check below it. An error says what is wrong; `right` says that you are done.
#
# **1 · A scheme of your own.** Heun's scheme averages the tendency now and the one at the end of an Euler step:
#
# $$ \mathbf x_{n+1} = \mathbf x_n + \tfrac{\Delta t}{2} \big( f(\mathbf x_n) + f(\mathbf x_n + \Delta t\, f(\mathbf x_n)) \big) $$


# %% tags=["exercise"]
def heun_step(dynamics, state, dt):
    """State after one step of Heun's scheme; `dynamics(state)` is the tendency."""
    return None


# %% tags=["raises-exception"]
error_after_one = {}
for dt in (0.1, 0.05):
    state = heun_step(lambda x: -x, np.ones(1), dt)
    assert state is not None, "The cell above is not filled."
    error_after_one[dt] = abs(float(state[0]) - np.exp(-dt))
assert error_after_one[0.1] < 1e-3, (
    f"One step of 0.1 of x' = -x should be within 0.001 of exp(-0.1): {error_after_one[0.1]:.4f}."
)
assert 7 < error_after_one[0.1] / error_after_one[0.05] < 9, (
    "With half of the step, the error of one step should be 8 times less."
)
expected = np.array(ODEIntegrator(Lorenz63(), 0.01, 1, scheme="heun")(start))
assert np.allclose(np.array(heun_step(Lorenz63(), start, 0.01)), expected, atol=1e-4), (
    "Lorenz-63 should move as with ODEIntegrator."
)
print("right")

# %% [markdown]
# **2 · An equation of your own.** Prey $p$ and predators $q$, after Lotka and Volterra: $\dot p = \alpha p - \beta p q$ and $\dot q = \delta p q - \gamma q$. Write it as a `Dynamics` with the parameters `alpha`, `beta`, `gamma`, `delta`, of usual values 1.1, 0.4, 0.4 and 0.1.


# %% tags=["exercise"]
class LotkaVolterra(Dynamics):
    parameters = {}
    components = 2

    def call(self, state):
        return 0 * state


# %% tags=["raises-exception"]
expected = {"alpha": 1.1, "beta": 0.4, "gamma": 0.4, "delta": 0.1}
assert LotkaVolterra.parameters == expected, f"`parameters` should be {expected}."
tendency = np.array(LotkaVolterra()(np.float32([[10.0, 5.0]])))
assert np.allclose(tendency, [[-9.0, 3.0]], atol=1e-4), f"At (10, 5) the tendency should be (-9, 3); it is {tendency[0]}."
cycle = np.array(ODEIntegrator(LotkaVolterra(), 0.05, 1200, save_every=1)(np.float32([[10.0, 5.0]])))[0]
invariant = 0.1 * cycle[:, 0] - 0.4 * np.log(cycle[:, 0]) + 0.4 * cycle[:, 1] - 1.1 * np.log(cycle[:, 1])
assert np.ptp(invariant) < 1e-2, "Along a trajectory, δp − γ log p + βq − α log q should not change."
plt.figure(figsize=(9, 2.5))
plt.plot(0.05 * np.arange(1, 1201), cycle, label=["prey", "predators"])
plt.legend()
print("right")

# %% [markdown]
# **3 · A fit of your own.** `swings` are the states of a pendulum every 0.1 time units. Find its `frequency` and `damping`: fit a `Pendulum` with estimated parameters, and put it in `pendulum`.

# %%
unknown = Pendulum(frequency=1.7, damping=0.35)
swings = np.array(ODEIntegrator(unknown, 0.05, 400, save_every=2)(np.float32([[2.0, 0.0], [0.5, 1.0]])))

# %% tags=["exercise"]
pendulum = Pendulum(estimated=["frequency", "damping"])

# %% tags=["raises-exception"]
for name in ("frequency", "damping"):
    value, wanted = float(getattr(pendulum, name)), float(getattr(unknown, name))
    assert abs(value / wanted - 1) < 0.05, f"The {name} should be within 5 % of {wanted:.3g}; it is {value:.3g}."
print("right")
