"""Gaps of a trip filled by pieces of simulated trips, chosen by what is known about them and bent to the fixes on both sides."""

from dataclasses import dataclass

import numpy as np

ANALOGUES = 50  # pieces of simulated trips that may fill a gap
WINDOWS = 30000  # pieces that are looked through
LAG = 3  # most steps over which the velocity beside a gap is taken


@dataclass(frozen=True)
class Pieces:
    """Pieces of simulated trips that fill one gap.

    Args:
        positions: (piece, step + 1), complex, m: from the fix before the gap to that behind it.
        weight: (piece,), their sum is one.
    """

    positions: np.ndarray
    weight: np.ndarray


class TripCompletion:
    r"""The distribution of the positions in a gap, given the fixes: importance sampling with a bridge.

    A gap of k steps from fix \(a\) to fix \(b\) has the features \(f\): velocity before it, mean velocity
    \((b - a) / k\), velocity behind it. Pieces \(q\) of k steps of simulated trips have them too; each is turned by the angle
    that brings its features closest, weighted by \(\exp(-|f - f_q|^2 / 2 h^2)\), and bent to end at both fixes:

    $$ p_j = a + c\, q_j + \frac{j}{k} (b - a - c\, q_k), \quad c = e^{i \alpha} $$

    Positions are complex numbers, east + i north.

    Args:
        library: simulated trips, each (step, 2), metres from the colony, which they start from and end at.

    References:
        Lall and Sharma (1996), A nearest neighbor bootstrap for resampling hydrologic time series, Water Resources Research 32.
    """

    def __init__(self, library: list[np.ndarray]):
        apart = np.full(LAG + 1, np.nan + 0j)
        self.library = np.concatenate([part for trip in library for part in (apart, trip[:, 0] + 1j * trip[:, 1])] + [apart])

    def draw(self, trip: np.ndarray, members: int, random: np.random.Generator) -> np.ndarray:
        """Simulations (member, step, 2) of a trip (step, 2), NaN in its gaps and infinite after its end."""
        filled = np.tile(trip[:, 0] + 1j * trip[:, 1], (members, 1))
        for first, last, inside, pieces in self._gaps(trip):
            chosen = random.choice(len(pieces.weight), members, p=pieces.weight)
            filled[:, first:last] = pieces.positions[chosen][:, inside]
        return _real(filled)

    def mean(self, trip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean (step, 2) and standard deviation (step,) of the positions of a trip (step, 2)."""
        filled = trip[:, 0] + 1j * trip[:, 1]
        deviation = np.where(np.isfinite(filled), 0.0, np.nan)
        for first, last, inside, pieces in self._gaps(trip):
            mean = pieces.weight @ pieces.positions
            filled[first:last] = mean[inside]
            deviation[first:last] = np.sqrt(pieces.weight @ np.abs(pieces.positions - mean) ** 2)[inside]
        return _real(filled), deviation

    def _gaps(self, trip: np.ndarray):
        """For each gap: its steps, as a range and as a slice of the pieces that fill it, and these."""
        # The colony is there one step before the trip and one behind it.
        z = trip[:, 0] + 1j * trip[:, 1]
        z = np.concatenate([[0], z[~np.isinf(trip[:, 0])], [0]])
        fixes = np.flatnonzero(np.isfinite(z))
        for place, (a, b) in enumerate(zip(fixes[:-1], fixes[1:], strict=True)):
            if b - a > 1:
                before, behind = fixes[max(place - 1, 0)], fixes[min(place + 2, len(fixes) - 1)]
                pieces = self.pieces(z, (before, a, b, behind))
                yield a, b - 1, slice(1, b - a), pieces

    def pieces(self, z: np.ndarray, fixes: tuple[int, int, int, int]) -> Pieces:
        """What may fill the gap between the second and the third of four fixes, which are indices of the positions z."""
        before, a, b, behind = fixes
        k, lead, lag = b - a, min(a - before, LAG), min(behind - b, LAG)
        starts = self._starts(k, lead, lag)
        velocity = lambda z, at, steps: (z[at] - z[at - steps]) / steps  # noqa: E731
        known = [velocity(z, b, k)]
        found = [velocity(self.library, starts + k, k)]
        weights = [k**0.5]
        if 0 < a - before <= LAG:
            known.append(velocity(z, a, lead)), found.append(velocity(self.library, starts, lead)), weights.append(1)
        if 0 < behind - b <= LAG:
            (
                known.append(velocity(z, behind, lag)),
                found.append(velocity(self.library, starts + k + lag, lag)),
                weights.append(1),
            )
        known, found, weights = np.array(known), np.array(found), np.array(weights)
        turn = weights * known @ np.conj(found)
        turn = np.where(np.abs(turn) > 0, turn / np.maximum(np.abs(turn), 1e-12), 1)
        misfit = weights @ np.abs(known[:, None] - turn * found) ** 2
        best = np.argsort(misfit)[:ANALOGUES]
        scale = max(np.median(misfit[best]), 1e-12)
        weight = np.exp(-misfit[best] / (2 * scale))
        steps = np.arange(k + 1)
        shape = turn[best, None] * (self.library[starts[best, None] + steps] - self.library[starts[best]][:, None])
        bent = z[a] + shape + steps / k * (z[b] - z[a] - shape[:, -1:])
        return Pieces(bent, weight / weight.sum())

    def _starts(self, k: int, lead: int, lag: int) -> np.ndarray:
        """Where pieces of k steps start whose surroundings are known too."""
        finite = np.isfinite(self.library)
        missing = np.cumsum(~finite)
        starts = np.arange(lead + 1, len(self.library) - k - lag)
        starts = starts[missing[starts + k + lag] == missing[starts - lead - 1]]
        return starts[:: -(-len(starts) // WINDOWS)] if len(starts) > WINDOWS else starts


def _real(z: np.ndarray) -> np.ndarray:
    return np.stack([z.real, z.imag], axis=-1)
