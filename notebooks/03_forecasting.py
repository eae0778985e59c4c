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
# # Forecasting: a chaotic system, then the wind
#
# Chaos sets a limit to every forecast: an error grows by a factor $e$ in one Lyapunov time, whatever the method. What a method can do is start with a small error. Lorenz's system of 1963 shows it; wind at stations is the case study.
#
# | | |
# |---|---|
# | input | the last states of a trajectory, 0.01 time units apart |
# | output | the states that follow |
# | data | `lorenz63`, config `forecast`: one long trajectory |
# | splits | in time: states 0–12 000 for training, 12 000–15 000 for validation, 15 000–60 000 for the test |
# | criterion | squared error of the next four states |
# | scores | valid prediction time: until the error exceeds 40 % of the standard deviation, in Lyapunov times |

# %%
import keras
import numpy as np
import xarray as xr
from matplotlib import pyplot as plt

import geodl
from geodl.baselines import PolynomialMap, SINDy, StatePersistence, StationPersistence
from geodl.dynamics import Lorenz63
from geodl.layers import ODEIntegrator, TrainableRungeKutta
from geodl.metrics import relative_rmse, valid_prediction_time
from geodl.models import NeuralODE

keras.utils.set_random_seed(0)
training = geodl.datasets.open_dataset("lorenz63", "forecast", "train").state.values.astype("float64")
test = geodl.datasets.open_dataset("lorenz63", "forecast", "test").isel(sample=slice(50))
past, truth = test.isel(time=slice(8)), test.state.values[:, 8:]
deviation, lyapunov_time = truth.std(axis=(0, 1)), 1 / 0.906
shape = {"components": 3, "dt": 0.01}
forecasts = {}

# %% [markdown]
# ## A first approach: nothing changes, or changes linearly
#
# Persistence repeats the last state. A linear map $\mathbf x_{n+1} = W (1, \mathbf x_n)$ is fitted by least squares.
#
# ## Refined: products of the components
#
# The same with products, a quadratic map; and SINDy, which fits a tendency with few terms and integrates it.

# %%
models = {
    "persistence": StatePersistence(**shape),
    "linear map": PolynomialMap(**shape, degree=1).estimate(training),
    "quadratic map": PolynomialMap(**shape, degree=2).estimate(training),
    "SINDy": SINDy(**shape).estimate(training),
}
for name, model in models.items():
    forecasts[name] = model.predict(past, steps=2000).state.values

# %% [markdown]
# ## A neural ODE
#
# A network $f_\theta$ stands for the tendency inside a differentiable integrator, and learns from the error of the forecast:
#
# $$ \mathbf x(t + \Delta t) = \mathbf x(t) + \int_t^{t + \Delta t} f_\theta(\mathbf x)\, dt, \qquad f_\theta: \text{ linear maps, and products of linear maps} $$
#
# Here it is trained for a short while.

# %%
model = NeuralODE(**shape, products=3, horizon=4, dtype="float64")
model.build((None, None, 3))
model.tendency.adapt(training, model.dt)
rate = keras.optimizers.schedules.ExponentialDecay(0.02, 60 * 47, 1e-3)
model.compile(keras.optimizers.Adam(rate, beta_2=0.99, global_clipnorm=1.0), loss="mse", jit_compile=True)
history = model.fit(training[:, :8], training[:, 8:], batch_size=256, epochs=60, verbose=0).history
forecasts["neural ODE, 60 epochs"] = model.predict(past, steps=2000).state.values

plt.figure(figsize=(6, 2.5))
plt.semilogy(np.sqrt(history["loss"]))
plt.xlabel("epoch")
plt.title("RMSE of four steps, training")
plt.show()

# %% [markdown]
# ## Advanced: the published models
#
# `lorenz63_neural_ode` is the same network after 400 epochs; `lorenz63_lstm` a recurrent network that knows nothing of equations.

