"""A joint distribution of speed and direction of the wind, as a mixture."""

import math

import numpy as np
import tensorflow as tf
from keras import ops

PARAMETERS = 5  # of a component
HIGHEST_SPEED = 30.0  # m/s, of the grid on which scores are integrated


class WindMixture:
    r"""A mixture of components in each of which root speed is logistic and direction, independent of it, is von Mises.

    $$ p(q, \theta) = \sum_k w_k\, \mathrm{Logistic}(q;\, \mu_k, s_k)\, \mathrm{vonMises}(\theta;\, \phi_k, \kappa_k), \quad
       |\mathbf u| = q^2, \quad \mathbf u = q^2 (\cos\theta, \sin\theta) $$

    Means, cumulative distribution and scores are closed or integrals over a grid of speeds, and differentiable.

    Args:
        parameters: (..., component, 5): \(\log w\), \(\mu\), \(\log s\), and \(\kappa\, (\cos\phi, \sin\phi)\).

    References:
        Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102.

    Example:
        >>> calm_or_west = np.array([[0.0, 0.0, -3.0, 0.0, 0.0], [0.0, 2.0, -3.0, 50.0, 0.0]], "float32")
        >>> print(np.array(WindMixture(calm_or_west).mean_speed).round(2))
        2.01
    """

    def __init__(self, parameters):
        logit, self.location, log_scale, *towards = ops.unstack(ops.convert_to_tensor(parameters), axis=-1)
        self.log_weight = ops.log_softmax(logit, axis=-1)
        self.weight = ops.softmax(logit, axis=-1)
        self.scale = ops.exp(log_scale)
        self.towards = ops.stack(towards, axis=-1)
        self.concentration = ops.sqrt(ops.sum(ops.square(self.towards), axis=-1) + 1e-6)

    @property
    def _speeds(self):
        r"""Mean speed of each component: \(\mu^2 + \pi^2 s^2 / 3\)."""
        return ops.square(self.location) + (math.pi**2 / 3) * ops.square(self.scale)

    @property
    def mean_speed(self):
        """(...), m/s."""
        return ops.sum(self.weight * self._speeds, axis=-1)

    @property
    def mean_wind(self):
        """(..., 2): mean of u and v, m/s."""
        resultant = tf.math.bessel_i1e(self.concentration) / tf.math.bessel_i0e(self.concentration)
        factor = self.weight * self._speeds * resultant / self.concentration
        return ops.sum(factor[..., None] * self.towards, axis=-2)

    @property
    def wind_deviation(self):
        r"""(..., 2): standard deviations of u and v, m/s, from \(E q^4 = \mu^4 + 2 \pi^2 \mu^2 s^2 + 7 \pi^4 s^4 / 15\)."""
        location, scale = ops.square(self.location), math.pi**2 * ops.square(self.scale)
        fourth = ops.square(location) + 2 * location * scale + (7 / 15) * ops.square(scale)
        kappa = self.concentration
        resultant = tf.math.bessel_i1e(kappa) / tf.math.bessel_i0e(kappa)
        # cos² = (1 + cos 2θ) / 2, whose mean has the ratio of Bessel functions of order 2 and 0.
        double = ops.square(self.towards / kappa[..., None]) * 2 - 1
        squares = fourth[..., None] * (1 + (1 - 2 * resultant / kappa)[..., None] * double) / 2
        mean_squares = ops.sum(self.weight[..., None] * squares, axis=-2)
        return ops.sqrt(ops.maximum(mean_squares - ops.square(self.mean_wind), 0.0))

    def cdf(self, speed):
        """Probability that the speed is at most `speed` (..., n)."""
        root = ops.sqrt(speed)[..., None]
        location, scale = self.location[..., None, :], self.scale[..., None, :]
        inside = ops.sigmoid((root - location) / scale) - ops.sigmoid((-root - location) / scale)
        return ops.sum(self.weight[..., None, :] * inside, axis=-1)

    def quantiles(self, probabilities):
        """Speeds (..., n) at the given probabilities (n,)."""
        # Bisection, for all at once.
        low = ops.zeros_like(self.location[..., :1]) * ops.ones_like(probabilities, dtype=self.location.dtype)
        high = low + HIGHEST_SPEED
        for _ in range(16):
            middle = (low + high) / 2
            below = self.cdf(middle) < probabilities
            low, high = ops.where(below, middle, low), ops.where(below, high, middle)
        return (low + high) / 2

    def crps(self, speed, points=40):
        r"""Continuous ranked probability score \(\int (F(s) - [s \ge s^*])^2\, ds\) of the speed \(s^*\) (...), m/s."""
        grid = _grid(points)
        step = ops.cast(speed[..., None] <= grid, self.location.dtype)
        # Midpoint rule in root speed.
        return ops.sum(ops.square(self.cdf(grid) - step) * _widths(points), axis=-1)

    def direction_log_prob(self, u, v):
        """Logarithm of the density of the direction of a wind (...), which is not calm."""
        speed = ops.sqrt(ops.square(u) + ops.square(v) + 1e-12)
        along = (self.towards[..., 0] * u[..., None] + self.towards[..., 1] * v[..., None]) / speed[..., None]
        kappa = self.concentration
        density = along - kappa - ops.log(tf.math.bessel_i0e(kappa)) - math.log(2 * math.pi)
        return ops.logsumexp(self.log_weight + density, axis=-1)

    def sample(self, count: int, seed: int = 0, correlation=None, between=None):
        """Winds (count, ..., 2), drawn with NumPy.

        With the correlation of a Gaussian copula, members are put in an order in which their speeds go together, while each of
        them alone stays distributed as it is.

        Args:
            count: members.
            seed: of the random numbers.
            correlation: (lead, lead), of the last axis before the wind.
            between: (..., station, station), of the axis before, if any.
        """
        random = np.random.default_rng(seed)
        weight, location, scale, kappa = (np.asarray(x) for x in (self.weight, self.location, self.scale, self.concentration))
        drawn = (random.random((count, *weight.shape[:-1], 1)) > np.cumsum(weight, axis=-1)[..., :-1]).sum(axis=-1)
        at = lambda x: np.take_along_axis(np.broadcast_to(x, (count, *x.shape)), drawn[..., None], axis=-1)[..., 0]  # noqa: E731
        speed = random.logistic(at(location), at(scale)) ** 2
        towards = np.asarray(self.towards)
        angle = random.vonmises(at(np.arctan2(towards[..., 1], towards[..., 0])), at(kappa))
        winds = speed[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        if correlation is None:
            return winds
        together = random.standard_normal(speed.shape) @ np.linalg.cholesky(correlation).T
        if between is not None:
            together = np.linalg.cholesky(between) @ together
        ranks = np.argsort(np.argsort(together, axis=0), axis=0)
        ordered = np.take_along_axis(np.argsort(speed, axis=0), ranks, axis=0)
        return np.take_along_axis(winds, ordered[..., None], axis=0)


def _grid(points):
    return ((np.arange(points, dtype="float32") + 0.5) * math.sqrt(HIGHEST_SPEED) / points) ** 2


def _widths(points):
    edges = (np.arange(points + 1, dtype="float32") * math.sqrt(HIGHEST_SPEED) / points) ** 2
    return np.diff(edges)
