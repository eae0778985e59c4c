"""Optimal interpolation with the space-time covariances of the climatology."""

import numpy as np
import tensorflow as tf
from scipy import linalg

from geodl.baselines.classical_assimilator import ClassicalAssimilator


class StateInterpolation(ClassicalAssimilator):
    r"""The best linear estimate of all states of a window from all its observations.

    $$ \hat{\mathbf x} = \bar{\mathbf x} + C H^\top (H C H^\top + R)^{-1} (\mathbf y - H \bar{\mathbf x}) $$

    \(C\) is the covariance of states at two times and components. On a ring it depends on the difference of the components
    alone.

    Args:
        components: size of the state.
        dt: time between two states.
        variance: of the observation errors.
        ring: components lie on a circle, and all are alike.

    Raises:
        ValueError: a variance that is not positive.

    References:
        Gandin (1965), Objective analysis of meteorological fields.

    Example:
        >>> states = np.random.default_rng(0).standard_normal((50, 20, 3))
        >>> model = StateInterpolation(components=3, dt=0.01).estimate(states)
        >>> print(tuple(model(np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3, 2)
    """

    def __init__(self, components, dt, variance=2.0, ring=False):
        super().__init__(components, dt, variance)
        self.ring = bool(ring)

    def estimate(self, states: np.ndarray) -> "StateInterpolation":
        """Covariances (lag, component, component) and mean of states (sample, time, component)."""
        axis = None if self.ring else (0, 1)
        anomalies = states - states.mean(axis=axis)
        length = states.shape[1]
        self.climatology = np.broadcast_to(states.mean(axis=axis), (self.components,)).astype("float32")
        # Over the length of the window, not the number of pairs: only so is the matrix positive definite for sure.
        lagged = np.stack(
            [
                np.einsum("stc,std->cd", anomalies[:, lag:], anomalies[:, : length - lag]) / (len(states) * length)
                for lag in range(length)
            ]
        )
        if self.ring:  # the mean over all pairs of components at one distance
            lagged = np.stack([[np.mean(np.diagonal(np.roll(c, k, axis=1))) for k in range(self.components)] for c in lagged])
            offset = np.subtract.outer(np.arange(self.components), np.arange(self.components)) % self.components
            lagged = lagged[:, offset]
        self.lagged = lagged.astype("float32")
        return self

    def call(self, observations):
        length = observations.shape[1]
        lag = np.subtract.outer(np.arange(length), np.arange(length))
        known = np.clip(np.abs(lag), 0, len(self.lagged) - 1)
        later, earlier = self.lagged[known], np.swapaxes(self.lagged[known], -1, -2)
        # (time, component, time, component), then flat.
        covariance = np.where((lag >= 0)[..., None, None], later, earlier).swapaxes(1, 2)
        covariance = covariance.reshape(length * self.components, -1)
        found = [self._window(covariance, np.asarray(y)) for y in observations]
        return tf.constant(np.stack(found), "float32")

    def _window(self, covariance, observations):
        flat = observations.reshape(-1)
        seen = np.flatnonzero(np.isfinite(flat))
        mean = np.tile(self.climatology, len(observations))
        rows = covariance[seen]
        root = np.linalg.cholesky(rows[:, seen] + self.variance * np.eye(len(seen)))
        half = linalg.solve_triangular(root, rows, lower=True)
        estimate = mean + half.T @ linalg.solve_triangular(root, flat[seen] - mean[seen], lower=True)
        variance = np.maximum(np.diag(covariance) - (half**2).sum(axis=0), 1e-6)
        return np.stack([estimate, np.sqrt(variance)], axis=-1).reshape(*observations.shape, 2)
