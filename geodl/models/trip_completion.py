"""Gaps of a trip filled by pieces of simulated trips, chosen by what is known around them and bent to the fixes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

ANALOGUES = 50  # pieces of simulated trips that may fill a gap
WINDOWS = 30_000  # pieces that are looked through
LAG = 20  # most steps between the fixes beside a gap that a velocity is taken from
REACH = 0.95  # share of simulated trips that are no farther away than a fix may be for a trip to begin at the colony


@dataclass(frozen=True)
class Filling:
    """What may fill a gap.

    Args:
        steps: of the trip, those without a position.
        positions: (piece, step), complex, m.
        weight: (piece,), their sum is one.
    """

    steps: slice
    positions: np.ndarray
    weight: np.ndarray


class TripCompletion:
    r"""The distribution of the positions in a gap, given the fixes: importance sampling from simulated trips, with a bridge.

    A gap of k steps between the fixes a and b has the features f: the mean velocity \((b - a) / k\), and the velocities
    before and behind it, where there are fixes near enough. Pieces q of k steps of simulated trips have them too. Each is
    turned by the angle that brings its features closest to those of the gap, weighted by
    \(\exp(-|f - c f_q|^2 / 2 h^2)\), and bent so that it meets both fixes:

    $$ p_j = a + c\, q_j + \frac{j}{k} (b - a - c\, q_k), \quad c = e^{i \alpha} $$

    Positions are complex numbers, east + i north. Where the first or the last steps of a trip are missing, the colony counts as
    a fix one step before or behind it, unless the nearest fix is farther away than 95 % of the simulated trips get in as many
    steps: then the trip is a piece of a longer one, and the gap meets one fix only.

    Args:
        library: simulated trips, each (step, 2), m from the colony.

    References:
        Lall and Sharma (1996), A nearest neighbor bootstrap for resampling hydrologic time series, Water Resources Research 32.

    Example:
        >>> straight = np.stack([100.0 * np.arange(30), np.zeros(30)], axis=-1)
        >>> trip = np.array([[0.0, 100], [0, 200], [np.nan, np.nan], [0, 400], [0, 500]])
        >>> print(TripCompletion([straight]).mean(trip)[0][2].round())
        [  0. 300.]
    """

    def __init__(self, library: list[np.ndarray]):
        apart = np.full(1, np.nan + 0j)  # so that no piece belongs to two trips
        self.library = np.concatenate([part for trip in library for part in (apart, _complex(trip))] + [apart])
        self.missing = np.cumsum(np.isnan(self.library))
        self.reach = _reach(library), _reach([trip[::-1] for trip in library])

    def draw(self, trip: np.ndarray, members: int, random: np.random.Generator) -> np.ndarray:
        """Simulations (member, step, 2) of a trip (step, 2) that is NaN in its gaps and infinite after its end."""
        filled = np.tile(_complex(trip), (members, 1))
        for gap in self.fillings(trip):
            filled[:, gap.steps] = gap.positions[random.choice(len(gap.weight), members, p=gap.weight)]
        return _real(filled)

    def mean(self, trip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (step, 2) and standard deviation (step,) of the positions of a trip (step, 2), NaN after its end.

        The deviation is NaN in a gap that is longer than any simulated trip, too.
        """
        filled = _complex(trip)
        deviation = np.where(np.isfinite(filled), 0.0, np.nan)
        for gap in self.fillings(trip):
            filled[gap.steps] = mean = gap.weight @ gap.positions
            if len(gap.weight) > 1:
                deviation[gap.steps] = np.sqrt(gap.weight @ np.abs(gap.positions - mean) ** 2)
        return _real(filled), deviation

    def fillings(self, trip: np.ndarray) -> Iterator[Filling]:
        """What may fill each gap of a trip (step, 2)."""
        z = self._with_colony(_complex(trip)[~np.isinf(trip[:, 0])])
        fixes = np.flatnonzero(np.isfinite(z[1:-1])) + 1
        ends = np.concatenate([[0], fixes, [len(z) - 1]])
        for number, (a, b) in enumerate(pairwise(ends)):
            if b - a > 1:
                # Velocities are between fixes: when in a step a bird leaves the colony is not known.
                lead = a - ends[number - 1] if number > 1 else 0
                lag = ends[number + 2] - b if number < len(ends) - 3 else 0
                lead, lag = (steps if steps <= LAG else 0 for steps in (lead, lag))
                yield Filling(slice(a, b - 1), *self._pieces(z, a, b, lead, lag))

    def _with_colony(self, z: np.ndarray) -> np.ndarray:
        """The trip with a step before and one behind it: at the colony if the nearest fix is in reach, or else NaN."""
        fixes = np.flatnonzero(np.isfinite(z))
        steps = fixes[0] + 1, len(z) - fixes[-1]
        ends = [
            0 if abs(z[fix]) <= reach[min(count, len(reach) - 1)] else np.nan
            for fix, count, reach in zip(fixes[[0, -1]], steps, self.reach, strict=True)
        ]
        return np.concatenate([ends[:1], z, ends[1:]])

    def _pieces(self, z: np.ndarray, a: int, b: int, lead: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions (piece, step) between the steps a and b, one of which is known at least, and weights."""
        k = b - a
        pieces, weight = self._analogues(z, a, b, lead, lag)
        start = z[a] if np.isfinite(z[a]) else z[b] - pieces[:, -1:]
        end = z[b] if np.isfinite(z[b]) else z[a] + pieces[:, -1:]
        share = np.arange(1, k) / k
        return start + pieces[:, 1:-1] + share * (end - start - pieces[:, -1:]), weight

    def _analogues(self, z: np.ndarray, a: int, b: int, lead: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
        """Turned pieces (piece, step) of simulated trips, and weights, by fixes `lead` steps before a and `lag` behind b."""
        k = b - a
        starts = self._starts(k, lead, lag)
        if not len(starts):  # a gap longer than any simulated trip
            return np.zeros((1, k + 1)), np.ones(1)
        bridge = k if np.isfinite(z[[a, b]]).all() else 0
        ends = [(k, bridge, np.sqrt(k)), (0, lead, 1.0), (k + lag, lag, 1.0)]  # last step, number of steps, weight
        ends = [end for end in ends if end[1]]
        weight = np.array([end[2] for end in ends])
        wanted = np.array([_velocity(z, a + last, steps) for last, steps, _ in ends])
        found = np.array([_velocity(self.library, starts + last, steps) for last, steps, _ in ends]).reshape(-1, len(starts))
        angle = np.exp(1j * np.angle((weight * wanted) @ np.conj(found)))
        misfit = weight @ np.abs(wanted[:, None] - angle * found) ** 2
        best = np.argsort(misfit)[:ANALOGUES]
        likelihood = np.exp(-misfit[best] / (2 * np.median(misfit[best]) + 1e-9))
        pieces = self.library[starts[best, None] + np.arange(k + 1)]
        return angle[best, None] * (pieces - pieces[:, :1]), likelihood / likelihood.sum()

    def _starts(self, k: int, lead: int, lag: int) -> np.ndarray:
        """Where pieces of k steps start, of which `lead` steps before and `lag` steps behind are known too."""
        starts = np.arange(lead + 1, len(self.library) - k - lag)
        starts = starts[self.missing[starts + k + lag] == self.missing[starts - lead - 1]]
        # A gap is like any other place on a trip: some will do, and equally likely ones are from all trips.
        return np.random.default_rng(0).permutation(starts)[:WINDOWS]


def _reach(trips: list[np.ndarray]) -> np.ndarray:
    """How far from the colony, m, most trips that start there have been after each number of steps."""
    distance = np.zeros((len(trips), max(map(len, trips))))
    for target, trip in zip(distance, trips, strict=True):
        target[: len(trip)] = np.nan_to_num(np.hypot(*trip.T))
    return np.quantile(np.maximum.accumulate(distance, axis=1), REACH, axis=0)


def _velocity(z: np.ndarray, last, steps: int) -> np.ndarray:
    return (z[last] - z[last - steps]) / steps


def _complex(trip: np.ndarray) -> np.ndarray:
    z = np.empty(len(trip), complex)  # not a sum, which is not a number where positions are infinite
    z.real, z.imag = trip.T
    return z


def _real(z: np.ndarray) -> np.ndarray:
    return np.stack([z.real, z.imag], axis=-1)
