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
# # Closure: what a coarse grid does not see
#
# A model of the ocean or of the atmosphere cannot resolve every eddy. What the unresolved ones do to the resolved ones must be added: a closure. The smallest equation with this problem is that of Burgers, a velocity that steepens into fronts:
#
# $$ \partial_t u + u\,\partial_x u = \nu\,\partial_x^2 u $$
#
# | | |
# |---|---|
# | input | $u$ on a grid of 25 points, where a front needs 200 |
# | output | the tendency that the coarse solver lacks; with the solver, the trajectory |
# | data | `burgers`, config `course`: walls at both ends, $\nu = 0.001$, simulated on 200 points, every eighth kept |
# | splits | by initial state: Reynolds numbers 100, 300, … 900 for training; 200, 400, 600, 800 for the test; 1000, 1200 beyond it |
# | criterion | a priori: error of the tendency; a posteriori: error of the trajectory, $\overline{\Vert u - u^* \Vert / \Vert u^* \Vert}$ |
# | scores | the latter; errors at the last time, of energy and of spectra; whether the run is stable |

# %%
import keras
import numpy as np
import xarray as xr
from matplotlib import pyplot as plt

import geodl
from geodl.baselines import BurgersDynamicSmagorinsky, BurgersSmagorinsky, DynamicSmagorinskyFlux
from geodl.dynamics import Burgers, NavierStokes3D
from geodl.filters import subgrid_terms
from geodl.fourier_box import regridded
from geodl.layers import SpectralIntegrator, StochasticForcing
from geodl.metrics import RelativeError
from geodl.models import BurgersClosure, BurgersCNN
from geodl.themes import closure

keras.utils.set_random_seed(0)
train, test = (geodl.datasets.open_dataset("burgers", "course", split) for split in ("train", "test"))

coarse = BurgersClosure(Burgers(ends="zero"), None, points=25)
run = test.isel(sample=2)
alone = coarse.rollout(run.isel(time=[0]), steps=125)

figure, axes = plt.subplots(1, 3, figsize=(12, 3), sharey=True, layout="constrained")
for axis, step in zip(axes, (20, 60, 125), strict=True):
    axis.plot(run.x, run.u.isel(time=20 * step), "k-o", markersize=3, label="fine grid, every eighth point")
    axis.plot(run.x, alone.u.isel(time=step - 1), "C3-", label="coarse grid, no closure")
    axis.set(title=f"time {0.02 * step:.1f}", xlabel="x")
axes[0].legend(fontsize=8)
plt.show()

# %% [markdown]
# ## A first approach: none at all
#
# The coarse solver rings where it should have a front. `BurgersClosure` joins a solver and a closure; `closure.evaluate` runs it from each initial state of the test split.

# %%
compared = {"no closure": closure.evaluate(coarse, "burgers")}

# %% [markdown]
# ## Refined: eddy viscosity
#
# Smagorinsky: unresolved eddies act like a viscosity that is larger where the flow is strained,
#
# $$ \tau = -2 (C_s \Delta x)^2\, |\partial_x u|\, \partial_x u $$
#
# with a tendency $-\tfrac12 \partial_x \tau$. Its coefficient is a weight like any other: `unrolled` makes a Keras model of the closed solver, and `fit` tunes $C_s$ on trajectories. The dynamic model reads the coefficient off the smallest resolved scales instead.

# %%
states = geodl.models.burgers_states(train.isel(time=slice(None, None, 20)))  # (run, time, 3, x), 0.02 apart


