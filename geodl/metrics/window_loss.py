"""The criterion of assimilation: squared error of the mean, and a proper score for its standard deviation."""

import math

import keras
from keras import ops


def gaussian_crps(mean, standard_deviation, truth):
    r"""Continuous ranked probability score of a Gaussian.

    $$ \sigma\,[z\,(2\Phi(z) - 1) + 2\varphi(z) - \pi^{-1/2}], \quad z = (x - \mu)/\sigma $$

    Args:
        mean: \(\mu\), any shape.
        standard_deviation: \(\sigma\), of the same shape.
        truth: \(x\), of the same shape.

    Returns:
        Of the same shape and in the units of the truth: 0 for a perfect forecast, \(|x - \mu|\) for one without spread.

    References:
        Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102.

    Example:
        >>> print(round(float(gaussian_crps(np.float32(0), np.float32(1), np.float32(0))), 4))
        0.2337
    """
    z = (truth - mean) / standard_deviation
    density = ops.exp(-ops.square(z) / 2) / math.sqrt(2 * math.pi)
    return standard_deviation * (z * ops.erf(z / math.sqrt(2)) + 2 * density - 1 / math.sqrt(math.pi))


@keras.saving.register_keras_serializable(package="geodl")
class WindowLoss(keras.losses.Loss):
    r"""Squared error of the mean, and CRPS, which teaches the standard deviation alone.

    $$ \overline{(\mu - x)^2} / s^2 + \overline{\mathrm{CRPS}(\mu, \sigma; x)} / s $$

    Where the truth is NaN, as on land, the loss is 0.

    Args:
        scale: \(s\), about the standard deviation of the states.
        noise: variance of the errors of a truth that is itself observed; \(\sigma^2\) is that of the state without them.

    Call arguments:
        truth: states (batch, time, component), or fields (batch, time, y, x).
        estimate: (batch, ..., 2), mean and standard deviation.

    Example:
        >>> estimate = np.stack([np.zeros((1, 5, 3)), np.ones((1, 5, 3))], axis=-1)
        >>> print(round(float(WindowLoss()(np.zeros((1, 5, 3)), estimate)), 4))
        0.2337
    """

    def __init__(self, scale=1.0, noise=0.0, name="window_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.scale, self.noise = float(scale), float(noise)

    def call(self, truth, estimate):
        mean, deviation = estimate[..., 0], estimate[..., 1]
        known = ops.isfinite(truth)
        truth = ops.where(known, truth, ops.stop_gradient(mean))
        squares = ops.square(mean - truth) / self.scale**2
        if self.noise:
            deviation = ops.sqrt(ops.square(deviation) + self.noise)
        crps = gaussian_crps(ops.stop_gradient(mean), deviation, truth) / self.scale
        return squares + ops.where(known, crps, 0)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "noise": self.noise}


@keras.saving.register_keras_serializable(package="geodl")
def window_mse(truth, estimate):
    """Mean squared error of the mean of an estimate (batch, ..., 2), where the truth is known.

    Example:
        >>> estimate = np.float32([[[1.0, 9.0], [5.0, 9.0]]])
        >>> print(np.array(window_mse(np.float32([[3.0, np.nan]]), estimate)))
        [4.]
    """
    known = ops.isfinite(truth)
    squares = ops.square(ops.where(known, estimate[..., 0] - ops.where(known, truth, 0), 0))
    axes = tuple(range(1, len(squares.shape)))
    return ops.sum(squares, axis=axes) / ops.maximum(ops.sum(ops.cast(known, squares.dtype), axis=axes), 1)
