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
# # Trajectories: trips that no bird has made
#
# A seabird leaves its colony, looks for food, and returns. What would other birds of the colony do? A generator answers with trips, not with one trip; it must be like the birds without repeating them.
#
# | | |
# |---|---|
# | input | noise, and how many trips |
# | output | trips: positions at regular times, which start and end at the colony |
# | data | a table of tracks, as a logger gives it; here of birds that this notebook makes up |
# | splits | by bird, never by trip: a bird has habits |
# | criterion | likelihood of each next step |
# | scores | spectrum of held-out birds, distributions of steps and turns, distance to training trips (is it a copy?) |
#
# Tracks of real birds do not ship with the package. With a table of your own, put its path in `read_trips` below: columns bird or trip, lon, lat and datetime, or those of Movebank.

# %%
import keras
import numpy as np
from matplotlib import pyplot as plt

import geodl
from geodl.baselines import CorrelatedWalk, HiddenMarkovWalk, TripBootstrap
from geodl.metrics import NearestTrips, RealTrips, StepLikelihood, TrajectoryScores, trip_statistics
from geodl.models import TrajectoryMDN
from geodl.track_cutting import read_trips
from geodl.trips import bird_splits, closed_trips, unproject

keras.utils.set_random_seed(0)

# %% [markdown]
# The birds of this notebook fly out, search in a narrow place with slow and winding steps, and fly home. Each has a direction that it prefers.

# %%
random, colony = np.random.default_rng(0), (-77.264, -11.773)
lines = ["bird,trip,datetime,lon,lat"]
for bird in range(20):
    habit = random.normal(-2.6, 0.5)
    for trip in range(4):
        heading, position, path = habit + random.normal(0, 0.2), np.zeros(2), [np.zeros(2)]
        out, search = random.integers(15, 30), random.integers(10, 30)
        for step in range(out + search):
            searching = step >= out
            heading += random.normal(0, 0.9 if searching else 0.12)
            position = position + random.gamma(*(3, 70) if searching else (30, 24)) * np.array(
                [np.cos(heading), np.sin(heading)]
            )
            path.append(position)
        while np.hypot(*position) > 900:
            heading = np.arctan2(*-position[::-1]) + random.normal(0, 0.12)
            position = position + random.gamma(30, 24) * np.array([np.cos(heading), np.sin(heading)])
            path.append(position)
        times = (
            np.datetime64("2020-01-01T06:00")
            + np.timedelta64(1, "D") * trip
            + np.arange(len(path) + 1) * np.timedelta64(1, "m")
        )
        lon, lat = unproject(*np.transpose([*path, np.zeros(2)]), colony)
        lines += [f"b{bird},b{bird}_T{trip},{when},{x:.6f},{y:.6f}" for when, x, y in zip(times, lon, lat, strict=True)]
with open("tracks.csv", "w") as file:
    file.write("\n".join(lines))

trips = read_trips("tracks.csv", colony=colony, step_seconds=60)
birds = bird_splits(trips.bird.values)
train, test = (trips.isel(trip=np.isin(trips.bird.values, birds[split])) for split in ("train", "test"))
print(
    {split: len(names) for split, names in birds.items()},
    "birds;",
    trips.sizes["trip"],
    "trips of up to",
    trips.sizes["step"],
    "minutes",
)

# %%
figure = geodl.plotting.trip_map(train)

# %% [markdown]
# ## A first approach: a correlated walk
#
# Steps have a gamma distribution, turns a von Mises distribution, and the way home pulls the more the less time is left.
#
# ## Refined: a bird has moods
#
# A hidden Markov model switches between ways of moving, each with steps and turns of its own. This is what ecologists use.

# %%
real = RealTrips(train, test, trips, scale=5e4, window=(-77.6, -76.9, -12.2, -11.5))
compared = {}
for name, walk in {"correlated walk": CorrelatedWalk(), "hidden Markov walk": HiddenMarkovWalk(iterations=30)}.items():
    compared[name] = TrajectoryScores.of(walk.estimate(train).sample(300), real, seconds=0.0)

# %% [markdown]
# ## A network: the distribution of the next step
#
# A mixture-density network reads the trip so far, and gives the parameters of a mixture of distributions of the next step's length $\ell$ and turn $\theta$:
#
# $$ p(\ell, \theta \mid \text{past}) = \sum_k w_k\, p_k(\ell)\, q_k(\theta) $$
#
# It is trained on the likelihood of the steps of the training birds, each trip turned and stretched a little at random. To simulate, steps are drawn one by one; a bird never flies farther than it can return from.

# %%
network = TrajectoryMDN(*colony, step_seconds=60, steps=trips.sizes["step"] + 1, members=2, width=48)
network.adapt(train)
rate = keras.optimizers.schedules.CosineDecay(5e-3, 300)
network.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3, global_clipnorm=1.0), StepLikelihood(), jit_compile=True)
history = network.fit(network.training_data(train, batch_size=16), epochs=100, verbose=0).history
simulated = network.sample(300)
compared["network, trained here"] = TrajectoryScores.of(simulated, real, seconds=0.0)
figure = geodl.plotting.trip_map(simulated, train)

# %% [markdown]
# ## Advanced: the published generators
#
# `seabird_mdn_peru` is such a network, and `seabird_gan_peru` a generative adversarial one, which turns noise into a whole trip and is judged by a critic. Both learned from boobies of Peru (Roy et al. 2022). They can be sampled as they are.

# %%
gan = geodl.zoo.load("seabird_gan_peru")
figure = geodl.plotting.trip_map(gan.sample(40, seed=1))

