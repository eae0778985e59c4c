"""Optimal interpolation with a covariance of several scales, each a separable one, and its error."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy import ndimage

from geodl.layers.error_smoothing import SAMPLES, smoothed_apart
from geodl.layers.leading_eigenvectors import leading_eigenvectors
from geodl.layers.linear_analysis import LinearAnalysis
from geodl.layers.random_numbers import standard_normal

POWER = 1.9  # of all covariances: nearly that of a Gaussian
# Share of the variance of an axis that its eigenvectors may leave out.
NEGLIGIBLE = 1e-5
SAMPLING_TOLERANCE = 5e-3  # of their residual
SMOOTHING = 4  # pixels, of the map of standard deviations
LEAST_DEVIATION = 0.3  # of it, over the mean


@keras.saving.register_keras_serializable(package="geodl")
class MultiscaleAnalysis(keras.layers.Layer):
    r"""The best linear estimate of a field with gaps, whose covariance is a sum over scales, and the size of its error.

    $$ \hat{\mathbf x} = \bar{\mathbf x} + \sum_k B_k^{1/2} \mathbf s_k, \quad
       \mathbf s = \arg\min_{\mathbf s} \sum_k |\mathbf s_k|^2 + |\mathbf y - H \hat{\mathbf x}|^2 / r $$

    $$ B_k = \sigma_k^2\, D\, (C_t \otimes C_y \otimes C_x)\, D, \quad C_{ij} = e^{-(|i - j| / L)^{1.9}} $$

    What is slow and what is fast, small and large each have a covariance, so that an eddy of which nothing was seen for a week
    is still known. D is a map of standard deviations. The minimum is found by conjugate gradients, preconditioned by the
    solution for observations that are everywhere, but as much noisier as they are fewer.

    Args:
        scales: \((\sigma_k, L_t, L_y, L_x)\) of each, in the units of the field, times and pixels.
        grid: (rows, columns).
        tolerance: on the residual, relative to that of the first step; large gaps in smooth fields need a small one.
        max_iterations: after so many the solution is returned as it is.

    Call arguments:
        observations: (batch, time, y, x), NaN where missing.

    Returns:
        Estimate and standard deviation of its error (batch, time, y, x).

    Raises:
        ValueError: no scale, or one that is not four positive numbers.

    References:
        Le Traon et al. (1998), An improved mapping method of multisatellite altimeter data, Journal of Atmospheric and Oceanic
        Technology 15.

    Example:
        >>> series = np.cumsum(np.random.default_rng(0).standard_normal((60, 6, 8)), axis=0).astype("float32")
        >>> layer = MultiscaleAnalysis([(1.0, 5.0, 2.0, 2.0), (1.0, 30.0, 4.0, 6.0)], grid=(6, 8))
        >>> layer.adapt(series, noise=0.1)
        >>> estimate, deviation = layer(series[None, :4])
        >>> print(tuple(estimate.shape))
        (1, 4, 6, 8)
    """

    def __init__(self, scales, grid, tolerance=1e-3, max_iterations=500, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.scales = tuple(tuple(float(value) for value in scale) for scale in scales)
        if not self.scales or not all(len(scale) == 4 and min(scale) > 0 for scale in self.scales):
            raise ValueError(f"Expected scales of a positive deviation and three positive lengths each, found {self.scales}.")
        self.grid, self.tolerance, self.max_iterations = tuple(grid), float(tolerance), int(max_iterations)
        initial = np.array(self.scales, "float64")
        add = lambda *arguments, name: self.add_weight(*arguments, name=name, trainable=False, autocast=False)  # noqa: E731
        self.mean, self.deviation = add(self.grid, "zeros", name="mean"), add(self.grid, "ones", name="deviation")  # D
        self.noise = add((), "ones", name="noise")
        self.covariances = add(initial.shape, lambda shape, dtype: ops.cast(initial, dtype), name="covariances")

    def adapt(self, fields: np.ndarray, noise: float) -> None:
        """Takes mean and map of standard deviations from a series of fields (time, y, x), NaN on land.

        Args:
            fields: of consecutive times: the truth, or where there are gaps, observations.
            noise: variance of the errors of observations.
        """
        seen = np.isfinite(fields)
        sea = seen.any(axis=0)
        self.noise.assign(noise)
        if (sea & ~seen.all(axis=0)).any():
            analysis = LinearAnalysis(grid=self.grid)
            analysis.adapt_with_gaps(fields)
            self.mean.assign(analysis.mean)
            self.deviation.assign(np.ones(self.grid))  # a map from few observations makes withheld ones harder to find
            return
        self.mean.assign(np.where(sea, fields.mean(axis=0), fields[:, sea].mean()))
        anomalies = np.where(sea, fields - self.mean.numpy(), 0)
        anomalies -= sea * anomalies[:, sea].mean(axis=1)[:, None, None]  # what is common to all pixels belongs to none
        smooth = lambda field: ndimage.gaussian_filter(field.astype("float64"), SMOOTHING)  # noqa: E731
        deviation = np.sqrt(smooth((anomalies**2).mean(axis=0)) / np.maximum(smooth(sea), 1e-3))
        deviation /= np.sqrt((deviation[sea] ** 2).mean())
        self.deviation.assign(np.where(sea, LEAST_DEVIATION + (1 - LEAST_DEVIATION) * deviation, 1))

    def call(self, observations):
        mask = tf.cast(tf.math.is_finite(observations), self.variable_dtype)
        return self.estimate(observations), tf.sqrt(self._variance(mask, self._roots(tf.shape(mask)[1:])))

    def estimate(self, observations):
        """The estimate alone, which takes a third of the time."""
        anomalies = ops.cast(observations, self.variable_dtype) - self.mean
        seen = tf.math.is_finite(anomalies)
        known, mask = tf.where(seen, anomalies, tf.zeros_like(anomalies)), tf.cast(seen, anomalies.dtype)
        return self.mean + self._solve(known, mask, self._roots(tf.shape(mask)[1:]), self.tolerance)

    def of_series(self, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Estimate and standard deviation (time, y, x) of a series."""
        return tuple(field[0].numpy() for field in self(tf.constant(series[None], self.variable_dtype)))

    def _variance(self, mask, roots):
        """Variance of the errors: of random fields that are observed alike, averaged over some pixels.

        Pixels that are seen and those that are not are averaged apart.
        """
        squares = tf.zeros_like(mask)
        for sample in range(SAMPLES):  # one by one, which needs less memory
            white = [standard_normal(tf.shape(mask), (sample, k), mask.dtype) for k in range(len(roots) + 1)]
            field = self._field([_projected(w, bases) for w, (bases, _) in zip(white, roots, strict=False)], roots)
            noisy = mask * (field + tf.sqrt(self.noise) * white[-1])
            squares += (self._solve(noisy, mask, roots, SAMPLING_TOLERANCE) - field) ** 2 / SAMPLES
        return smoothed_apart(squares, mask, tf.unstack(tf.reduce_min(self.covariances.value[:, 2:], axis=0)))

    def _solve(self, values, mask, roots, tolerance):
        rate, share = 1 / self.noise, tf.reduce_mean(mask)
        preconditioners = [1 + share * rate * root**2 for _, root in roots]
        scaled = [(bases, root / tf.sqrt(p)) for (bases, root), p in zip(roots, preconditioners, strict=True)]

        def operator(s):
            pulled = self._adjoint(rate * mask * self._field(s, scaled), scaled)
            return [a / p + b for a, b, p in zip(s, pulled, preconditioners, strict=True)]

        right = self._adjoint(rate * values, scaled)
        first = _dot(right, right) + 1e-30

        def step(k, s, residual, direction, square):
            applied = operator(direction)
            length = square / (_dot(direction, applied) + 1e-30)
            s = [a + length * b for a, b in zip(s, direction, strict=True)]
            residual = [a - length * b for a, b in zip(residual, applied, strict=True)]
            after = _dot(residual, residual)
            direction = [a + after / (square + 1e-30) * b for a, b in zip(residual, direction, strict=True)]
            return k + 1, s, residual, direction, after

        _, s, *_ = tf.while_loop(
            lambda k, s, residual, direction, square: tf.reduce_any(square > tolerance**2 * first),
            step,
            (tf.constant(0), [tf.zeros_like(a) for a in right], right, right, _dot(right, right)),
            maximum_iterations=self.max_iterations,
        )
        return self._field(s, scaled)

    def _roots(self, sizes):
        """For each scale, eigenvectors of the three correlation matrices, and the square roots of the eigenvalues of B."""
        roots = []
        for deviation, *lengths in map(tf.unstack, tf.unstack(tf.cast(self.covariances.value, "float64"))):
            bases, product = [], deviation**2 * tf.ones((1, 1, 1), "float64")
            for axis, length in enumerate(lengths):
                distance = tf.cast(tf.abs(tf.range(sizes[axis])[:, None] - tf.range(sizes[axis])), "float64")
                vectors, values = leading_eigenvectors(tf.exp(-((distance / length) ** POWER)), NEGLIGIBLE)
                bases.append(tf.cast(vectors, self.variable_dtype))
                product *= tf.reshape(values, [-1 if place == axis else 1 for place in range(3)])
            roots.append((bases, tf.cast(tf.sqrt(product), self.variable_dtype)))
        return roots

    def _field(self, coefficients, roots):
        """Sum over scales of B^½ s: fields (batch, time, y, x)."""
        total = 0.0
        for s, (bases, root) in zip(coefficients, roots, strict=True):
            field = root * s
            for basis in reversed(bases):  # time last, which has the fewest eigenvectors
                field = tf.transpose(tf.tensordot(field, basis, axes=([3], [1])), (0, 3, 1, 2))
            total += field
        return self.deviation * total

    def _adjoint(self, field, roots):
        """The transpose of `_field`."""
        return [root * _projected(self.deviation * field, bases) for bases, root in roots]

    def compute_output_shape(self, input_shape):
        return input_shape, input_shape

    def get_config(self):
        settings = {"scales": self.scales, "grid": self.grid, "tolerance": self.tolerance}
        return {**super().get_config(), **settings, "max_iterations": self.max_iterations}


def _projected(field, bases):
    for basis in bases:
        field = tf.tensordot(field, basis, axes=([1], [0]))
    return field


def _dot(a, b):
    return sum(tf.reduce_sum(x * y, axis=(1, 2, 3), keepdims=True) for x, y in zip(a, b, strict=True))