def tuned(model, horizon, rate, steps):
    """The model after training a posteriori: its error over `horizon` steps, through the solver."""
    batch_size = 32 if horizon < 100 else len(states)
    batches = geodl.pipelines.trajectory_windows(states, states[:, :, 0], horizon, batch_size=batch_size)
    solver = model.unrolled(horizon)
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.1)
    solver.compile(keras.optimizers.Adam(schedule, global_clipnorm=0.1), RelativeError(), jit_compile=True)
    return solver.fit(batches, steps_per_epoch=steps // 10, epochs=10, shuffle=False, verbose=0).history["loss"]


smagorinsky = BurgersClosure(Burgers(ends="zero"), BurgersSmagorinsky(ends="zero"), points=25)
tuned(smagorinsky, horizon=30, rate=0.02, steps=60)
print("coefficient, from 0.16 to", round(float(smagorinsky.closure.coefficient), 2))
compared["Smagorinsky, tuned"] = closure.evaluate(smagorinsky, "burgers")

dynamic = BurgersClosure(Burgers(ends="zero"), BurgersDynamicSmagorinsky(ends="zero"), points=25)
compared["dynamic Smagorinsky"] = closure.evaluate(dynamic, "burgers")

# %% [markdown]
# ## A network, before and through the solver
#
# `BurgersCNN` reads a flux $F_\theta$ off neighbouring points, and its tendency is $-\partial_x F_\theta$: what one cell loses, the next one gains. There are two ways to train it.
#
# **A priori**, on the tendency that the coarse solver lacks on true states. It is plain regression; but nobody tells the network what its own errors lead to.
#
# **A posteriori**, through the solver: on the trajectory, over growing horizons.

# %%
lacking = (train.tendency - Burgers(ends="zero")(train.u.values.reshape(-1, 25)).numpy().reshape(train.u.shape)).values[:, ::20]
a_priori = BurgersCNN(points=25, channels=(16, 16), ends="zero")
a_priori.compile(keras.optimizers.Adam(3e-3), loss="mse")
a_priori.fit(states.reshape(-1, 3, 25), lacking.reshape(-1, 25), batch_size=64, epochs=40, verbose=0)
compared["CNN, a priori"] = closure.evaluate(a_priori, "burgers")

# %%
a_posteriori = BurgersCNN(points=25, channels=(16, 16), ends="zero")
a_posteriori.build((None, 3, 25))
losses = {horizon: tuned(a_posteriori, horizon, rate=5e-3, steps=steps) for horizon, steps in {10: 80, 30: 100}.items()}
compared["CNN, a posteriori"] = closure.evaluate(a_posteriori, "burgers")

plt.figure(figsize=(6, 2.5))
for horizon, loss in losses.items():
    plt.semilogy(loss, "o-", markersize=3, label=f"horizon of {horizon} steps")
plt.legend()
plt.title("error of the trajectory in training")
plt.show()

# %% [markdown]
# ## Advanced: the published closure
#
# `burgers_cnn` is the same, a little wider, trained longer and up to the whole run of 125 steps.

# %%
published = geodl.zoo.load("burgers_cnn")
compared["published"] = closure.evaluate(published, "burgers")
figure = geodl.plotting.burgers_rollout(run.isel(time=[0]), published.rollout(run.isel(time=[0]), steps=125))

# %% [markdown]
# ## Comparison
#
# `relative_mse` is that of the tendency over its variance, a priori; `relative_error` that of the trajectory, a posteriori.

# %%
names = ["relative_mse", "relative_error", "final_error", "spectrum_distance", "stable_time"]
geodl.themes.table(compared)[names]

# %%
figure = closure.figure(compared, "burgers")

# %% [markdown]
# A closure with the better tendency need not have the better trajectory. `geodl compare closure` adds a gradient model and a finite-volume solver.
#
# These flows die out. `StochasticForcing`, white in time, stirs the largest waves, so that fronts come, meet and go for ever, as in the turbulence below. It is a closure, too: what it adds is no part of the equation.

# %%
forcing = StochasticForcing(energy_injection=0.05, dt=0.002)
stirred = SpectralIntegrator(Burgers(viscosity=0.002), dt=0.002, steps=5000, save_every=20, closure=forcing)
flow = np.array(stirred(np.zeros((1, 256), "float32")))[0]
plt.figure(figsize=(8, 2.5))
plt.pcolormesh(0.04 * np.arange(1, 251), np.arange(256) / 256, flow.T, cmap="RdBu_r", rasterized=True)
plt.colorbar(label="u")
plt.xlabel("time")
plt.ylabel("x")
plt.show()

# %% [markdown]
# ## Three dimensions
#
# The same problem, of a scalar that turbulence carries: the coarse grid lacks the divergence of the subgrid flux, $\nabla \cdot (\overline{\mathbf u \theta} - \bar{\mathbf u} \bar\theta)$. A flow is simulated on 48³ points, its first time on 24³, which costs little, and filtered to 12³.

# %%
state = np.random.default_rng(0).normal(size=(1, 4, 6, 6, 6))  # large scales alone
for points, duration in {24: 4.0, 48: 1.0}.items():
    flow = NavierStokes3D(viscosity=0.03, diffusivity=0.03, energy_injection=0.5, variance_injection=0.5)
    integrator = SpectralIntegrator(flow, dt=1 / points, steps=round(duration * points))
    state = np.array(integrator(regridded(state, points).astype("float32")))
terms = subgrid_terms(state, 12)
names = ("u", "v", "w", "scalar")
box = xr.Dataset({name: (("sample", "x", "y", "z"), terms["state"][:, i]) for i, name in enumerate(names)})
box = box.assign_coords({axis: 2 * np.pi * np.arange(12) / 12 for axis in "xyz"})

# %% [markdown]
# Physics does not change if the scalar is counted in other units, nor in a frame that moves. `turbulence_sgtnn` has these symmetries built in: it takes means away from the velocity, and is linear in the scalar. `turbulence_cnn` has the same data and nearly the same layers, and has to learn them.

# %%
changes = {
    "as it is": box,
    "scalar × 10": box.assign(scalar=10 * box.scalar),
    "frame that moves": box.assign({name: box[name] + 1 for name in "uvw"}),
}
closures = {name: geodl.zoo.load(f"turbulence_{name}") for name in ("cnn", "sgtnn")}
closures = {"dynamic Smagorinsky": DynamicSmagorinskyFlux(), **closures}


def correlation(model, ds):
    """Of the closure and the true term."""
    found = model.predict(ds).subgrid_flux_divergence.values
    return np.corrcoef(found.ravel(), terms["subgrid_flux_divergence"].ravel())[0, 1]


found = [[correlation(model, ds) for ds in changes.values()] for model in closures.values()]
xr.DataArray(found, {"correlation": list(closures), "flow": list(changes)}).to_pandas().round(3)

# %%
figure = geodl.plotting.subgrid_flux_map(box, closures["sgtnn"].predict(box))

# %% [markdown]
# `geodl compare closure --case turbulence` scores them on many flows, and runs each of them.
#
# ## Exercises
#
# **1 · Smagorinsky in numpy.** Periodic ends. Take gradients at the faces between a point and the next one, then the difference of the stress of both faces of a point: $-\tfrac12 (\tau_{i+1/2} - \tau_{i-1/2}) / \Delta x$.


# %% tags=["exercise"]
def smagorinsky_tendency(u, spacing, coefficient):
    """Tendency (batch, x) of u (batch, x) by Smagorinsky's stress; `np.roll(u, -1, axis=-1)` is the next point."""
    return None


# %% tags=["raises-exception"]
wave = np.sin(2 * np.pi * np.arange(32) / 32)[None]
value = smagorinsky_tendency(wave, 1 / 32, 0.3)
assert value is not None, "The cell above is not filled."
wanted = np.array(BurgersSmagorinsky(coefficient=0.3)(wave))
assert np.corrcoef(value.ravel(), wanted.ravel())[0, 1] > 0, "It should take energy from the wave: check the sign."
assert np.allclose(value, wanted, atol=1e-4), f"Another value is expected; the ratio is {np.mean(value / wanted):.3f}."
assert abs(value.mean()) < 1e-12, "The mean of u must not change."
print("right")

# %% [markdown]
# **2 · What is lacking.** The fine simulation has 200 points, the coarse grid every eighth. For the state `fine` compute what the coarse tendency lacks of the true one at the 25 points, with `Burgers(ends="zero")` on both grids. At the walls it is zero.

# %%
x = np.arange(200) / 200
fine = (x / (1 + np.exp(400 * (x**2 / 4 - 1 / 16))))[None]

# %% tags=["exercise"]
subgrid = None

# %% tags=["raises-exception"]
assert subgrid is not None, "The cell above is not filled."
subgrid = np.array(subgrid)
assert subgrid.shape == (1, 25), f"One value for each of the 25 points, (1, 25); found {subgrid.shape}."
assert not subgrid[0, [0, -1]].any(), "At both walls the velocity is held at zero, and so is the term."
first = test.isel(sample=1, time=0)
state = np.stack([first.u.values, np.full(25, 1e-3), np.zeros(25)])[None]
known = first.tendency.values - np.array(Burgers(ends="zero")(state))[0, 0]
assert np.allclose(subgrid[0], known, atol=2e-3), (
    "Another value is expected: true tendency at every eighth point, less the coarse one."
)
print("right")

# %% [markdown]
# **3 · A solver without a gradient.** Many models are programs that cannot be differentiated. `BlackBox` takes a step of one, a function of arrays, into a Keras model; for its derivative it takes that of a surrogate, here a layer that does nearly the same. Fit the closure `learned` through `black_box`: put `HybridIntegrator(black_box, learned, dt=0.02, steps=10)` into a Keras model, and fit it to `windows`. The error of the run should fall below nine tenths of that without closure. What if there is no surrogate?

# %%
step = geodl.layers.ODEIntegrator(Burgers(ends="zero"), 0.02, 1)
black_box = geodl.layers.BlackBox(
    lambda u: np.array(step(u)), surrogate=geodl.layers.ODEIntegrator(Burgers(ends="zero"), 0.02, 1)
)
learned = geodl.layers.SubgridNetwork(channels=(16, 16), ends="zero")
u = states[:, :, 0]
windows = geodl.pipelines.trajectory_windows(u, u, horizon=10, batch_size=32)


def run_error(network):
    """Relative error of 125 steps of the solver, corrected by the network, on the test runs."""
    found = geodl.layers.HybridIntegrator(black_box, network, dt=0.02, steps=125)(test.u.values[:, 0])
    return float(RelativeError()(test.u.values[:, 20::20], found))


without = run_error(learned)

# %% tags=["exercise"]
model = None

# %% tags=["raises-exception"]
error = run_error(learned)
assert error < 0.9 * without, f"The error should fall below {0.9 * without:.4f}; it is {error:.4f}."
print(f"right: {without:.4f} → {error:.4f}")
