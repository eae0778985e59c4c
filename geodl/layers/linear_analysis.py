"""The best linear estimate of a field with gaps, and its error: the first guess of every network here."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.layers.covariance_fit import fit_covariance, fit_two_covariances
from geodl.layers.error_smoothing import SAMPLES, smoothed_apart
from geodl.layers.grid_interpolation import GridInterpolation
from geodl.layers.orthogonal_functions import lagged_covariances, orthogonal_functions
from geodl.layers.overlapping_pieces import overlapping_pieces

# Over a longer series windows are moved by this share of their length.
_WINDOWS_OVER_EACH = 4
CELLS_AT_ONCE = 5_000_000  # of the local interpolation of a large series
MARGIN, MOST_MARGIN = 3.0, 100  # what its pieces share, in scales of the covariance and in cells
TIMES_AT_ONCE = 200  # of a long series with gaps
LEAST_NOISE = 0.01  # over the variance, of covariances that are fitted to data with gaps
ENOUGH_INDEPENDENT = 3  # errors, to tell half of (the logarithm of) a factor


@keras.saving.register_keras_serializable(package="geodl")
class LinearAnalysis(keras.layers.Layer):
    r"""Reduced-space optimal interpolation on empirical orthogonal functions, then local interpolation of the residual.

    $$ \mathbf x_t = \bar{\mathbf x} + E\, \mathbf a_t + \mathbf e_t, \quad
       \mathrm{cov}(\mathbf a_{t + l}, \mathbf a_t) = C_l = A^l C_0, \quad l = 0 \dots D - 1 $$

    The amplitudes of a window of D times are estimated together, with what the modes leave out as noise; \(\mathbf e\) is
    estimated by `GridInterpolation`. Without modes it is optimal interpolation, on any grid.

    Args:
        modes: number of orthogonal functions; 0 for none.
        lags: D.
        grid: (rows, columns) of the mean and the modes; a mean that is one number fits any grid.
        tolerance: of the `GridInterpolation`.

    Call arguments:
        observations: (batch, time, y, x), NaN where missing.

    Returns:
        Estimate and standard deviation of its error (batch, time, y, x).

    Raises:
        ValueError: modes without a grid.

    References:
        Kaplan et al. (1997), Reduced space optimal analysis for historical data sets, Journal of Geophysical Research 102.

    Example:
        >>> series = np.cumsum(np.random.default_rng(0).standard_normal((60, 6, 8)), axis=0).astype("float32")
        >>> layer = LinearAnalysis(modes=3, lags=4, grid=(6, 8))
        >>> layer.adapt(series, noise=0.1)
        >>> estimate, deviation = layer(series[None, :4])
        >>> print(tuple(estimate.shape))
        (1, 4, 6, 8)
    """

    def __init__(self, modes=0, lags=1, grid=None, tolerance=1e-4, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.modes, self.lags, self.tolerance = int(modes), int(lags), float(tolerance)
        self.grid = None if grid is None else tuple(int(size) for size in grid)
        if self.modes and self.grid is None:
            raise ValueError("Modes need a `grid`.")
        shape = self.grid or (1, 1)
        add = lambda name, shape: self.add_weight(shape, "zeros", name=name, trainable=False, autocast=False)  # noqa: E731
        self.mean = add("mean", shape)
        self.eofs, self.lagged = add("eofs", (self.modes, *shape)), add("lagged", (self.lags, self.modes, self.modes))
        self.noise = add("noise", ())  # of the observations, with what the modes leave out
        self.mean_variance = add("mean_variance", shape)  # of the error of the mean
        self.local = GridInterpolation((0, 1, 1), (0, 1, 1), (0, 1, 1), 1.0, 1.0, self.tolerance, dtype=self.dtype_policy)

    def adapt(self, fields: np.ndarray, noise: float | None = None) -> None:
        """Takes mean, modes and covariances from a series of fields (time, y, x).

        Args:
            fields: of consecutive times, NaN on land. Gaps are allowed, for which the modes need a long series: each pair of
                pixels must have been seen together many times. Without modes `adapt_with_gaps` does the work there.
            noise: variance of the errors of observations, where it is known; else it is fitted. Fields without gaps are taken
                for the truth.
        """
        seen = np.isfinite(fields)
        count = seen.sum(axis=0)
        gaps = len(fields) == 1 or bool(((count > 0) & (count < len(fields))).any())
        if gaps and not self.modes:
            return self.adapt_with_gaps(fields)
        mean = np.where(seen, fields, 0).sum(axis=0) / np.maximum(count, 1)
        overall = fields[seen].mean()
        self.mean.assign(np.broadcast_to(overall if self.grid is None else np.where(count > 0, mean, overall), self.mean.shape))
        residual, sea = fields - self.mean.numpy(), count > 0
        left = 0.0
        if self.modes:
            if gaps and noise is None:
                noise = fit_covariance(residual)["noise"]
            eofs, same, next_, left = orthogonal_functions(residual[:, sea], self.modes, noise if gaps else 0.0)
            self.eofs.assign(np.stack([_on_grid(eof, sea) for eof in eofs]))
            self.lagged.assign(lagged_covariances(same, next_, self.lags))
            self.noise.assign((noise or 0.0) + 2 * left)
            residual = residual - self._modes_of(residual, gaps)
        fitted = fit_covariance(residual)
        noise = max(fitted["noise"] if noise is None else noise, 1e-3 * fitted["variance"])
        if gaps:  # what the modes explain of the data is more than what they explain of the field
            fitted["variance"] = left
        self.local.assign(**{**fitted, "noise": noise})
        # Twice what is left: its errors are not independent from pixel to pixel.
        self.noise.assign(noise + 2 * left)

    def _modes_of(self, anomalies, gaps):
        """Part of a series (time, y, x) that the modes explain, NaN where it is."""
        if gaps:
            found = [self._reduced(tf.constant(part[None], self.variable_dtype))[0][0] for part in _parts(anomalies)]
            return np.concatenate(found)
        eofs = self.eofs.numpy().reshape(self.modes, -1)
        flat = anomalies.reshape(len(anomalies), -1)
        return (np.nan_to_num(flat) @ eofs.T @ eofs).reshape(anomalies.shape)

    def adapt_with_gaps(self, series: np.ndarray, fit=fit_two_covariances) -> None:
        """Takes mean and covariances from a series (time, y, x) with gaps, of which the mean of a pixel is not known.

        The mean is the optimal interpolation of what does not change in time; in a single field it is one number.

        Args:
            series: NaN where missing.
            fit: of the covariances: `fit_two_covariances`, or `fit_likelihood`, which needs fewer observations.
        """
        overall = series[np.isfinite(series)].mean()
        constant, changing = fit(series - overall)
        mean, variance = np.float32(overall), np.float32(0)
        if constant is not None:
            # The mean of a pixel in time, which has been observed more or less often.
            count = np.isfinite(series).sum(axis=0).astype("float32")
            residual = np.nansum(series - overall, axis=0) / np.where(count > 0, count, np.nan)
            both = np.stack([residual, np.where(count > 0, 1, np.nan)])[:, None]
            found, known = GridInterpolation(**constant).solve(both, np.broadcast_to(count, both.shape))[0][:, 0].numpy()
            mean, variance = mean + found, constant["variance"] * (1 - np.clip(known, 0, 1))
        self.mean.assign(np.broadcast_to(mean, self.mean.shape))
        self.mean_variance.assign(np.broadcast_to(variance, self.mean.shape))
        # Less noise than that would not be seen in the result, but in the number of iterations.
        self.local.assign(**{**changing, "noise": max(changing["noise"], LEAST_NOISE * changing["variance"])})

    def call(self, observations):
        anomalies = ops.cast(observations, self.variable_dtype) - self.mean
        estimate, variance = tf.zeros_like(anomalies), tf.zeros_like(anomalies)
        if self.modes:
            estimate, variance = self._reduced(anomalies)
        residual = anomalies - estimate
        left = self._local_variance(tf.math.is_finite(residual), self.mean_variance)
        return self.mean + estimate + self.local(residual), tf.sqrt(variance + left)

    def of_series(self, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Estimate and standard deviation (time, y, x) of a series of any size, in pieces that overlap where it is large."""
        if self.modes:
            return tuple(field[0].numpy() for field in self(tf.constant(series[None], self.variable_dtype)))
        mean, mean_variance = (np.broadcast_to(field.numpy(), series.shape[1:]) for field in (self.mean, self.mean_variance))
        estimate, variance = np.zeros((2, *series.shape), "float32")
        scales = self.local.covariance.numpy()[[1, 4, 7]]
        margins = tuple(min(math.ceil(MARGIN * scale), MOST_MARGIN) for scale in scales)
        for piece, weights in overlapping_pieces(series.shape, margins, CELLS_AT_ONCE):
            anomalies = tf.constant((series[piece] - mean[piece[1:]])[None], self.variable_dtype)
            estimate[piece] += weights * self.local(anomalies)[0].numpy()
            left = self._local_variance(tf.math.is_finite(anomalies), tf.constant(mean_variance[piece[1:]]))
            variance[piece] += weights * left[0].numpy()
        estimate += mean
        return estimate, np.sqrt(variance, out=variance)

    def calibration(self, factor: float, cells: int) -> float:
        """What errors at so many withheld cells tell of a factor of the standard deviation.

        The fewer of them are independent, the nearer it is to 1: those within a scale of the covariance count as one.
        """
        independent = cells / np.maximum(self.local.covariance.numpy()[[1, 4, 7]], 1).prod()
        return factor ** (independent / (independent + ENOUGH_INDEPENDENT))

    def _local_variance(self, seen, mean_variance):
        """Variance of the errors of the local interpolation: of random fields, averaged over half a scale of the covariance.

        Pixels that are seen and those that are not are averaged apart.
        """
        squares = tf.zeros(tf.shape(seen), self.variable_dtype)
        for sample in range(SAMPLES):  # one by one, which needs less memory
            mean_error = (-1) ** sample * tf.sqrt(mean_variance)
            squares += self.local.sampled_errors(seen, mean_error, seed=sample) ** 2 / SAMPLES
        return smoothed_apart(squares, tf.cast(seen, squares.dtype), (self.local.covariance[4], self.local.covariance[7]))

    def _reduced(self, anomalies):
        """Part of the field that the modes span, and the variance of its error (batch, time, y, x)."""
        batch, length, rows, columns = tf.unstack(tf.shape(anomalies))
        flat = tf.reshape(anomalies, (batch, length, rows * columns))
        seen = tf.math.is_finite(flat)
        eofs = tf.reshape(self.eofs.value, (self.modes, rows * columns))
        pairs = tf.reshape(eofs[:, None] * eofs, (self.modes**2, rows * columns))
        information = tf.reshape(
            tf.einsum("bts,ks->btk", tf.cast(seen, flat.dtype), pairs), (batch, length, self.modes, self.modes)
        )
        data = tf.einsum("bts,ks->btk", tf.where(seen, flat, tf.zeros_like(flat)), eofs)

        window = tf.minimum(self.lags, length)
        stride = tf.maximum(window // _WINDOWS_OVER_EACH, 1)
        starts = tf.minimum(tf.range(0, length - window + stride, stride), length - window)
        times = starts[:, None] + tf.range(window)
        amplitudes, covariances = self._windows(
            tf.gather(information, times, axis=1) / self.noise, tf.gather(data, times, axis=1) / self.noise
        )
        # Where windows overlap, what is in the middle of one counts more.
        place = tf.range(window)
        weight = tf.cast(tf.minimum(place + 1, window - place), flat.dtype) ** 2
        total = tf.math.unsorted_segment_sum(tf.tile(weight, [tf.size(starts)]), tf.reshape(times, [-1]), length)

        def blend(values):
            """(batch, start, time, …) to (batch, time, mode · …)."""
            values = tf.reshape(values, (batch, tf.size(times), -1)) * tf.tile(weight, [tf.size(starts)])[:, None]
            summed = tf.math.unsorted_segment_sum(tf.transpose(values, (1, 0, 2)), tf.reshape(times, [-1]), length)
            return tf.transpose(summed / total[:, None, None], (1, 0, 2))

        estimate = tf.einsum("btk,ks->bts", blend(amplitudes), eofs)
        variance = tf.nn.relu(tf.einsum("btk,ks->bts", blend(covariances), pairs))
        return tf.reshape(estimate, tf.shape(anomalies)), tf.reshape(variance, tf.shape(anomalies))

    def _windows(self, information, data):
        """Amplitudes (batch, start, time, mode) of windows, and their covariances (batch, start, time, mode, mode)."""
        batch, starts, window, modes = tf.unstack(tf.shape(data))
        lag = tf.range(window)[:, None] - tf.range(window)
        later = tf.gather(self.lagged.value, tf.abs(lag))
        prior = tf.where((lag >= 0)[..., None, None], later, tf.linalg.matrix_transpose(later))
        size = window * modes
        prior = tf.reshape(tf.transpose(prior, (0, 2, 1, 3)), (size, size))
        # With C = L L', P = L (I + L' N L)⁻¹ L': no inverse of C is needed, and what is inverted is at least the identity.
        jitter = 1e-6 * tf.reduce_max(tf.linalg.diag_part(prior))
        root = tf.cast(tf.linalg.cholesky(tf.cast(prior + jitter * tf.eye(size, dtype=data.dtype), "float64")), data.dtype)
        weighted = tf.einsum("bsukl,ulj->bsukj", information, tf.reshape(root, (window, modes, size)))
        weighted = tf.reshape(weighted, (batch * starts, size, size))
        system = tf.eye(size, dtype=data.dtype) + tf.matmul(
            tf.broadcast_to(root, tf.shape(weighted)), weighted, transpose_a=True
        )
        transposed = tf.broadcast_to(tf.transpose(root), tf.shape(weighted))
        half = tf.linalg.triangular_solve(tf.linalg.cholesky(system), transposed)  # P = X' X
        right = tf.matmul(half, tf.reshape(data, (batch * starts, size, 1)))
        amplitudes = tf.reshape(tf.matmul(half, right, transpose_a=True), (batch, starts, window, modes))
        half = tf.reshape(half, (batch, starts, size, window, modes))
        return amplitudes, tf.einsum("bsiuk,bsiul->bsukl", half, half)

    def compute_output_shape(self, input_shape):
        return input_shape, input_shape

    def get_config(self):
        settings = {"modes": self.modes, "lags": self.lags, "grid": self.grid, "tolerance": self.tolerance}
        return {**super().get_config(), **settings}


def _on_grid(values: np.ndarray, sea: np.ndarray) -> np.ndarray:
    """Values of the pixels of the sea as a field, 0 on land."""
    field = np.zeros(sea.shape, values.dtype)
    field[sea] = values
    return field


def _parts(series: np.ndarray) -> list[np.ndarray]:
    return np.array_split(series, max(1, len(series) // TIMES_AT_ONCE))