# %%
for name, published in {"LSTM": "lorenz63_lstm", "neural ODE, published": "lorenz63_neural_ode"}.items():
    forecasts[name] = geodl.zoo.load(published).predict(past, steps=2000).state.values

# %% [markdown]
# ## Comparison

# %%
table = []
for forecast in forecasts.values():
    times = valid_prediction_time(forecast, truth, deviation, dt=0.01 / lyapunov_time)
    table.append([relative_rmse(forecast, truth, deviation)[3], np.median(times), times.min()])
score = ["relative RMSE after 4 steps", "median valid time", "shortest valid time"]
xr.DataArray(table, {"approach": list(forecasts), "score": score}).to_pandas().map("{:.2g}".format)

# %%
figure, (growth, example) = plt.subplots(1, 2, figsize=(13, 4), layout="constrained", width_ratios=(1, 1.5))
times = 0.01 / lyapunov_time * np.arange(1, 2001)
example.plot(times, truth[0, :, 0], "k", linewidth=2, label="truth")
for name, forecast in forecasts.items():
    error = np.median(np.sqrt(np.mean((forecast - truth) ** 2, axis=2) / np.mean(deviation**2)), axis=0)
    (line,) = growth.semilogy(times, np.where(error < 10, error, np.nan), label=name)
    if "ODE" in name or name == "SINDy":
        example.plot(times, forecast[0, :, 0], linewidth=1, color=line.get_color())
growth.semilogy(times, np.minimum(1e-7 * np.exp(times), 1), "k--", linewidth=0.8, label="growth of an error of 1e-7")
growth.axhline(0.4, color="grey", linewidth=0.8)
growth.set(xlabel="Lyapunov times", ylabel="relative error", title="error growth, median of 50 forecasts")
growth.legend(fontsize=7)
example.set(xlabel="Lyapunov times", ylabel="x", title="one forecast (colours as on the left)", ylim=(-25, 25))
plt.show()

# %% [markdown]
# Whatever the method, errors grow with about the slope of the dashed line, that of the equation; what differs is where they start. `geodl compare forecasting --case lorenz63` adds exponents and the shape of the attractor.
#
# ## A learned scheme
#
# If the equation is known, steps can be long, but then the scheme errs. `TrainableRungeKutta` has coefficients that are weights: of all schemes of four stages, it finds one for this equation and this step of 0.1.

# %%
for name, scheme in {"classical": "rk4", "learned": TrainableRungeKutta(stages=4)}.items():
    solver = keras.Sequential([keras.Input((3,)), ODEIntegrator(Lorenz63(), dt=0.1, steps=1, scheme=scheme)])
    solver.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.02, 20 * 47)), loss="mse", jit_compile=True)
    if name == "learned":
        solver.fit(training[:, 0], training[:, 10], batch_size=256, epochs=20, verbose=0)
    error = np.sqrt(np.mean((solver.predict(test.state.values[:, 0], verbose=0) - test.state.values[:, 10]) ** 2))
    print(f"{name} scheme: RMSE of a step {error:.3f}")

# %% [markdown]
# ## The wind at stations
#
# The same plan with real data: eight stations of Beijing, hourly (UCI 501, CC BY 4.0). There is no equation to find; the uncertainty is part of the forecast. `wind_attention` gives the distribution of the speed in the next six hours, from the past of the whole network. It is scored on the last year, which it has not seen.

# %%
wind = geodl.datasets.open_dataset("wind_stations", "beijing", "test")
model = geodl.zoo.load("wind_attention")
forecast = model.predict(wind.isel(time=slice(960)))
figure = geodl.plotting.fan_chart(wind, wind.isel(time=slice(960), station=[1, 2, 3]), forecast)

