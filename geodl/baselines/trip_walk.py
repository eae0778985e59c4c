"""What all walks of central-place foragers share: how long a trip lasts, where it heads, and how it comes back."""

import numpy as np
import xarray as xr
from scipy import stats

from geodl.errors import check_fitted
from geodl.metrics.trip_statistics import trip_statistics
from geodl.trips import closed_trips, colony_of, trips_dataset

SHORTEST = 3  # steps of a trip


class TripWalk:
    """A generator of trips that is fitted to some: `estimate(ds)`, then `sample(n, seed)`.

    Subclasses define `learn(closed)` and `simulate(durations, random)`: numbers of steps (trip,) → positions
    (trip, step + 1, 2), m, of which what comes after the end is ignored.
    """

    theme = "trajectories"
    colony = None

    def estimate(self, ds: xr.Dataset) -> "TripWalk":
        """Takes all it needs from trips (trip, step), as `geodl.trips.trips_dataset` makes them.

        Raises:
            InputError: the colony is not told, or a trip has no position.
        """
        self.colony, self.step_seconds = colony_of(ds), ds.attrs["step_seconds"]
        closed = closed_trips(ds)
        self.steps = closed.shape[1] - 1
        number = np.isfinite(closed[..., 0]).sum(axis=1) - 1
        self.log_duration = np.log(number).mean(), np.log(number).std()
        distance = np.nan_to_num(np.hypot(closed[..., 0], closed[..., 1]))
        far = closed[np.arange(len(closed)), distance.argmax(axis=1)]
        self.bearing = stats.vonmises.fit(np.arctan2(far[:, 1], far[:, 0]), fscale=1)[:2]  # κ, mean
        self.speed = trip_statistics(closed, self.step_seconds)["step_length"].mean()
        self.learn(closed)
        return self

    def sample(self, n: int, seed: int = 0) -> xr.Dataset:
        """Simulated trips (trip, step), as `geodl.trips.trips_dataset` makes them, from the colony and back to it.

        Raises:
            InputError: `estimate` was not called before.
        """
        check_fitted(self, self.colony is not None)
        random = np.random.default_rng(seed)
        positions, durations = self.draw(n, random)
        trips = np.full((n, self.steps + 1, 2), np.nan)
        trips[:, : positions.shape[1]] = positions
        return trips_dataset(trips, self.colony, self.step_seconds, lengths=durations + 1)

    def draw(self, n: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Positions (n, step + 1, 2), m, and numbers of steps (n,), log-normal."""
        durations = np.exp(random.normal(*self.log_duration, size=n)).round().astype(int)
        durations = np.clip(durations, SHORTEST, self.steps)
        return self.simulate(durations, random), durations

    def learn(self, closed: np.ndarray) -> None:
        """Parameters of the walk from trips (trip, step + 1, 2), NaN after their end."""
        raise NotImplementedError(f"{type(self).__name__} does not define `learn`.")

    def simulate(self, durations: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Positions (trip, step + 1, 2) of trips of so many steps."""
        raise NotImplementedError(f"{type(self).__name__} does not define `simulate`.")


def steps_and_turns(closed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lengths, at least 1 m, and turning angles (trip, step) of the second step and those after it, NaN after the end."""
    steps = np.diff(closed, axis=1)
    length = np.hypot(steps[..., 0], steps[..., 1])
    heading = np.arctan2(steps[..., 1], steps[..., 0])
    turn = (np.diff(heading, axis=1) + np.pi) % (2 * np.pi) - np.pi
    return np.maximum(length[:, 1:], 1.0), turn


def returning_walk(durations, bearing, speed, draw, random: np.random.Generator) -> np.ndarray:
    r"""Walks whose turns are biased to the colony, the more so the less time is left.

    The direction is that of \((1 - w) \mathbf u + w \mathbf h\), u the heading after the turn, h the way home and
    \(w = \min(1, d / v \tau)^2\), with the distance d from the colony, the mean speed v and the time τ left; at the end of the
    trip the bird is home.

    Args:
        durations: numbers of steps (trip,).
        bearing: κ and mean of the von Mises law of the first headings.
        speed: v, metres a step.
        draw: number of the step → lengths, m, and turns (trip,) of each trip.
        random: of the bearings.

    Returns:
        (trip, step + 1, 2), m.
    """
    count, steps = len(durations), int(durations.max())
    positions = np.zeros((count, steps + 1, 2))
    heading = random.vonmises(bearing[1], bearing[0], size=count)
    for step in range(steps):
        here, left = positions[:, step], durations - step
        distance = np.hypot(here[:, 0], here[:, 1])
        length, turn = draw(step)
        weight = np.minimum(distance / (speed * np.maximum(left, 1)), 1)[:, None] ** 2
        home = -here / np.maximum(distance, 1e-9)[:, None]
        ahead = (1 - weight) * np.stack([np.cos(heading + turn), np.sin(heading + turn)], axis=-1) + weight * home
        heading = np.arctan2(ahead[:, 1], ahead[:, 0])
        moved = here + length[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        positions[:, step + 1] = np.where((left > 1)[:, None], moved, 0)
    return positions
