"""3D-Var: at each observation time the forecast is corrected with a constant background covariance."""

import numpy as np
import tensorflow as tf

from geodl.baselines.ensemble_filters import EnsembleFilter


class ThreeDVar(EnsembleFilter):
    r"""A filter of one state, whose background covariance \(B\) is a part of the climatological one.

    $$ \mathbf x \leftarrow \mathbf x + B H^\top (H B H^\top + R)^{-1} (\mathbf y - H \mathbf x) $$

    Args:
        dynamics: the equation of motion, exact or learned.
        components: size of the state.
        dt: time between two states.
        variance: of the observation errors.
        share: of the climatological covariance in \(B\).

    Raises:
        ValueError: a variance or share that is not positive.

    References:
        Lorenc (1986), Analysis methods for numerical weather prediction, Quarterly Journal of the Royal Meteorological
        Society 112.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> model = ThreeDVar(Lorenz63(), 3, 0.01).estimate(np.random.default_rng(0).standard_normal((9, 20, 3)))
        >>> print(tuple(model(np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3, 2)
    """

    def __init__(self, dynamics, components, dt, variance=2.0, share=0.1):
        super().__init__(dynamics, components, dt, members=2, variance=variance)
        if not share > 0:
            raise ValueError(f"Expected a positive share of the covariance; found {share}.")
        self.share = float(share)

    def estimate(self, states):
        super().estimate(states)
        self.background = (self.share * np.cov(self.bank.T)).astype(self.variable_dtype)
        return self

    def call(self, observations):
        first = np.broadcast_to(self.climatology, (len(observations), 1, self.components))
        mean = self._compiled(tf.convert_to_tensor(observations), tf.convert_to_tensor(first))[0]
        return tf.stack([mean, tf.broadcast_to(np.sqrt(np.diag(self.background)), tf.shape(mean))], axis=-1)

    def analyse(self, ensemble, observations, seen, time):
        state = ensemble[:, 0]
        observed = tf.cast(seen, state.dtype)
        background = self.background * observed[:, :, None] * observed[:, None, :]
        innovation = tf.where(seen, observations - state, 0.0)
        root = tf.linalg.cholesky(background + self.variance * tf.eye(self.components))
        weights = tf.linalg.cholesky_solve(root, innovation[..., None])[..., 0] * observed
        return (state + tf.linalg.matvec(self.background, weights))[:, None]