# %%
errors = {"persistence": [], "attention": []}
for hour in range(800, 8700, 197):
    known = wind.isel(time=slice(hour - 720, hour))
    later = wind.speed.isel(time=slice(hour, hour + 6)).where(wind.distinct > 0)
    for name, forecaster in {"persistence": StationPersistence(), "attention": model}.items():
        errors[name].append((forecaster.predict(known).speed - later).values)
rmse = [np.sqrt(np.nanmean(np.square(each), axis=(0, 2))) for each in errors.values()]
xr.DataArray(rmse, {"RMSE of the speed (m/s)": list(errors), "hours ahead": np.arange(1, 7)}).to_pandas().round(2)

# %% [markdown]
# Forty forecasts only; `geodl compare forecasting --case wind_stations` makes one from every hour of the year, beside regression and analogues.
#
# ## Exercises
#
# **1 · The linear map.** Find $W$ (4, 3) by least squares, such that $(1, \mathbf x_n)\, W \approx \mathbf x_{n+1}$ for the pairs below.

# %%
now, following = training[:, 0], training[:, 1]

# %% tags=["exercise"]
W = None

# %% tags=["raises-exception"]
assert W is not None, "The cell above is not filled."
assert np.shape(W) == (4, 3), f"W should have shape (4, 3); it has {np.shape(W)}."
residual = np.concatenate([np.ones((len(now), 1)), now], axis=1) @ W - following
assert abs(residual.mean()) < 1e-6, "The mean error should be 0: is there a constant term?"
least = np.sqrt(np.mean((forecasts["linear map"][:, 0] - truth[:, 0]) ** 2))
assert np.sqrt(np.mean(residual**2)) < 1.5 * least, "There are better coefficients: solve the least squares problem."
print("right")

# %% [markdown]
# **2 · Valid prediction time.** Write the time of the last step before the error exceeds 40 % of the standard deviation $\sigma$, both root mean squares over components.


# %% tags=["exercise"]
def valid_time(forecast, truth, deviation, dt):
    """Time for which one forecast (time, component) is valid; its first state is one `dt` ahead."""
    return None


# %% tags=["raises-exception"]
constant = valid_time(np.full((5, 3), [[0.0], [0.1], [0.3], [0.9], [0.2]]), np.zeros((5, 3)), np.ones(3), 0.5)
assert constant is not None, "The cell above is not filled."
assert constant == 1.5, f"Errors 0, .1, .3, .9, .2 every 0.5: valid until 1.5 (later returns do not count); found {constant}."
assert valid_time(truth[0], truth[0], deviation, 0.01) == 20, "A perfect forecast is valid to its end."
found = [valid_time(f, t, deviation, 0.01 / lyapunov_time) for f, t in zip(forecasts["SINDy"], truth, strict=True)]
assert np.allclose(found, valid_prediction_time(forecasts["SINDy"], truth, deviation, 0.01 / lyapunov_time)), (
    "Other times for SINDy."
)
print("right")

# %% [markdown]
# **3 · Any Keras model is a tendency.** Put a plain network, without products, in an `ODEIntegrator`, and fit it to the pairs `(starts, nexts)`. Make `neural`, a Keras model from states (batch, 3) to the states 0.01 later, whose error is less than a fifth of that of persistence. Hint: normalise, by `keras.layers.Rescaling`.

# %%
starts, nexts = training[:, 8].astype("float32"), training[:, 9].astype("float32")
unchanged = float(np.sqrt(np.mean((starts - nexts) ** 2)))

# %% tags=["exercise"]
neural = keras.Sequential([keras.Input((3,)), keras.layers.Identity()])

# %% tags=["raises-exception"]
error = float(np.sqrt(np.mean((neural.predict(starts, verbose=0) - nexts) ** 2)))
assert error < unchanged / 5, f"The error should be below {unchanged / 5:.3f}; it is {error:.3f}."
assert any(isinstance(layer, ODEIntegrator) for layer in neural.layers), "The network should be inside an ODEIntegrator."
print(f"right: {error:.4f} instead of {unchanged:.4f}")
