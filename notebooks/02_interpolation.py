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
# # Space–time interpolation: what is under the clouds?
#
# A satellite sees the sediment in coastal water where there is no cloud. What does the sea look like elsewhere?
#
# | | |
# |---|---|
# | input | daily fields of suspended sediment $\mathbf y$ (g m⁻³), with noise, NaN under clouds and on land |
# | output | the field $\mathbf x$ on the whole sea, and its standard deviation |
# | data | `sediments`, config `osse_short`: 60 days of a simulated sea of 64 × 64 pixels under simulated clouds |
# | splits | in time: days 0–40 to learn from, days 45–60 for the test |
# | criterion | squared error of $\log_{10} \mathbf x$ |
# | scores | RMSE in gaps and where observed, CRPS, share of the truth within the interval of 90 % |
#
# A concentration is log-normal, so all is done on logarithms. The simulation is an equation like the others, `geodl.dynamics.SedimentTransport`.

# %%
import keras
import numpy as np
from matplotlib import pyplot as plt

import geodl
from geodl.baselines import FieldClimatology, OptimalInterpolation
from geodl.metrics import InterpolationScores

keras.utils.set_random_seed(0)
train, test = (geodl.datasets.open_dataset("sediments", "osse_short", split) for split in ("train", "test"))

figure, axes = plt.subplots(2, 4, figsize=(13, 6), layout="constrained", sharex=True, sharey=True)
for (above, below), day in zip(axes.T, (0, 4, 8, 12), strict=True):
    image = np.log10(test.truth[day]).plot(ax=above, vmin=-0.5, vmax=2, add_colorbar=False)
    np.log10(test.SPM[day]).plot(ax=below, vmin=-0.5, vmax=2, add_colorbar=False)
    above.set_title(f"truth, day {day}")
    below.set_title(f"observed: {float(test.SPM[day].notnull().sum() / test.mask.sum()):.0%} of the sea")
figure.colorbar(image, ax=axes, label="log10 of g m⁻³")
plt.show()

# %% [markdown]
# ## A first approach: climatology, and a straight line in time
#
# The mean of each pixel over the training days; or the anomaly of a pixel interpolated between the days on which it was seen.

# %%
observed = np.isfinite(test.SPM.values)
compared = {}


def score(found):
    """Scores of a dataset like those that `predict` returns."""
    deviation = found.SPM_standard_deviation.values if "SPM_standard_deviation" in found else None
    return InterpolationScores.of(found.SPM.values, deviation, test.truth.values, observed, logarithmic=True, seconds=0.0)


for name, interpolate in {"climatology": False, "line in time": True}.items():
    model = FieldClimatology(interpolate=interpolate).estimate(train)
    compared[name] = score(model.predict(test[["SPM", "mask"]]))

# %% [markdown]
# ## Refined: optimal interpolation
#
# The best linear estimate of the anomaly, given covariances in space and time that are fitted to the training days:
#
# $$ \hat{\mathbf x} = \mathbf x_b + B H^\top (H B H^\top + R)^{-1} (\mathbf y - H \mathbf x_b) $$
#
# It knows its own error. It was published in 1965 and is still what one has to beat.

# %%
interpolation = OptimalInterpolation().estimate(train)
compared["optimal interpolation"] = score(interpolation.predict(test[["SPM", "mask"]]))

# %% [markdown]
# ## A plain network
#
# Anomalies of three days, 0 where missing, and their masks; two convolutional layers at a quarter of the resolution; the anomaly of the middle day. Each training day appears under the clouds of other days.

# %%
truth = np.log10(train.truth.values)
noise = float(np.nanvar(np.log10(train.SPM.values) - truth))
mean = np.log10(train.truth).mean("time").fillna(0).values
sea, scale = test.mask.values == 1, float(np.nanstd(truth))


def features(series):
    """Anomalies and masks of a day and its neighbours (day, y, x, 6) of observations (day, y, x), NaN where missing."""
    seen = np.isfinite(series)
    anomalies = np.where(seen, (np.nan_to_num(series) - mean) / scale, 0)
    padded = [np.pad(part, ((1, 1), (0, 0), (0, 0))) for part in (anomalies, seen)]
    return np.stack([part[shift : shift + len(series)] for part in padded for shift in range(3)], axis=-1).astype("float32")


seen = np.isfinite(train.SPM.values)
noisy = truth + np.sqrt(noise) * np.random.default_rng(0).standard_normal(truth.shape)
inputs = np.concatenate([features(np.where(np.roll(seen, shift, axis=0), noisy, np.nan)) for shift in range(0, 40, 2)])
targets = np.tile(np.where(sea, (np.nan_to_num(truth) - mean) / scale, 0)[..., None], (20, 1, 1, 1)).astype("float32")

