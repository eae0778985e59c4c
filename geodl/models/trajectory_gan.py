"""Foraging trips by a generative adversarial network."""

import math

import keras
import tensorflow as tf
from keras import ops

from geodl.layers.bridge import Bridge
from geodl.layers.trip_critic import TripCritic
from geodl.layers.trip_decoder import STRIDES, TripDecoder
from geodl.models.trip_generator import TripGenerator, stretched_turns

STRETCH = 0.05  # standard deviation of the stretch of the trips to learn from
MOMENTUM = 0.99  # of the running mean of the generator's weights


@keras.saving.register_keras_serializable(package="geodl")
class TrajectoryGAN(TripGenerator):
    r"""Noise → trips that start and end at the colony.

    A `TripDecoder` gives steps, a `Bridge` closes the trip. It learns from a `TripCritic` C and from the criterion D of
    `compile`, a `TripLoss`:

    $$ L_C = \overline{(1 - C(x))_+} + \overline{(1 + C(\hat x))_+}, \quad L_G = -\overline{C(\hat x)} + D(x, \hat x) $$

    Real trips x are turned and stretched a little at random, so that the few that there are are not learned by heart. Trips
    are drawn from the running mean of the generator's weights. Distributions are compared, so give `fit` all trips at once,
    or many.

    Args:
        colony_lon: longitude of the colony, degrees east.
        colony_lat: its latitude, degrees north.
        step_seconds: time between two positions, seconds.
        steps: most steps of a trip, a multiple of 4.
        trip_noise: numbers that a trip as a whole is drawn from.
        width: channels of the generator.
        simulated: trips that are simulated for each batch.
        turn: standard deviation of the turn of the trips to learn from, radians.

    Call arguments:
        noise: (batch, 1 + trip_noise + 3 steps), normal; the first one sets the duration.

    Returns:
        Positions (batch, steps + 1, 2), m, zero from the end of a trip on.

    References:
        Roy et al. (2022), Using generative adversarial networks (GAN) to simulate central-place foraging trajectories,
        Methods in Ecology and Evolution 13.

    Example:
        >>> model = TrajectoryGAN(-77.264, -11.773, step_seconds=60, steps=20, trip_noise=4, width=8)
        >>> print(tuple(model(np.zeros((2, 1 + 4 + 3 * 20), "float32")).shape))
        (2, 21, 2)
    """

    def __init__(
        self, colony_lon, colony_lat, step_seconds, steps=200, trip_noise=32, width=48, simulated=64, turn=0.4, **kwargs
    ):
        super().__init__(colony_lon, colony_lat, step_seconds, steps, **kwargs)
        self.trip_noise, self.width, self.simulated = int(trip_noise), int(width), int(simulated)
        self.turn = float(turn)
        dtype = self.dtype_policy
        self.generator = TripDecoder(self.steps, self.width, dtype=dtype)
        self.average = TripDecoder(self.steps, self.width, dtype=dtype)
        self.critic = TripCritic(dtype=dtype)
        self.bridge = Bridge(dtype="float32")
        self.random = keras.random.SeedGenerator()
        names = ("loss", "critic_loss", "spectral", "wasserstein", "generator_gradient", "critic_gradient")
        self.followed = {name: keras.metrics.Mean(name=name) for name in names}

    def build(self, input_shape):
        super().build(input_shape)
        for network in (self.generator, self.average):
            network.build((None,), (None, self.trip_noise), (None, self.steps, len(STRIDES)))
        self.average.set_weights(self.generator.get_weights())
        self.average.trainable = False  # set when its weights are there: it reaches each of them
        self.critic.build((None, self.steps + 1, 2), (None, self.steps, 2), (None,))

    def call(self, noise):
        return self.matching(*self._trips(noise, self.average))

    def train_step(self, data):
        real = ops.cast(keras.utils.unpack_x_y_sample_weight(data)[0], "float32")
        real = stretched_turns(real, self.turn, STRETCH, self.random)
        noise = keras.random.normal((self.simulated, self.noise_size), seed=self.random)
        with tf.GradientTape(persistent=True) as tape:
            walk, duration = self._trips(noise, self.generator)
            trips = ended(self.matching(walk, duration), duration)
            looks_real = self._judged(real, training=True)
            looks_false = self._judged(ops.stop_gradient(trips))
            critic_loss = ops.mean(ops.relu(1 - looks_real)) + ops.mean(ops.relu(1 + looks_false))
            spectral, wasserstein = self.loss.parts(real, trips)
            loss = self.loss.spectral * spectral + self.loss.wasserstein * wasserstein - ops.mean(self._judged(trips))
        gradients = _gradients(tape, loss, self.generator)
        critic_gradients = _gradients(tape, critic_loss, self.critic)
        weights = [*self.generator.trainable_variables, *self.critic.trainable_variables]
        self.optimizer.apply([*gradients, *critic_gradients], weights)
        for mean, weight in zip(self.average.weights, self.generator.weights, strict=True):
            mean.assign(MOMENTUM * mean + (1 - MOMENTUM) * weight)
        norms = [tf.linalg.global_norm(each) for each in (gradients, critic_gradients)]
        return self._follow(dict(zip(self.followed, (loss, critic_loss, spectral, wasserstein, *norms), strict=True)))

    def test_step(self, data):
        """The distance between the given trips and simulated ones."""
        real = ops.cast(keras.utils.unpack_x_y_sample_weight(data)[0], "float32")
        noise = tf.random.stateless_normal((self.simulated, self.noise_size), seed=(0, 0))
        walk, duration = self._trips(noise, self.average)
        spectral, wasserstein = self.loss.parts(real, ended(self.matching(walk, duration), duration))
        loss = self.loss.spectral * spectral + self.loss.wasserstein * wasserstein
        return self._follow({"loss": loss, "spectral": spectral, "wasserstein": wasserstein})

    @property
    def sizes(self):
        return (self.noise_size,)

    @property
    def noise_size(self) -> int:
        """Numbers that a trip is made of."""
        return 1 + self.trip_noise + len(STRIDES) * self.steps

    @property
    def metrics(self):
        return list(self.followed.values())

    def walk(self, durations, seed):
        noise = tf.random.stateless_normal((tf.shape(durations)[0], self.noise_size), seed)
        return self._walk(durations, noise, self.average)

    def _trips(self, noise, network):
        noise = ops.cast(noise, "float32")
        # The first one is normal, its distribution function uniform.
        duration = self.duration_of((1 + ops.erf(noise[:, 0] / math.sqrt(2))) / 2)
        return self._walk(duration, noise, network), duration

    def _walk(self, duration, noise, network):
        of_steps = ops.reshape(noise[:, 1 + self.trip_noise :], (-1, self.steps, len(STRIDES)))
        steps = network(duration, noise[:, 1 : 1 + self.trip_noise], of_steps)
        return self.bridge(self.step_length * ops.cast(steps, "float32"), duration)

    def _judged(self, trips, training=False):
        known = ops.isfinite(trips[..., 0])
        duration = ops.sum(ops.cast(known, "float32"), axis=1) - 1
        trips = ops.where(known[..., None], trips, 0)
        steps = trips[:, 1:] - trips[:, :-1]
        return ops.cast(self.critic(trips / self.length, steps / self.step_length, duration, training=training), "float32")

    def _follow(self, values: dict) -> dict:
        for name, value in values.items():
            self.followed[name].update_state(value)
        return {name: self.followed[name].result() for name in values}

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.steps + 1, 2)

    def get_config(self):
        settings = {"trip_noise": self.trip_noise, "width": self.width, "simulated": self.simulated, "turn": self.turn}
        return {**super().get_config(), **settings}


def ended(walk, duration):
    """Positions (trip, step + 1, 2), NaN after the end of each trip."""
    number = ops.arange(ops.shape(walk)[1], dtype="float32")
    return ops.where((number[None] <= ops.cast(duration, "float32")[:, None])[..., None], walk, float("nan"))


def _gradients(tape, loss, network):
    return tape.gradient(loss, [weight.value for weight in network.trainable_variables])
