"""Scores of simulated foraging trips, against those of birds."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import gaussian_kde, ks_2samp

from geodl.metrics.periodogram_score import NEAR, periodogram_score, published_series
from geodl.metrics.scores import Scores, rounded
from geodl.metrics.trip_statistics import NearestTrips, trip_statistics
from geodl.trips import closed_trips

TRIPS = 100  # of a set
CELL, BANDWIDTH = 0.05, 0.3  # of the map: degrees, and of the Gaussian kernel in standard deviations of the positions
STATISTICS = ("step_length", "turning_angle", "duration", "range", "straightness")


def occupancy(ds: xr.Dataset, window: tuple[float, float, float, float]) -> np.ndarray:
    """Density of positions away from the colony, per square degree, on a grid of 0.05°: Gaussian kernels, 0.3 of their spread.

    Args:
        ds: `x`, `y` (m), `lon`, `lat` (trip, step).
        window: west, east, south and north edge of the grid, degrees.

    References:
        Roy et al. (2022), Using generative adversarial networks (GAN) to simulate central-place foraging trajectories,
        Methods in Ecology and Evolution 13.
    """
    west, east, south, north = window
    grid = np.meshgrid(np.arange(west, east, CELL), np.arange(south, north, CELL), indexing="ij")
    far = (np.hypot(ds.x, ds.y) > NEAR).values
    kernel = gaussian_kde(np.stack([ds.lon.values[far], ds.lat.values[far]]), bw_method=BANDWIDTH)
    return kernel(np.stack([axis.ravel() for axis in grid])).reshape(grid[0].shape)


@dataclass
class RealTrips:
    """Real trips that simulated ones are compared with.

    Args:
        train: trips of the birds that a generator learns from.
        held_out: trips of other birds, which no choice has seen.
        every: all trips of the colony.
        scale: that the publication divides positions by, m.
        window: west, east, south and north edge of the map, degrees.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> positions = np.random.default_rng(0).normal(0, 3000, (4, 30, 2))
        >>> ds = trips_dataset(positions, colony=(-77.264, -11.773), step_seconds=60, birds=list("AABB"), lengths=[25] * 4)
        >>> real = RealTrips(ds, ds, ds, scale=5e4, window=(-77.4, -77.2, -11.9, -11.7))
        >>> print(real.series["train"].shape, real.map.shape)
        (4, 30, 2) (5, 5)
    """

    train: xr.Dataset
    held_out: xr.Dataset
    every: xr.Dataset
    scale: float
    window: tuple[float, float, float, float]

    def __post_init__(self):
        self.steps = self.train.sizes["step"]
        self.series = {
            name: published_series(ds, self.scale, self.steps)
            for name, ds in (("train", self.train), ("held_out", self.held_out), ("all", self.every))
        }
        closed = closed_trips(self.train, self.steps)
        self.statistics = trip_statistics(closed, self.train.attrs["step_seconds"])
        self.nearest = NearestTrips(closed, self.train.bird.values)
        self.map = occupancy(self.every, self.window)


@dataclass
class TrajectoryScores(Scores):
    r"""Scores of sets of 100 simulated trips.

    The periodogram score is \(\overline{(\log S / \hat S)^2}\) over frequencies, S the mean periodogram of real trips
    (`geodl.metrics.periodogram_score`). KS is the largest difference of two cumulated distributions, against training birds.
    Σ is the mean squared difference of the densities of positions on a map (`occupancy`), as in the publication.

    Args:
        sets: {score: (set,)}. "periodogram_train", "…_held_out" and "…_all": of the longitude, against trips of the training
            birds, of held-out birds and of all; "…_both": of longitude and latitude; "ks_…": of step length, turning angle,
            duration, range and straightness; "map_distance": Σ against all trips, per degree⁴; "nearest", "nearest_windows",
            "too_close", "diversity": see `geodl.metrics.NearestTrips`.
        trips: simulated ones, of the first set.
        seconds: for a thousand trips.

    References:
        Roy et al. (2022), Using generative adversarial networks (GAN) to simulate central-place foraging trajectories,
        Methods in Ecology and Evolution 13.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> positions = np.random.default_rng(0).normal(0, 3000, (100, 30, 2))
        >>> ds = trips_dataset(positions, colony=(-77.264, -11.773), step_seconds=60, birds=50 * ["A", "B"], lengths=[25] * 100)
        >>> real = RealTrips(ds, ds, ds, scale=5e4, window=(-77.4, -77.2, -11.9, -11.7))
        >>> again = TrajectoryScores.of(ds, real, seconds=0.0).result()
        >>> print(again["periodogram_train"], again["ks_step_length"], again["nearest"])
        [0.0] [0.0] [0.0]
    """

    sets: dict[str, np.ndarray]
    trips: xr.Dataset
    seconds: float

    @classmethod
    def of(cls, simulated: xr.Dataset, real: RealTrips, seconds: float) -> "TrajectoryScores":
        """Scores of simulated trips, in sets of 100.

        Args:
            simulated: `x`, `y`, `lon`, `lat` (trip, step), at least 100 trips.
            real: what they are compared with.
            seconds: for a thousand of them.
        """
        parts = [simulated.isel(trip=slice(i, i + TRIPS)) for i in range(0, simulated.sizes["trip"] - TRIPS + 1, TRIPS)]
        found = [_scores(part, real) for part in parts]
        return cls({name: np.array([scores[name] for scores in found]) for name in found[0]}, parts[0], seconds)

    def result(self) -> dict[str, list[float]]:
        """Means over the sets and their standard deviations, as a card keeps them."""
        means = {name: [rounded(values.mean())] for name, values in self.sets.items()}
        return means | {f"{name}_spread": [rounded(values.std())] for name, values in self.sets.items()}


def _scores(simulated: xr.Dataset, real: RealTrips) -> dict[str, float]:
    series = published_series(simulated, real.scale, real.steps)
    scores = {}
    for name, wanted in real.series.items():
        longitude, latitude = periodogram_score(wanted, series)
        scores |= {f"periodogram_{name}": longitude, f"periodogram_{name}_both": (longitude + latitude) / 2}
    closed = closed_trips(simulated, real.steps)
    statistics = trip_statistics(closed, simulated.attrs["step_seconds"])
    scores |= {f"ks_{name}": ks_2samp(statistics[name], real.statistics[name]).statistic for name in STATISTICS}
    scores["map_distance"] = ((occupancy(simulated, real.window) - real.map) ** 2).mean()
    return scores | real.nearest.scores(closed)