network = keras.Sequential(
    [
        keras.Input((64, 64, 6)),
        keras.layers.Conv2D(48, 4, strides=4, activation="relu"),
        keras.layers.Conv2D(48, 5, padding="same", activation="relu"),
        keras.layers.Conv2D(48, 5, padding="same", activation="relu"),
        keras.layers.Conv2DTranspose(1, 4, strides=4),
    ]
)
network.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, 250)), loss="mse")
network.fit(inputs, targets, batch_size=16, epochs=5, verbose=0)

found = np.where(sea, mean + scale * network.predict(features(np.log10(test.SPM.values)), verbose=0)[..., 0], np.nan)
compared["plain network"] = score(test[["SPM"]].copy(data={"SPM": 10.0**found}))

# %% [markdown]
# ## Advanced: a network that corrects the best linear estimate
#
# `sediment_unet` starts from an optimal interpolation $\mathbf x_l \pm \sigma_l$ in the space of orthogonal functions, learned from 6000 days of other weather over the same sea, and corrects it: $\hat{\mathbf x} = \mathbf x_l + \sigma_l\, f_\theta$. It is trained on the squared error and, for its standard deviation, on the CRPS.

# %%
published = geodl.zoo.load("sediment_unet")
found = published.predict(test[["SPM", "mask"]])
compared["U-Net"] = score(found)
figure = geodl.plotting.interpolation(test.SPM, found.SPM, found.SPM_standard_deviation)

# %% [markdown]
# ## Comparison

# %%
names = ["rmse_gaps", "rmse_observed", "r2_gaps", "crps", "coverage"]
geodl.themes.table(compared)[names].round(3)

# %%
figure = geodl.plotting.interpolation_comparison(compared, test, "SPM", day=7)

# %% [markdown]
# The U-Net has seen more days than the other approaches. `geodl compare interpolation` gives all of them 6000 days, adds DINEOF, reduced-space interpolation and 4DVarNet, and tests on 100 days.
#
# ## Exercises
#
# **1 · A score that ignores what it should.** Write the RMSE of $\log_{10}$ over the pixels of sea that were *not* observed. The truth is NaN on land.


# %% tags=["exercise"]
def rmse_in_gaps(estimate, truth, observed):
    """RMSE of log10 in gaps; estimate and truth (time, y, x) in g m-3, observed (time, y, x) True where seen."""
    return None


# %% tags=["raises-exception"]
found_rmse = rmse_in_gaps(found.SPM.values, test.truth.values, observed)
assert found_rmse is not None, "The cell above is not filled."
assert np.isfinite(found_rmse), "NaN: leave out the land."
assert abs(found_rmse - compared["U-Net"].rmse_gaps) < 1e-4, (
    f"Expected {compared['U-Net'].rmse_gaps:.4f}, found {found_rmse:.4f}."
)
assert rmse_in_gaps(np.full((1, 1, 2), 10.0), np.array([[[1.0, 10.0]]]), np.array([[[False, True]]])) == 1, (
    "What is seen must not count."
)
print("right")

# %% [markdown]
# **2 · The best linear estimate.** Write the equation of optimal interpolation above, with its covariance $A = B - B H^\top (H B H^\top + R)^{-1} H B$.


# %% tags=["exercise"]
def analysis(background, B, H, R, observations):
    """Estimate (state,) and covariance (state, state) given a background (state,) and observations (observation,)."""
    return None, None


# %% tags=["raises-exception"]
B, H = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[1.0, 0.0]])
estimate, covariance = analysis(np.zeros(2), B, H, np.array([[2.0]]), np.array([4.0]))
assert estimate is not None, "The cell above is not filled."
assert np.allclose(estimate, [2, 1]), (
    f"Background 0, variance 2, one observation of 4 with variance 2: (2, 1) expected, found {estimate}."
)
assert np.allclose(covariance, [[1.0, 0.5], [0.5, 1.75]]), (
    f"The covariance should be [[1, .5], [.5, 1.75]]; it is {covariance.tolist()}."
)
places = np.arange(60)
B = np.exp(-np.abs(places[:, None] - places) / 10.0)
line, A = analysis(np.zeros(60), B, np.eye(60)[[10, 20, 45]], 0.01 * np.eye(3), np.array([1.0, -0.5, 0.8]))
plt.figure(figsize=(8, 2.5))
plt.fill_between(places, line - 2 * np.sqrt(np.diag(A)), line + 2 * np.sqrt(np.diag(A)), alpha=0.2)
plt.plot(places, line)
plt.plot([10, 20, 45], [1.0, -0.5, 0.8], "ko")
print("right")

# %% [markdown]
# **3 · Can the interval be trusted?** Put in `inside` the share of the truth in gaps that lies within the interval of 90 % of the U-Net, $\pm 1.645\, \sigma$ of $\log_{10}$.

# %% tags=["exercise"]
inside = None

# %% tags=["raises-exception"]
assert inside is not None, "The cell above is not filled."
assert 0 < inside < 1, f"A share is between 0 and 1; found {inside}."
assert abs(inside - compared["U-Net"].coverage) < 1e-3, f"Expected {compared['U-Net'].coverage:.3f}, found {inside:.3f}."
print("right")
