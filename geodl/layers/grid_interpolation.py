"""Optimal interpolation of fields in time, exact on the grid, by preconditioned conjugate gradients."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.layers.leading_eigenvectors import leading_eigenvectors
from geodl.layers.random_numbers import standard_normal

# Share of the variance that the eigenvectors of an axis may leave out, and how much it may be beside the noise.
NEGLIGIBLE, BESIDE_NOISE = 1e-4, 1e-2
# On the residual of random fields, of which nothing is wanted but the size of the errors.
SAMPLING_TOLERANCE = 2e-3
# Sizes of the blocks of pixels, each half of the one before, and their tolerance over that of pixels.
BLOCKS, COARSE_TOLERANCE = (4, 2, 1), 0.3


@keras.saving.register_keras_serializable(package="geodl")
class GridInterpolation(keras.layers.Layer):
    r"""The best linear estimate of a field everywhere, from noisy values of it here and there.

    $$ \hat{\mathbf x} = \arg\min_{\mathbf x}\; \mathbf x^\top B^{-1} \mathbf x + |\mathbf y - H \mathbf x|^2 / r, \qquad
       B = \sigma^2\, C_t \otimes C_y \otimes C_x, \quad C_{ij} = a + (1 - a)\, e^{-(|i - j| / L)^p} $$

    The covariance is diagonal in the basis of eigenvectors of the three small matrices, where the system is solved by
    conjugate gradients, preconditioned by the solution for observations that are everywhere, but as much noisier as they are
    fewer, and started from the solution for means over blocks of pixels. The gradient is a second solve.

    Eigenvectors whose variance is nothing beside the noise are left out. Called eagerly, this saves most of the work where the
    field is smooth; a graph is compiled before their number is known, and multiplies them by 0.

    Args:
        time: \((a, L, p)\) of time, L in steps; a is the share of the variance that does not change at all.
        y: likewise of rows, in pixels.
        x: likewise of columns.
        variance: \(\sigma^2\).
        noise: \(r\), variance of the observation errors.
        tolerance: on the residual of each field, relative to that of the field 0; large gaps in smooth fields need a small one.
        max_iterations: after so many the solution is returned as it is.

    Call arguments:
        anomalies: (batch, time, y, x), NaN where missing.

    Returns:
        The estimate, of the same shape.

    Raises:
        ValueError: a scale, variance or power that is not positive, a power above 2, or a share outside of [0, 1].

    References:
        Bretherton et al. (1976), A technique for objective analysis and design of oceanographic
        experiments, Deep-Sea Research 23.

    Example:
        >>> anomalies = np.full((1, 1, 1, 5), np.nan, "float32")
        >>> anomalies[..., 2] = 2.0
        >>> layer = GridInterpolation((0, 3, 1), (0, 3, 1), (0, 3, 1), variance=1.0, noise=1.0)
        >>> print(np.array(layer(anomalies))[0, 0, 0].round(2))
        [0.51 0.72 1.   0.72 0.51]
    """

    def __init__(self, time, y, x, variance, noise, tolerance=1e-4, max_iterations=500, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.axes = {"time": time, "y": y, "x": x}
        self.variances = {"variance": float(variance), "noise": float(noise)}
        self.tolerance, self.max_iterations = float(tolerance), int(max_iterations)
        for share, scale, power in self.axes.values():
            if not (0 <= share <= 1 and scale > 0 and 0 < power <= 2):
                raise ValueError(
                    f"Expected axes as (share in [0, 1], positive scale, power in (0, 2]), found {(share, scale, power)}."
                )
        if not (variance > 0 and noise > 0):
            raise ValueError(f"Expected positive variances, found {variance} and {noise} of the noise.")
        # As weights, so that they can be fitted to data and are saved with a model.
        initial = np.array([*time, *y, *x, variance, noise], "float64")
        self.covariance = self.add_weight(
            (11,), lambda shape, dtype: ops.cast(initial, dtype), name="covariance", trainable=False, autocast=False
        )

    def assign(self, time, y, x, variance, noise) -> None:
        """Other parameters, as in the constructor."""
        self.covariance.assign([*time, *y, *x, variance, noise])

    def call(self, anomalies):
        return self.solve(anomalies)[0]

    def solve(self, anomalies, counts=1.0):
        """The estimate, the number of iterations, and the largest relative residual (batch,) that is left.

        Each value is the mean of so many observations as `counts` tells, which have one error each.
        """
        anomalies = ops.cast(anomalies, self.variable_dtype)
        seen = tf.math.is_finite(anomalies)
        known = tf.where(seen, anomalies, tf.zeros_like(anomalies))
        mask = tf.cast(seen, anomalies.dtype) * ops.cast(counts, anomalies.dtype)

        @tf.custom_gradient
        def estimate(known):
            found, iterations, residual = self._from_coarse_to_fine(mask * known, mask, self.tolerance)

            def backward(upstream, *_):
                # The estimate is B^½ S⁻¹ B^½ M y / r up to symmetry: B H' (H B H' + r)⁻¹ y, whose transpose is a solve, too.
                return mask * self._from_coarse_to_fine(upstream, mask, self.tolerance)[0]

            return (found, iterations, residual), backward

        return estimate(known)

    def sampled_errors(self, seen, mean_error=0.0, seed=0):
        """Errors (batch, time, y, x) of the estimates of random fields of this covariance, observed with noise where `seen`.

        Their variance is that of the error of the estimate. The mean of the fields, taken for 0, may have an error.
        """
        mask = tf.cast(seen, self.variable_dtype)
        bases, spectrum, _ = self._basis(mask)
        white, noise = (standard_normal(tf.shape(mask), (seed, i), mask.dtype) for i in range(2))
        field = _to_grid(tf.sqrt(spectrum) * _to_coefficients(white, bases), bases) + mean_error
        noise *= tf.sqrt(self.covariance[10])
        return self._from_coarse_to_fine(mask * (field + noise), mask, SAMPLING_TOLERANCE)[0] - field

    def _from_coarse_to_fine(self, values, mask, tolerance):
        """Solves (B⁻¹ + M / r) x = y / r on blocks of pixels, then on smaller ones, from the solution before; last on pixels.

        What conjugate gradients are slow at, the inside of large gaps, is smooth, and blocks are enough for it.
        """
        rate = 1 / self.covariance[10]
        found = None
        for block in BLOCKS:
            weights, right = (rate * _block_sums(field, block) for field in (mask, values))
            bases, spectrum, resolved = self._basis(mask, block)
            # An observation knows its block but for what varies in there.
            share = 1 / (1 + rate * self.covariance[9] * (1 - resolved))
            start = tf.zeros_like(right) if found is None else _refined(found[0], tf.shape(right))
            reached = tolerance if block == 1 else COARSE_TOLERANCE * tolerance
            reached = tf.constant(reached, right.dtype)
            found = _conjugate_gradients(
                share * right, share * weights, bases, spectrum, start, reached, tf.constant(self.max_iterations)
            )
        return found

    def _basis(self, mask, block=1):
        """Eigenvectors of the three correlation matrices of means over blocks, and the eigenvalues of B (time, y, x).

        Both are in descending order; eigenvalues that are nothing beside the noise are 0. Also the variance of a mean over a
        block, relative to that of a pixel.
        """
        _, *sizes = tf.unstack(tf.shape(mask))
        values, vectors, resolved = [], [], 1.0
        parameters = tf.cast(self.covariance.value, "float64")
        negligible = tf.minimum(BESIDE_NOISE * parameters[10] / parameters[9], NEGLIGIBLE)
        axes = [tf.unstack(axis) for axis in tf.unstack(tf.reshape(parameters[:9], (3, 3)))]
        for size, of_axis, (share, scale, power) in zip(sizes, (1, block, block), axes, strict=True):
            count = -(-size // of_axis)
            distance = tf.abs(tf.range(count * of_axis)[:, None] - tf.range(count * of_axis)[None])
            correlation = share + (1 - share) * tf.exp(-((tf.cast(distance, "float64") / scale) ** power))
            correlation = tf.reduce_mean(tf.reshape(correlation, (count, of_axis, count, of_axis)), axis=(1, 3))
            resolved *= correlation[0, 0]
            vector, value = leading_eigenvectors(correlation, negligible)
            values.append(tf.cast(value, mask.dtype))
            vectors.append(tf.cast(vector, mask.dtype))
        t, y, x = values
        return vectors, self.covariance[9] * t[:, None, None] * y[:, None] * x, tf.cast(resolved, mask.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        limits = {"tolerance": self.tolerance, "max_iterations": self.max_iterations}
        return {**super().get_config(), **self.axes, **self.variances, **limits}


@tf.function(reduce_retracing=True)
def _conjugate_gradients(right, weights, bases, spectrum, start, tolerance, max_iterations):
    """Solves (B⁻¹ + W) x = g; the estimate, the iterations, and the relative residual of each field."""
    preconditioner = 1 + tf.reduce_mean(weights) * spectrum
    root = tf.sqrt(spectrum / preconditioner)

    def operator(s):
        return s / preconditioner + root * _to_coefficients(weights * _to_grid(root * s, bases), bases)

    right = root * _to_coefficients(right, bases)
    first = _dot(right, right) + 1e-30
    s = _to_coefficients(start, bases) * tf.math.divide_no_nan(tf.ones_like(root), root)
    residual = right - operator(s)

    def step(k, s, residual, direction, square):
        applied = operator(direction)
        length = square / (_dot(direction, applied) + 1e-30)
        s, residual = s + length * direction, residual - length * applied
        after = _dot(residual, residual)
        return k + 1, s, residual, residual + after / (square + 1e-30) * direction, after

    k, s, _, _, square = tf.while_loop(
        lambda k, s, residual, direction, square: tf.reduce_any(square > tolerance**2 * first),
        step,
        (tf.constant(0), s, residual, residual, _dot(residual, residual)),
        maximum_iterations=max_iterations,
    )
    return _to_grid(root * s, bases), k, tf.sqrt(square / first)[:, 0, 0, 0]


def _to_grid(coefficients, bases):
    """Field of coefficients (batch, time, y, x) of the eigenvectors: time last, which has the fewest of them."""
    time, y, x = bases
    return _along_time(time, _along_space(y, x, coefficients))


def _to_coefficients(field, bases):
    """The transpose of `_to_grid`."""
    time, y, x = (tf.transpose(basis) for basis in bases)
    return _along_space(y, x, _along_time(time, field))


def _along_time(matrix, field):
    shape = tf.shape(field)
    found = tf.matmul(matrix, tf.reshape(field, (shape[0], shape[1], shape[2] * shape[3])))
    return tf.reshape(found, (shape[0], tf.shape(matrix)[0], shape[2], shape[3]))


def _along_space(y, x, field):
    shape = tf.shape(field)
    # One product of two matrices: as one of a stack of them with a single matrix, for a series of one day, oneDNN writes
    # beyond its memory on some processors.
    rows = tf.reshape(tf.matmul(y, field), (-1, shape[3]))
    return tf.reshape(tf.matmul(rows, x, transpose_b=True), (shape[0], shape[1], tf.shape(y)[0], tf.shape(x)[0]))


def _block_sums(field, block):
    """Sums over blocks of rows and columns; outside of the grid is nothing."""
    _, _, height, width = tf.unstack(tf.shape(field))
    field = tf.pad(field, ((0, 0), (0, 0), (0, -height % block), (0, -width % block)))
    batch, time, height, width = tf.unstack(tf.shape(field))
    blocks = tf.reshape(field, (batch, time, height // block, block, width // block, block))
    return tf.reduce_sum(blocks, axis=(3, 5))


def _refined(field, shape):
    """Linear interpolation from the centres of blocks to those of blocks of half the size."""

    def matrix(fine, coarse):
        place = tf.clip_by_value((tf.cast(tf.range(fine), field.dtype) - 0.5) / 2, 0, tf.cast(coarse - 1, field.dtype))
        return tf.nn.relu(1 - tf.abs(place[:, None] - tf.cast(tf.range(coarse), field.dtype)))

    return _along_space(*(matrix(shape[axis], tf.shape(field)[axis]) for axis in (2, 3)), field)


def _dot(a, b):
    return tf.reduce_sum(a * b, axis=(1, 2, 3), keepdims=True)
