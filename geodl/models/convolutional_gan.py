"""Foraging trips by the networks that the publication on them has."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.metrics.periodogram_score import NEAR
from geodl.models.trip_generator import SHORTEST, TripGenerator

NOISE = 256  # numbers that a trip is drawn from
STRIDE = 8  # of three layers that double the resolution
SPECTRAL = 10.0  # weight of the spectrum


@keras.saving.register_keras_serializable(package="geodl")
class ConvolutionalGAN(TripGenerator):
    r"""Noise → positions at so many times, by transposed convolutions; the yardstick for `TrajectoryGAN`.

    The critic D, convolutions too, and the generator learn from trips x and simulated ones \(\hat x\) by

    $$ L_D = \tfrac12 \left(\overline{-\log D(x)} + \overline{-\log(1 - D(\hat x))}\right), \quad
       L_G = \overline{-\log D(\hat x)} + 10\, \overline{\left(\log \frac{\overline{|F \hat x|}}{\overline{|F x|}}\right)^2} $$

    F being the Fourier transform in time. Both networks take their steps at once. Nothing makes a trip return: it ends with its
    last position beyond 1 km of the colony, from where `sample` puts it home in one step.

    Args:
        colony_lon: longitude of the colony, degrees east.
        colony_lat: its latitude, degrees north.
        step_seconds: time between two positions, seconds.
        steps: most steps of a trip, a multiple of 8.
        scale: farthest that a position can be, in each direction, m.

    Call arguments:
        noise: (batch, 256), normal.

    Returns:
        Positions (batch, steps, 2), m.

    Raises:
        ValueError: `steps` is not a multiple of 8.

    References:
        Roy et al. (2022), Using generative adversarial networks (GAN) to simulate central-place foraging trajectories,
        Methods in Ecology and Evolution 13.

    Example:
        >>> model = ConvolutionalGAN(-77.264, -11.773, step_seconds=60, steps=24)
        >>> print(tuple(model(np.zeros((2, 256), "float32")).shape))
        (2, 24, 2)
    """

    def __init__(self, colony_lon, colony_lat, step_seconds, steps=200, scale=5e4, **kwargs):
        super().__init__(colony_lon, colony_lat, step_seconds, steps, **kwargs)
        self.scale = float(scale)
        if self.steps % STRIDE:
            raise ValueError(f"Expected a multiple of {STRIDE} steps; found {steps}.")
        self.generator, self.critic = _generator(self.steps, self.dtype_policy), _critic(self.steps, self.dtype_policy)
        self.random = keras.random.SeedGenerator()
        self.followed = {name: keras.metrics.Mean(name=name) for name in ("loss", "critic_loss", "spectral")}

    sizes = (NOISE,)

    def build(self, input_shape):
        super().build(input_shape)
        self.generator.build((None, 1, NOISE))
        self.critic.build((None, self.steps, 2))

    def call(self, noise, training=None):
        return self.scale * ops.cast(self.generator(noise[:, None], training=training), "float32")

    def simulate(self, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        walk = np.array(self.walk(np.zeros(n), (seed, 0)))
        durations = (walk.any(axis=-1) * np.arange(self.steps + 1)).max(axis=1) + 1
        return np.array(self.matching(walk, durations)), durations

    def walk(self, durations, seed):
        """As many trips as there are durations; how long they last is up to the network."""
        noise = tf.random.stateless_normal((tf.shape(durations)[0], NOISE), seed)
        trips = ops.pad(self(noise), [[0, 0], [0, 1], [0, 0]])
        number = ops.arange(self.steps + 1, dtype="float32")
        far = ops.sum(ops.square(trips), axis=-1) > NEAR**2
        last = ops.max(ops.where(far, number, SHORTEST - 1), axis=1, keepdims=True)
        return ops.where(((number > 0) & (number <= last))[..., None], trips, 0)

    def train_step(self, data):
        trips = ops.cast(keras.utils.unpack_x_y_sample_weight(data)[0], "float32")[:, : self.steps]
        # Not finite after the end: not far either.
        real = ops.where(ops.sum(ops.square(trips), axis=-1, keepdims=True) > NEAR**2, trips / self.scale, 0)
        noise = keras.random.normal((ops.shape(real)[0], NOISE), seed=self.random)
        with tf.GradientTape(persistent=True) as tape:
            simulated = ops.cast(self.generator(noise[:, None], training=True), "float32")
            looks_real, looks_false = self._judged(real), self._judged(ops.stop_gradient(simulated))
            critic_loss = (ops.mean(ops.softplus(-looks_real)) + ops.mean(ops.softplus(looks_false))) / 2
            spectral = ops.mean(ops.square(_log_amplitude(simulated) - _log_amplitude(real)))
            loss = ops.mean(ops.softplus(-self._judged(simulated))) + SPECTRAL * spectral
        pairs = ((loss, self.generator), (critic_loss, self.critic))
        weights = [weight for _, network in pairs for weight in network.trainable_variables]
        gradients = [each for part, network in pairs for each in tape.gradient(part, _values(network))]
        self.optimizer.apply(gradients, weights)
        for name, value in zip(self.followed, (loss, critic_loss, spectral), strict=True):
            self.followed[name].update_state(value)
        return {name: mean.result() for name, mean in self.followed.items()}

    @property
    def metrics(self):
        return list(self.followed.values())

    def _judged(self, series):
        return ops.cast(self.critic(series, training=True), "float32")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.steps, 2)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def _generator(steps: int, dtype) -> keras.Sequential:
    """Noise (batch, 1, 256) → series (batch, steps, 2) in (-1, 1)."""
    first = keras.layers.Conv1DTranspose(128, steps // STRIDE, **_settings(dtype))
    up = lambda width: keras.layers.Conv1DTranspose(width, 4, strides=2, padding="same", **_settings(dtype))  # noqa: E731
    convolution = lambda width: keras.layers.Conv1D(width, 3, padding="same", **_settings(dtype))  # noqa: E731
    layers = []
    for layer in (first, up(64), up(32), up(16), convolution(8)):
        layers += [layer, _normalization(dtype), keras.layers.ReLU(dtype=dtype)]
    return keras.Sequential([*layers, convolution(2), keras.layers.Activation("tanh", dtype=dtype)])


def _critic(steps: int, dtype) -> keras.Sequential:
    """Series (batch, steps, 2) → the logarithm (batch, 1, 1) of the odds that they are real."""
    layers = []
    for width, kernel, stride in ((8, 3, 1), (16, 3, 1), (32, 4, 2), (64, 4, 2), (128, 4, 2)):
        layers.append(keras.layers.Conv1D(width, kernel, strides=stride, padding="same", **_settings(dtype)))
        layers += [_normalization(dtype), keras.layers.LeakyReLU(0.2, dtype=dtype)]
    return keras.Sequential([*layers, keras.layers.Conv1D(1, steps // STRIDE, **_settings(dtype))])


def _normalization(dtype) -> keras.layers.Layer:
    return keras.layers.BatchNormalization(momentum=0.9, dtype=dtype)


def _settings(dtype) -> dict:
    return {"use_bias": False, "kernel_initializer": keras.initializers.RandomNormal(stddev=0.02), "dtype": dtype}


def _log_amplitude(series):
    """Logarithm of the mean over a batch (batch, step, 2) of the modulus of its Fourier transform: (2, frequency)."""
    # Shifted, because the derivative of a modulus is not finite at the origin.
    power = ops.sum(ops.square(ops.stack(ops.rfft(ops.transpose(series, (0, 2, 1))))), axis=0)
    return ops.log(ops.mean(ops.sqrt(power + 1e-12), axis=0) + 1e-6)


def _values(network):
    return [weight.value for weight in network.trainable_variables]
