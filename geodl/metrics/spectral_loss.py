"""Do simulated series have the spectrum of the real ones?"""

import keras
import tensorflow as tf
from keras import ops


def mean_periodogram(series):
    r"""Mean over the batch of \(|\hat x(f)|^2\).

    Args:
        series: (batch, step, component).

    Returns:
        (frequency, component), from 0 to the Nyquist frequency.
    """
    spectrum = tf.signal.rfft(ops.transpose(ops.cast(series, "float32"), (0, 2, 1)))
    return ops.transpose(ops.mean(ops.square(tf.math.real(spectrum)) + ops.square(tf.math.imag(spectrum)), axis=0))


@keras.saving.register_keras_serializable(package="geodl")
class SpectralLoss(keras.losses.Loss):
    r"""Mean over frequencies and components of the squared logarithm of the ratio of two mean periodograms:

    $$ \overline{\left(\log \frac{S(f) + \epsilon}{\hat S(f) + \epsilon}\right)^2} $$

    Call arguments:
        real: series (batch, step, component), 0 after their end.
        simulated: another batch of them; its size may differ.

    References:
        Roy et al. (2022), Using generative adversarial networks (GAN) to simulate central-place foraging trajectories,
        Methods in Ecology and Evolution 13.

    Example:
        >>> trips = np.random.default_rng(0).normal(size=(8, 20, 2)).astype("float32")
        >>> print(np.array(SpectralLoss()(trips, np.e * trips)).round(3))
        4.0
    """

    def __init__(self, epsilon=1e-12, name="spectral_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.epsilon = float(epsilon)

    def call(self, real, simulated):
        ratio = ops.log(mean_periodogram(real) + self.epsilon) - ops.log(mean_periodogram(simulated) + self.epsilon)
        return ops.square(ratio)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
