"""A bird that switches between ways of moving: it travels, searches, or rests."""

import numpy as np
from scipy import special, stats

from geodl.baselines.trip_walk import TripWalk, returning_walk, steps_and_turns

LARGEST_CONCENTRATION = 500.0


class HiddenMarkovWalk(TripWalk):
    r"""A hidden Markov model of steps and turns, with a bias to the colony.

    In each state steps have a gamma law and turns a von Mises law about zero; states follow a Markov chain. It is fitted by
    expectation maximisation (Baum and Welch), from states that split the steps by length.

    Args:
        states: number of them.
        iterations: of the fit.

    References:
        Morales et al. (2004), Extracting more out of relocation data: building movement models as mixtures of random walks,
        Ecology 85; McClintock and Michelot (2018), momentuHMM: R package for generalized hidden Markov models of animal
        movement, Methods in Ecology and Evolution 9.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> time = np.linspace(0, np.pi, 30)
        >>> trips = np.stack([np.stack([1e4 * np.sin(time), a * np.sin(2 * time)], axis=-1) for a in (1e3, 2e3, 3e3)])
        >>> walk = HiddenMarkovWalk().estimate(trips_dataset(trips, colony=(-77.3, -11.8), step_seconds=60))
        >>> print(dict(walk.sample(5).sizes))
        {'trip': 5, 'step': 31}
    """

    def __init__(self, states: int = 3, iterations: int = 100):
        self.states, self.iterations = int(states), int(iterations)

    def learn(self, closed):
        length, turn = steps_and_turns(closed)
        known = np.isfinite(length)
        edges = np.quantile(length[known], np.linspace(0, 1, self.states + 1)[1:-1])
        self.initial = np.full(self.states, 1 / self.states)
        self.transition = np.full((self.states, self.states), 0.1 / max(self.states - 1, 1))
        np.fill_diagonal(self.transition, 0.9)
        self._maximise(length, turn, np.eye(self.states)[np.searchsorted(edges, length)] * known[..., None])
        for _ in range(self.iterations):
            marginal, pairs, self.log_likelihood = self.expect(length, turn)
            self.initial = marginal[:, 0].sum(axis=0) / marginal[:, 0].sum()
            self.transition = pairs / pairs.sum(axis=1, keepdims=True)
            self._maximise(length, turn, marginal)

    def expect(self, length: np.ndarray, turn: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Probabilities of the states of each step, by the forward and backward recursions.

        Args:
            length: (trip, step), m, NaN after the end.
            turn: (trip, step), radians.

        Returns:
            Marginals (trip, step, state), 0 after the end; expected numbers of transitions (state, state); log-likelihood.
        """
        density = self.log_density(length, turn)
        largest = density.max(axis=-1, keepdims=True)
        likelihood = np.exp(density - largest)
        forward, scale = np.empty_like(likelihood), np.empty(likelihood.shape[:2])
        predicted = np.broadcast_to(self.initial, likelihood[:, 0].shape)
        for step in range(likelihood.shape[1]):
            joint = predicted * likelihood[:, step]
            scale[:, step] = joint.sum(axis=-1)
            forward[:, step] = joint / scale[:, step, None]
            predicted = forward[:, step] @ self.transition
        backward = np.ones_like(likelihood)
        pairs = np.zeros_like(self.transition)
        known = np.isfinite(length)
        for step in range(likelihood.shape[1] - 2, -1, -1):
            ahead = likelihood[:, step + 1] * backward[:, step + 1] / scale[:, step + 1, None]
            backward[:, step] = ahead @ self.transition.T
            pairs += self.transition * (forward[:, step].T @ (ahead * known[:, step + 1, None]))
        return forward * backward * known[..., None], pairs, float(np.log(scale).sum() + largest.sum())

    def log_density(self, length: np.ndarray, turn: np.ndarray) -> np.ndarray:
        """Logarithm of the density of steps and turns in each state (…, state), 0 where they are missing."""
        known = np.isfinite(length)[..., None]
        step = stats.gamma.logpdf(np.where(known, length[..., None], 1.0), self.shape, scale=self.scale)
        angle = np.where(np.isfinite(turn), turn, 0.0)[..., None]
        # The exponentially scaled Bessel function keeps large concentrations finite.
        turned = self.concentration * (np.cos(angle) - 1) - np.log(2 * np.pi * special.i0e(self.concentration))
        return np.where(known, step + turned, 0.0)

    def simulate(self, durations, random):
        count = len(durations)
        chosen = {"state": _categorical(np.broadcast_to(self.initial, (count, self.states)), random)}

        def draw(step):
            state = chosen["state"]
            chosen["state"] = _categorical(self.transition[state], random)
            length = random.gamma(self.shape[state], self.scale[state])
            return length, random.vonmises(0.0, self.concentration[state])

        return returning_walk(durations, self.bearing, self.speed, draw, random)

    def _maximise(self, length, turn, weight):
        """Parameters of the laws, given how much each step belongs to each state (trip, step, state)."""
        total = weight.sum(axis=(0, 1)) + 1e-9
        mean = lambda values: (weight * np.nan_to_num(values)[..., None]).sum(axis=(0, 1)) / total  # noqa: E731
        average, log_average = mean(length), mean(np.log(length))
        # Minka (2002), Estimating a gamma distribution: the shape from the gap between two means.
        gap = np.maximum(np.log(average) - log_average, 1e-6)
        self.shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
        self.scale = average / self.shape
        resultant = np.clip(mean(np.cos(turn)), 0.0, 1 - 1e-6)
        # Best and Fisher (1981), as in Banerjee et al. (2005), Clustering on the unit hypersphere, for two dimensions.
        self.concentration = np.minimum(resultant * (2 - resultant**2) / (1 - resultant**2), LARGEST_CONCENTRATION)


def _categorical(probabilities: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One index (n,) for each row (n, state) of probabilities."""
    drawn = random.random(len(probabilities))[:, None] > probabilities.cumsum(axis=-1)
    return np.minimum(drawn.sum(axis=-1), probabilities.shape[-1] - 1)
