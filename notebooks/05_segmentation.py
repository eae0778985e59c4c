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
# # Segmentation: which pixels will be cloudy in an hour?
#
# A satellite sees cloud types every quarter of an hour. Clouds move, grow and vanish. What will they be in the next hour?
#
# | | |
# |---|---|
# | input | six frames of cloud type (NWC SAF GEO codes 1–15; 0 is no data), 15 minutes apart |
# | output | probabilities of the types in the next four frames; cloud cover is codes 5–15 |
# | data | `clouds`, config `meteonet_sample`: two hours over north-west France (MeteoNet, Météo-France, Etalab Open Licence 2.0) |
# | splits | here by place, as there are two hours only: west of 1.9° W for training, east of it for the test |
# | criterion | cross-entropy of the type and of the cloud mask |
# | scores | by lead time: accuracy of mask and type, CSI, Brier score |

# %%
import keras
import numpy as np
from matplotlib import pyplot as plt

import geodl
from geodl import cloud_types
from geodl.baselines import CloudPersistence, SmoothedFlow
from geodl.layers import LucasKanade
from geodl.metrics import ClassAccuracy, CloudTypeLoss, NowcastScores
from geodl.models import CloudCNN

keras.utils.set_random_seed(0)
ds = geodl.datasets.open_dataset("clouds", "meteonet_sample", "train")
border = ds.sizes["lon"] // 2
west, east = ds.isel(lon=slice(border)), ds.isel(lon=slice(border, None))
print(dict(ds.sizes), "border at", round(float(ds.lon[border]), 2))

codes, counts = np.unique(ds.CT.values[ds.CT.values > 0], return_counts=True)
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
axis.barh([cloud_types.MEANINGS[code].replace("_", " ") for code in codes], counts / counts.sum())
axis.tick_params(labelsize=7)
axis.set_title("share of the pixels of each type")
plt.show()

# %% [markdown]
# ## A first approach: nothing moves
#
# Persistence repeats the last frame. It is surely wrong, and hard to beat for a quarter of an hour.

# %%
compared, forecasts = {}, {}
past, future = east.CT.values[:, :6], east.CT.values[:, 6:]


def score(model):
    """Scores by lead time of a model on the test half, over all pixels that have data."""
    fields, scores = model.forward(past), NowcastScores(leads=4)
    for known, types, probability in zip(future, fields["CT"], fields["cloud_probability"], strict=True):
        scores.update(known, types, probability)
    return scores, fields


compared["persistence"], forecasts["persistence"] = score(CloudPersistence())

# %% [markdown]
# ## Refined: clouds move
#
# Lucas and Kanade find the motion $\mathbf v$ that best explains all frames, a layer like any other. Then each pixel takes the type from where it came, $\hat c_\tau(\mathbf x) = c_0(\mathbf x - \tau \mathbf v)$. `SmoothedFlow` does so and blurs the result more at longer lead times: an uncertain position turns a type into probabilities.

# %%
cloudy = (ds.CT.values[-1:, :6, :184, :256] >= cloud_types.FIRST_CLOUDY).astype("float32")
known = (ds.CT.values[-1:, :6, :184, :256] > 0).astype("float32")
flow = np.array(LucasKanade(window=16.0, ridge=0.1)(cloudy[..., None], known))[0]

figure, axis = plt.subplots(figsize=(8, 5))
axis.imshow(cloudy[0, -1], cmap="Blues_r", alpha=0.6)
rows, columns = np.mgrid[8:184:16, 8:256:16]
axis.quiver(columns, rows, flow[rows, columns, 1], flow[rows, columns, 0], angles="xy", scale_units="xy", scale=0.5, color="C3")
axis.set(title="cloud (white), and its motion in half an hour", xlabel="pixels", ylabel="pixels")
plt.show()

# %%
compared["smoothed flow"], forecasts["smoothed flow"] = score(SmoothedFlow())

# %% [markdown]
# ## A plain network
#
# Five convolutions from six frames to four, trained on the western half. It has to find out about motion by itself.

# %%
pairs = west.CT.values[:, :6], west.CT.values[:, 6:]
network = CloudCNN(filters=24)
network.build((None, 6, None, None))
network.compile(keras.optimizers.Adam(3e-3), CloudTypeLoss(), metrics=[ClassAccuracy()])
history = network.fit(*pairs, batch_size=1, epochs=40, verbose=0).history
compared["CNN, trained here"], forecasts["CNN, trained here"] = score(network)
print("accuracy of the type in training:", ", ".join(f"{value:.2f}" for value in history["class_accuracy"][::10]))