# %% [markdown]
# Our birds are others. `adapt` gives a model our colony, time step and scales, `fit` goes on from the published weights, and `calibrate` matches the lengths of simulated steps to those of our birds, by their ranks.

# %%
published = geodl.zoo.load("seabird_mdn_peru")
published.adapt(train)
rate = keras.optimizers.schedules.CosineDecay(2e-3, 150)
published.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3, global_clipnorm=1.0), StepLikelihood(), jit_compile=True)
published.fit(published.training_data(train, batch_size=16), epochs=50, verbose=0)
published.calibrate(train)
compared["published, fine-tuned"] = TrajectoryScores.of(published.sample(300), real, seconds=0.0)

# %% [markdown]
# ## Comparison
#
# The control repeats training trips. Its scores are good, and it has made nothing up: its distance to the training trips is 0. A generator should be near 1, as birds are to each other.

# %%
compared["control: training trips"] = TrajectoryScores.of(TripBootstrap().estimate(train).sample(300), real, seconds=0.0)
names = ["periodogram_held_out", "ks_step_length", "ks_turning_angle", "map_distance", "nearest"]
geodl.themes.table(compared)[names].round(3)

# %%
figure = geodl.plotting.trip_comparison({name: compared[name] for name in list(compared)[:-1]}, train, scale=5e4)

# %% [markdown]
# The peak of the first network's step lengths is the speed at which a late bird flies home; the other one is calibrated.
#
# ## A gap in a trip
#
# A logger fails for twenty minutes. `complete` fills the gap with pieces of simulated trips that fit to what is known on both sides.

# %%
gap = slice(20, 40)
gappy = test.isel(trip=[0]).copy(deep=True)
gappy["x"][:, gap], gappy["y"][:, gap] = np.nan, np.nan
filled = network.complete(gappy)
figure = geodl.plotting.completed_trips(gappy, filled)
figure.axes[0].plot(test.lon[0, gap], test.lat[0, gap], "C3.", label="truth in the gap")
figure.axes[0].legend()
plt.show()

# %% [markdown]
# ## Exercises
#
# **1 · Turns.** Compute the turning angles of a path, in $(-\pi, \pi]$, positive to the left.


# %% tags=["exercise"]
def turning_angles(path):
    """Angles (step - 1,) between the steps of a path (step + 1, 2), in radians."""
    return None


# %% tags=["raises-exception"]
square = np.array([[0.0, 0], [100, 0], [100, 100], [0, 100], [0, 0]])
angles = turning_angles(square)
assert angles is not None, "The cell above is not filled."
assert np.shape(angles) == (3,), f"Four steps have three turns; found {np.shape(angles)}."
assert np.allclose(angles, np.pi / 2), f"A square to the left turns by π/2 at each corner; found {angles}."
assert np.allclose(turning_angles(square[::-1]), -np.pi / 2), "The same path backwards turns to the right."
path = closed_trips(train)[0]
path = path[np.isfinite(path[:, 0])]
known = trip_statistics(path[None], 60)["turning_angle"]
assert np.allclose(turning_angles(path), known), "Angles of a trip differ: keep them within (-π, π]."
print("right")

# %% [markdown]
# **2 · There and back.** A random walk does not come home. Bend it: take from each position its share of the last one, $p_k - \frac{k}{n} p_n$. Make `n` steps with normal lengths east and north of standard deviation `size`, so bent.


# %% tags=["exercise"]
def bridge(n, size, random):
    """Positions (n + 1, 2) of a random walk that starts and ends at zero."""
    return None


# %% tags=["raises-exception"]
bent = bridge(100, 50.0, np.random.default_rng(0))
assert bent is not None, "The cell above is not filled."
assert bent.shape == (101, 2), f"100 steps have 101 positions; found {bent.shape}."
assert np.allclose(bent[[0, -1]], 0), "It should start and end at zero."
middle = np.std([bridge(100, 50.0, np.random.default_rng(seed))[50] for seed in range(500)])
assert 225 < middle < 275, f"In the middle, the standard deviation should be about 50 √100 / 2 = 250; it is {middle:.0f}."
plt.figure(figsize=(3, 3))
plt.plot(*bent.T)
print("right")

# %% [markdown]
# **3 · A copy?** Write the mean distance of simulated trips to the nearest training trip; the distance of two trips is the root mean square, over time, of that of their positions. Trips are arrays without NaN, a bird that is back stays at zero.


# %% tags=["exercise"]
def nearest_distance(simulated, training):
    """Mean over simulated trips (n, step, 2) of the distance, in m, to the nearest training trip (m, step, 2)."""
    return None


# %% tags=["raises-exception"]
mine, theirs = (np.nan_to_num(closed_trips(ds, trips.sizes["step"] + 1)) for ds in (simulated, train))
value = nearest_distance(mine[:50], theirs)
assert value is not None, "The cell above is not filled."
assert nearest_distance(theirs[:5], theirs) == 0, "A training trip is at distance 0 of itself."
apart = nearest_distance(np.zeros((1, 2, 2)), np.full((1, 2, 2), [[[3.0, 4.0], [0.0, 0.0]]]))
assert np.isclose(apart, np.sqrt(12.5)), f"Distances of 5 and 0 give √12.5 = 3.54; found {apart:.2f}."
scores = NearestTrips(closed_trips(train, trips.sizes["step"] + 1), train.bird.values)
assert np.isclose(
    value / scores.real.mean(), scores.scores(closed_trips(simulated, trips.sizes["step"] + 1)[:50])["nearest"]
), "Another value is expected."
print(f"right: {value:.0f} m, and {scores.real.mean():.0f} m between birds")
