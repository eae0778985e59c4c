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
# # Fine-tuning a published model on one's own file
#
# A published model was trained somewhere else. Here it is taken to a file of ours in five steps: **open, predict, score, fit, save.**
#
# `cloud_cnn` forecasts the next hour of cloud type from the last six frames, 15 minutes apart. It learned from a winter afternoon over Europe, seen by Meteosat on its own grid. Our file is a winter night over north-west France, on a grid of longitude and latitude (MeteoNet, Météo-France, Etalab Open Licence 2.0). It ships with the package and stands for yours.

# %%
import keras
import numpy as np
import xarray as xr
from matplotlib import pyplot as plt

import geodl
from geodl.baselines import CloudPersistence
from geodl.dynamics import Lorenz63
from geodl.errors import InputError
from geodl.layers import ODEIntegrator
from geodl.metrics import ClassAccuracy, CloudAccuracy, CloudTypeLoss, NowcastScores

keras.utils.set_random_seed(0)

# %% [markdown]
# ## 1 · Open
#
# Any NetCDF file with a variable `CT` (time, lat, lon) or (time, y, x) of NWC SAF GEO codes will do. 0 is no data.

# %%
file = geodl.datasets.find_source("clouds", "CT_NW_2016_sample.nc")
ds = xr.open_dataset(file, mask_and_scale=False).load().sortby("time")
ds["time"] = ds.time.dt.round("min")
print(dict(ds.sizes), "from", str(ds.time.values[0])[:16], "to", str(ds.time.values[-1])[:16])

# %% [markdown]
# ## 2 · Predict
#
# `predict` takes a dataset and gives one back, at the times that follow, on the same coordinates. What it cannot use, it refuses in a sentence. A frame is missing at 01:15; that it can use.

# %%
past = ds.sel(time=ds.time <= np.datetime64("2016-01-01T01:30"))
published = geodl.zoo.load("cloud_cnn")
forecast = published.predict(past)
figure = geodl.plotting.nowcast(ds, forecast, CloudPersistence().predict(past))

# %%
try:
    published.predict(past.isel(time=slice(3)))
except InputError as error:
    print(error)

# %% [markdown]
# ## 3 · Score
#
# **Problem.**
#
# | | |
# |---|---|
# | input | six frames of cloud type, up to two of them missing |
# | output | probabilities of 15 types in the next four frames |
# | data | nine frames of 188 × 261 pixels |
# | splits | in time: training targets up to 02:00; test: the forecast from 02:00, verified at 02:15 |
# | criterion | cross-entropy of type and cloud mask |
# | scores | share of pixels with the right type, and with the right mask |
#
# `pipelines.windows` cuts on the time axis, so that a missing frame leaves a hole and not a jump. No target of the test is seen in training.


# %%
def samples(frames):
    """Past (sample, 6, lat, lon) and future (sample, 4, lat, lon) codes, 0 where a frame is missing."""
    quarter = np.timedelta64(15, "m")
    cut = geodl.pipelines.windows(frames.time.values, past=6, future=4, step=quarter, min_past=4, min_future=1)
    index = np.stack([frames for _, frames in cut])
    codes = np.where((index >= 0)[..., None, None], frames.CT.values[index], 0).astype("uint8")
    return codes[:, :6], codes[:, 6:]


train_past, train_future = samples(ds.isel(time=slice(None, -1)))
test_past, test_future = (part[-1:] for part in samples(ds))
print(len(train_past), "training samples,", len(test_past), "test sample")


def score(model):
    """Share of pixels with the right type, and with the right mask, 15 minutes ahead."""
    scores, fields = NowcastScores(leads=4), model.forward(test_past)
    scores.update(test_future[0], fields["CT"][0], fields["cloud_probability"][0])
    return [scores.result()[name][0] for name in ("class_accuracy", "binary_accuracy")]


table = {"persistence": score(CloudPersistence()), "as published": score(published)}

# %% [markdown]
# ## 4 · Fit
#
# It is a Keras model: `compile` with a small learning rate, and `fit`. For comparison, the same network with random weights and as many steps.

