"""What ecologists measure of foraging trips, and how far trips are from each other."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

SHORTEST = 1.0  # m: what is shorter has no direction
WINDOW = 10  # steps


def trip_statistics(closed: np.ndarray, step_seconds: float) -> dict[str, np.ndarray]:
    r"""Values of steps, of turns and of whole trips.

    Args:
        closed: positions (trip, step + 1, 2) in m from the colony and back to it, NaN after the end, as
            `geodl.trips.closed_trips` gives them.
        step_seconds: time between two of them.

    Returns:
        "step_length" (step,), in m; "turning_angle" (turn,), in radians to the left; "duration" (trip,), in s; "range" (trip,),
        the largest distance from the colony, in m; "straightness" (trip,), twice the range over the length of the path.

    References:
        Benhamou (2004), How to reliably estimate the tortuosity of an animal's path, Journal of Theoretical Biology 229.

    Example:
        >>> there_and_back = np.array([[[0.0, 0], [100, 0], [200, 0], [100, 0], [0, 0], [np.nan, np.nan]]])
        >>> found = trip_statistics(there_and_back, step_seconds=60.0)
        >>> print(found["duration"], found["range"], found["straightness"], abs(found["turning_angle"]).round(2))
        [240.] [200.] [1.] [0.   3.14 0.  ]
    """
    steps = np.diff(closed, axis=1)
    length = np.hypot(steps[..., 0], steps[..., 1])
    before, after = steps[:, :-1], steps[:, 1:]
    cross = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
    turn = np.arctan2(cross, (before * after).sum(axis=-1))
    directed = np.minimum(length[:, :-1], length[:, 1:]) > SHORTEST
    farthest = np.nanmax(np.hypot(closed[..., 0], closed[..., 1]), axis=1)
    return {
        "step_length": length[np.isfinite(length)],
        "turning_angle": turn[directed],
        "duration": np.isfinite(length).sum(axis=1) * step_seconds,
        "range": farthest,
        "straightness": 2 * farthest / np.nansum(length, axis=1),
    }


def trip_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Root mean square over time of the distance, in m, between trips of two sets; a bird that is back stays at the colony.

    Args:
        first: (n, step + 1, 2), as in `trip_statistics`.
        second: (m, step + 1, 2).

    Returns:
        (n, m).

    Example:
        >>> trips = np.array([[[0.0, 0], [300, 400], [0, 0]], [[0.0, 0], [0, 0], [0, 0]]])
        >>> print(trip_distances(trips[:1], trips).round(1))
        [[  0.  288.7]]
    """
    flat = [np.nan_to_num(trips).reshape(len(trips), -1) for trips in (first, second)]
    return cdist(*flat) / np.sqrt(first.shape[1])


def trip_windows(closed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pieces of ten steps of trips, and the number of the trip of each.

    Args:
        closed: (trip, step + 1, 2), as in `trip_statistics`.

    Returns:
        Positions (window, 22), so scaled that the Euclidean distance of two windows is the root mean square over time of
        that of their positions; numbers (window,).
    """
    windows = np.lib.stride_tricks.sliding_window_view(closed, WINDOW + 1, axis=1)  # (trip, start, 2, 11)
    complete = np.isfinite(windows).all(axis=(-1, -2))
    return windows[complete].reshape(-1, 2 * (WINDOW + 1)) / np.sqrt(WINDOW + 1), np.nonzero(complete)[0]


class NearestTrips:
    """How near simulated trips, and pieces of them, come to training trips, beside how near real birds come to each other.

    Args:
        closed: training trips (trip, step + 1, 2), as in `trip_statistics`.
        birds: who made them (trip,); of at least two birds.

    Example:
        >>> closed = np.random.default_rng(0).normal(size=(4, 30, 2))
        >>> scores = NearestTrips(closed, birds=["A", "A", "B", "B"]).scores(closed)
        >>> print({name: round(float(value), 1) for name, value in scores.items()})
        {'nearest': 0.0, 'nearest_windows': 0.0, 'too_close': 1.0, 'diversity': 1.0}
    """

    def __init__(self, closed: np.ndarray, birds: np.ndarray):
        self.closed, birds = closed, np.asarray(birds)
        others = birds[:, None] != birds
        apart = trip_distances(closed, closed)
        self.real = np.where(others, apart, np.inf).min(axis=1)
        self.spread = apart[others].mean()
        windows, trip = trip_windows(closed)
        self.tree = cKDTree(windows) if len(windows) else None
        self.real_windows = [
            cKDTree(windows[birds[trip] != bird]).query(windows[birds[trip] == bird])[0] for bird in np.unique(birds[trip])
        ]

    def scores(self, simulated: np.ndarray) -> dict[str, float]:
        """Scores of simulated trips (n, step + 1, 2).

        Returns:
            "nearest": mean distance to the nearest training trip over the mean of that between real birds;
            "nearest_windows": the same for pieces of ten steps; "too_close": share of trips that are nearer than 5 % of the
            real ones are to another bird's; "diversity": mean distance between simulated trips over that between birds.
        """
        nearest = trip_distances(simulated, self.closed).min(axis=1)
        pairs = np.triu_indices(len(simulated), 1)
        windows = trip_windows(simulated)[0]
        return {
            "nearest": nearest.mean() / self.real.mean(),
            "nearest_windows": self.tree.query(windows)[0].mean() / np.concatenate(self.real_windows).mean(),
            "too_close": (nearest < np.quantile(self.real, 0.05)).mean(),
            "diversity": trip_distances(simulated, simulated)[pairs].mean() / self.spread,
        }
