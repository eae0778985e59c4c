"""Strong-constraint 4D-Var: the state at the beginning of the window is the only unknown."""

import numpy as np
import tensorflow as tf

from geodl.baselines.classical_assimilator import ClassicalAssimilator
from geodl.baselines.state_interpolation import StateInterpolation
from geodl.layers import ODEIntegrator, tangent_linear


class StrongConstraint4DVar(ClassicalAssimilator):
    r"""Fits a trajectory of the model to the observations by Levenberg–Marquardt, in windows that grow.

    $$ J(\mathbf x_0) = \sum_t |\mathbf y_t - H M_t(\mathbf x_0)|^2 / r
       + |(\mathbf x_0 - \mathbf x_b) / (\lambda \boldsymbol\sigma_b)|^2 $$

    The cost has many minima in a long window of a chaotic system; the minimum in a short one is a first guess near the right
    one in a longer one (quasi-static growth). Where even the whole window is not fitted, \(J\) being far above the number of
    observations, the first guess is returned.

    Args:
        dynamics: the equation of motion, exact or learned.
        components: size of the state.
        dt: time between two states.
        first_guess: model whose estimate and standard deviation are \(\mathbf x_b\) and \(\boldsymbol\sigma_b\), and what is
            returned where the fit fails; by default `StateInterpolation`, whose covariances `estimate` finds.
        variance: \(r\), of the observation errors.
        background_inflation: \(\lambda\); more than 1, as the first guess has already seen the observations.
        growth: shares of the window, increasing; the last one is 1.
        iterations: for each share.
        acceptable: cost, over the number of observations, of a fit that is kept.

    References:
        Pires, Vautard and Talagrand (1996), On extending the limits of variational assimilation in nonlinear chaotic systems,
        Tellus A 48.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> model = StrongConstraint4DVar(Lorenz63(), 3, 0.01, growth=(1.0,), iterations=2)
        >>> model = model.estimate(np.random.default_rng(0).standard_normal((9, 20, 3)))
        >>> print(tuple(model(np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3, 2)
    """

    def __init__(
        self,
        dynamics,
        components,
        dt,
        first_guess=None,
        variance=2.0,
        background_inflation=3.0,
        growth=(0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
        iterations=8,
        acceptable=2.0,
    ):
        super().__init__(components, dt, variance)
        self.dynamics = dynamics
        self.interpolation = StateInterpolation(components, dt, variance)
        self.first_guess = self.interpolation if first_guess is None else first_guess
        self.background_inflation = float(background_inflation)
        self.growth, self.iterations, self.acceptable = tuple(growth), int(iterations), float(acceptable)
        self._compiled = tf.function(self.fit_trajectory, jit_compile=True)

    def estimate(self, states: np.ndarray) -> "StrongConstraint4DVar":
        """Finds the covariances of the first guess from states (sample, time, component)."""
        self.interpolation.estimate(states)
        return super().estimate(states)

    def call(self, observations):
        observations = tf.convert_to_tensor(observations)
        guess = self.first_guess(observations)
        trajectory, cost = self._compiled(observations, guess[:, 0, :, 0], self.background_inflation * guess[:, 0, :, 1])
        count = tf.reduce_sum(tf.cast(tf.math.is_finite(observations), cost.dtype), axis=(1, 2))
        fitted = (cost <= self.acceptable * count) & tf.reduce_all(tf.math.is_finite(trajectory), axis=(1, 2))
        return tf.stack([tf.where(fitted[:, None, None], trajectory, guess[..., 0]), guess[..., 1]], axis=-1)

    def fit_trajectory(self, observations, first, deviation):
        """Trajectory (batch, time, component) of the best fit, and its cost (batch,).

        Args:
            observations: (batch, time, component), NaN where missing.
            first: background of the initial state (batch, component).
            deviation: its standard deviation, of the same shape.
        """
        length = observations.shape[1]
        background = first, deviation
        for share in self.growth:
            part = observations[:, : max(2, round(share * length))]
            first = self._levenberg_marquardt(part, first, background)
        trajectory = self._trajectory(first, length)
        return trajectory, self._cost(observations, trajectory, first, background)

    def _levenberg_marquardt(self, observations, first, background):
        size, length = self.components, observations.shape[1]
        seen = tf.cast(tf.math.is_finite(observations), first.dtype)

        def body(i, first, damping):
            trajectory = self._trajectory(first, length)
            misfit = tf.where(seen > 0, observations - trajectory, 0.0)
            # The derivative with respect to each component of the initial state, all at once.
            directions = tf.tile(tf.eye(size, dtype=first.dtype), (tf.shape(first)[0], 1))
            derivative = tangent_linear(lambda x: self._trajectory(x, length), tf.repeat(first, size, axis=0), directions)
            derivative = tf.reshape(derivative, (-1, size, length * size)) * tf.reshape(seen, (-1, 1, length * size))
            hessian = tf.matmul(derivative, derivative, transpose_b=True) / self.variance
            hessian += tf.linalg.diag(1 / background[1] ** 2)
            slope = tf.linalg.matvec(derivative, tf.reshape(misfit, (-1, length * size))) / self.variance
            slope += (background[0] - first) / background[1] ** 2
            damped = hessian + damping[:, None, None] * tf.linalg.diag(tf.linalg.diag_part(hessian) + 1e-6)
            proposed = first + tf.linalg.solve(damped, slope[..., None])[..., 0]
            before = self._cost(observations, trajectory, first, background)
            after = self._cost(observations, self._trajectory(proposed, length), proposed, background)
            better = after < before  # false for what is not a number
            first = tf.where(better[:, None], proposed, first)
            return i + 1, first, tf.where(better, damping / 3, tf.minimum(damping * 4, 1e6))

        loop = (0, first, tf.fill(tf.shape(first)[:1], tf.constant(0.01, first.dtype)))
        return tf.while_loop(lambda i, *_: i < self.iterations, body, loop, maximum_iterations=self.iterations)[1]

    def _trajectory(self, first, length):
        later = ODEIntegrator(self.dynamics, self.dt, length - 1, save_every=1)(first)
        return tf.concat([first[:, None], later], axis=1)

    def _cost(self, observations, trajectory, first, background):
        misfit = tf.where(tf.math.is_finite(observations), observations - trajectory, 0.0)
        distance = tf.reduce_sum(((first - background[0]) / background[1]) ** 2, axis=1)
        return tf.reduce_sum(misfit**2, axis=(1, 2)) / self.variance + distance
