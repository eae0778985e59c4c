"""The best that any method can do: the posterior mean over very many windows of the attractor."""

import numpy as np
import tensorflow as tf

from geodl.baselines.classical_assimilator import ClassicalAssimilator


class AttractorPosterior(ClassicalAssimilator):
    r"""Mean and standard deviation of the states given the observations, by importance sampling of the climatology.

    $$ p(\mathbf x_i \mid \mathbf y) \propto \exp\bigl(-\tfrac12 \sum (\mathbf y - H \mathbf x_i)^2 / r\bigr) $$

    over windows \(\mathbf x_i\) drawn from the attractor. It converges to the Bayes estimate, the floor of the mean squared
    error; it needs so many windows that it is a reference for small systems only.

    Args:
        components: size of the state.
        dt: time between two states.
        variance: of the observation errors.

    Example:
        >>> trajectories = np.random.default_rng(0).standard_normal((2, 500, 3)).astype("float32")
        >>> model = AttractorPosterior(components=3, dt=0.01).estimate(trajectories)
        >>> print(tuple(model(np.full((2, 20, 3), np.nan, "float32")).shape))
        (2, 20, 3, 2)
    """

    kept = 2_000  # windows with the largest weights, of each posterior; the others have none to speak of

    def estimate(self, states: np.ndarray) -> "AttractorPosterior":
        """Takes all windows of long trajectories (run, time, component) as the prior."""
        self.trajectories = np.asarray(states, "float32")
        return super().estimate(states)

    def call(self, observations):
        return tf.constant(np.stack([self._posterior(np.asarray(y)) for y in observations]))

    def _posterior(self, observations):
        length = len(observations)
        starts = self.trajectories.shape[1] - length + 1
        logarithm = np.zeros((len(self.trajectories), starts), "float32")
        for time, component in zip(*np.nonzero(np.isfinite(observations)), strict=True):
            logarithm -= (self.trajectories[:, time : time + starts, component] - observations[time, component]) ** 2
        logarithm = logarithm.ravel() / (2 * self.variance)
        likely = np.argpartition(logarithm, -min(self.kept, logarithm.size))[-self.kept :]
        weights = np.exp(logarithm[likely] - logarithm[likely].max())
        weights /= weights.sum()
        run, start = np.unravel_index(likely, (len(self.trajectories), starts))
        windows = self.trajectories[run[:, None], start[:, None] + np.arange(length)]
        mean = np.tensordot(weights, windows, axes=1)
        return np.stack([mean, np.sqrt(np.tensordot(weights, (windows - mean) ** 2, axes=1))], axis=-1)