# %%
histories = {}
for name, pretrained in {"from scratch": False, "fine-tuned": True}.items():
    model = geodl.zoo.load("cloud_cnn", pretrained=pretrained)
    model.compile(keras.optimizers.Adam(1e-3), CloudTypeLoss(), metrics=[ClassAccuracy(), CloudAccuracy()])
    histories[name] = model.fit(train_past, train_future, batch_size=1, epochs=6, verbose=0).history["loss"]
    table[name] = score(model)

figure, axis = plt.subplots(figsize=(6, 3))
for name, losses in histories.items():
    axis.plot(np.arange(1, 7), losses, "o-", label=name)
axis.set(xlabel="epoch", ylabel="training loss")
axis.legend()
plt.show()

# %% [markdown]
# **Comparison**, 15 minutes ahead:

# %%
xr.DataArray(list(table.values()), {"approach": list(table), "score": ["right type", "right mask"]}).to_pandas().round(3)

# %% [markdown]
# As published, the model is no better than persistence in the types, on another grid and at another hour; six epochs on five samples change that, and the same six from random weights do not.
#
# ## 5 · Save
#
# `zoo.save` writes configuration and weights into a folder, without pickles; `zoo.load` brings the model back, compiled. The command line takes the folder, too: `geodl predict my_model my_clouds.nc`.

# %%
geodl.zoo.save(model, "my_model")
again = geodl.zoo.load("my_model")
bool((again.predict(past).CT == model.predict(past).CT).all())

# %% [markdown]
# ## Exercises
#
# **1 · Freeze.** With few data one may keep the body as it is and fit the last layer alone. Make `frozen`: the published `cloud_cnn` in which only `output_layer` can be trained, and fit it to the training samples for two epochs.

# %% tags=["exercise"]
frozen = geodl.zoo.load("cloud_cnn")

# %% tags=["raises-exception"]
trained = {id(weight) for weight in frozen.trainable_weights}
assert trained == {id(weight) for weight in frozen.output_layer.weights}, (
    "Only the weights of `output_layer` should be trainable."
)
moved = [not np.array_equal(a, b) for a, b in zip(frozen.get_weights(), published.get_weights(), strict=True)]
assert sum(moved) == 2, f"Two weights should have changed, kernel and bias of the last layer; {sum(moved)} have."
print("right: right type", round(float(score(frozen)[0]), 3))

# %% [markdown]
# **2 · Another system.** `lorenz63_neural_ode` learned Lorenz's system with $\rho = 28$. The file below holds states of one with $\rho = 24.5$. Make `tuned`: the published model, fitted to the pairs `(before, after)`, such that the error of its forecasts on `held_out` is less than a fifth of what it was.

# %%
states = ODEIntegrator(Lorenz63(rho=24.5), 0.01, 6000, save_every=1)(np.float32([[3.0, 3.0, 20.0]]))
xr.Dataset({"state": (("time", "component"), np.array(states)[0, 1000:])}, {"time": 0.01 * np.arange(5000)}).to_netcdf(
    "my_states.nc"
)

mine = xr.open_dataset("my_states.nc").state.values.astype("float64")
windows = np.lib.stride_tricks.sliding_window_view(mine, 12, axis=0).transpose(0, 2, 1)  # eight in the past, four to forecast
before, after = windows[:4000, :8], windows[:4000, 8:]
held_out = windows[4100:, :8], windows[4100:, 8:]
neural_ode = geodl.zoo.load("lorenz63_neural_ode")
error_before = float(np.mean((neural_ode.predict(held_out[0], verbose=0) - held_out[1]) ** 2))

# %% tags=["exercise"]
tuned = geodl.zoo.load("lorenz63_neural_ode")

# %% tags=["raises-exception"]
error_after = float(np.mean((tuned.predict(held_out[0], verbose=0) - held_out[1]) ** 2))
assert error_after < error_before / 5, f"The error should fall below a fifth of {error_before:.2g}; it is {error_after:.2g}."
print(f"right: {error_before:.2g} before, {error_after:.2g} after")