# %% [markdown]
# ## Advanced: a network in the moving frame of the clouds
#
# `cloud_unet` computes the motion of high and of low clouds, carries the frames along with it, and lets a U-Net correct what advection misses. It was trained on another day, another grid and the whole of Europe.

# %%
unet = geodl.zoo.load("cloud_unet")
compared["U-Net"], forecasts["U-Net"] = score(unet)

# %%
sample = east.isel(sample=-1)
sample = sample.assign_coords(time=sample.reference_time + sample.time)
known = sample.isel(time=slice(6))
observed = sample.isel(time=sample.CT.any(["lat", "lon"]))
figure = geodl.plotting.nowcast(observed, unet.predict(known), CloudPersistence().predict(known))

# %% [markdown]
# ## Comparison
#
# Means over the lead times that the file can verify:

# %%
names = ["binary_accuracy", "csi", "class_accuracy", "brier"]
geodl.themes.table(compared).groupby("approach", sort=False)[names].mean().round(3)

# %%
figure = geodl.plotting.nowcast_scores(compared)

# %% [markdown]
# The plain network has seen three samples only, and it shows. Two hours of one night say little about other nights; `geodl compare segmentation` scores the same approaches, and OpenCV's optical flow, on a scene over Europe.
#
# ## Exercises
#
# **1 · The critical success index.** Hits over hits, misses and false alarms of cloud cover, over the pixels where both observation and forecast have data.


# %% tags=["exercise"]
def csi(observed, forecast):
    """CSI of codes (…); 0 is no data, 1–4 clear, 5–15 cloudy."""
    return None


# %% tags=["raises-exception"]
value = csi(np.array([5, 6, 1, 2, 15, 0]), np.array([8, 1, 7, 1, 5, 9]))
assert value is not None, "The cell above is not filled."
assert value == 0.5, f"Two hits, one miss, one false alarm, and a pixel without data: 0.5; found {value}."
found = csi(future[:, 0], forecasts["persistence"]["CT"][:, 0])
assert abs(found - compared["persistence"].by_lead_time()["csi"][0]) < 1e-6, "Another value is expected for persistence."
print("right")

# %% [markdown]
# **2 · Carry along.** With `geodl.layers.Warp`, $J(\mathbf x) = I(\mathbf x + \mathbf d(\mathbf x))$, make the image after `steps` steps of a flow in pixels a step. Mind the sign.


# %% tags=["exercise"]
def advected(image, flow, steps):
    """Image (batch, y, x, channel) carried along by a flow (batch, y, x, 2) for so many steps."""
    return image


# %% tags=["raises-exception"]
image = np.zeros((1, 8, 12, 1), "float32")
image[0, 4, 3] = 1
east_wind = np.broadcast_to(np.float32([0, 2]), (1, 8, 12, 2))
found = np.argwhere(np.array(advected(image, east_wind, 3))[0, :, :, 0] == 1).tolist()
assert found == [[4, 9]], f"Three steps of two pixels take the pixel from column 3 to column 9; it is at {found}."
print("right")

# %% [markdown]
# **3 · Probabilities.** The Brier score is the mean squared error of the probability of cloud. Persistence is always sure; how much better is it if it is not? Find a constant $s$ such that $p = 1 - s$ where the last frame is cloudy and $p = s$ elsewhere has the lowest Brier score at +60 minutes, and put it in `doubt`.

# %%
last, later = past[:, 5], future[:, 3]
both = (last > 0) & (later > 0)
cloudy_before, cloudy_after = last[both] >= 5, later[both] >= 5

# %% tags=["exercise"]
doubt = 0.0

# %% tags=["raises-exception"]
brier = lambda s: np.mean((np.where(cloudy_before, 1 - s, s) - cloudy_after) ** 2)  # noqa: E731
best = min(np.linspace(0, 0.5, 101), key=brier)
assert abs(doubt - best) < 0.01, f"With {doubt:.2f} the score is {brier(doubt):.4f}; {brier(best):.4f} can be reached."
print(f"right: {brier(0):.4f} without doubt, {brier(doubt):.4f} with {doubt:.2f}, the share of pixels that change")
