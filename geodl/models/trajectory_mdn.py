"""Foraging trips step by step, by an ensemble of mixture-density networks."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.layers.step_mixture import PARAMETERS, StepMixture
from geodl.models.trip_generator import TripGenerator, stretched_turns

FEATURES = 28  # of `trip_features`
MEMORY = 0.9  # of the running mean of steps
STRETCH = 0.1  # standard deviation of the stretch of the trips to learn from
CRUISE = 0.9  # quantile of the lengths of steps, at which a late bird flies home


@keras.saving.register_keras_serializable(package="geodl")
class TrajectoryMDN(TripGenerator):
    r"""A trip so far, and how long it will last → the distribution of its next step, a `StepMixture` of each member.

    Steps are relative to the heading, the direction of the last step (at the start: to the east). To simulate, each step is
    drawn from a member at random. A bird never goes farther than it can fly home in the time left, and the last step ends at
    the colony: so trips are closed. The criterion of `compile` is `StepLikelihood`.

    Args:
        colony_lon: longitude of the colony, degrees east.
        colony_lat: its latitude, degrees north.
        step_seconds: time between two positions, seconds.
        steps: most steps of a trip.
        members: networks of the ensemble.
        width: features inside of a network.
        components: of a mixture.
        dropout: rate.
        turn: standard deviation of the turn of the trips to learn from, radians.

    Call arguments:
        trips: positions (batch, steps + 1, 2), m from the colony and back to it, NaN after the end.

    Returns:
        Parameters (batch, steps, member, component, 5) of `StepMixture`s of each step, its length in units of
        `step_length`.

    References:
        Bishop (1994), Mixture density networks, Aston University.
        Lakshminarayanan et al. (2017), Simple and scalable predictive uncertainty estimation using deep ensembles, NeurIPS.

    Example:
        >>> model = TrajectoryMDN(-77.264, -11.773, step_seconds=60, steps=20, members=2, width=8, components=3)
        >>> print(tuple(model(np.zeros((1, 21, 2), "float32")).shape))
        (1, 20, 2, 3, 5)
    """

    def __init__(
        self,
        colony_lon,
        colony_lat,
        step_seconds,
        steps=200,
        members=5,
        width=64,
        components=6,
        dropout=0.1,
        turn=0.3,
        **kwargs,
    ):
        super().__init__(colony_lon, colony_lat, step_seconds, steps, **kwargs)
        self.members, self.width = int(members), int(width)
        self.components, self.dropout, self.turn = int(components), float(dropout), float(turn)
        # One product for all members.
        dense = lambda width, **kw: keras.layers.EinsumDense("bmi,mio->bmo", (self.members, width), bias_axes="mo", **kw)  # noqa: E731
        self.hidden = [dense(self.width, activation="swish", dtype=self.dtype_policy) for _ in range(2)]
        self.hide = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)
        small = keras.initializers.RandomNormal(stddev=0.01)
        self.head = dense(self.components * PARAMETERS, kernel_initializer=small, dtype="float32")
        # Components of different lengths and turns, so that they do not all learn the same.
        self.start = np.zeros((self.components, PARAMETERS), "float32")
        self.start[:, 1] = np.linspace(-1.5, 1, self.components)
        self.start[:, 2] = -1
        self.start[:, 3] = np.linspace(0, 5, self.components)
        self.random = keras.random.SeedGenerator()

    def build(self, input_shape):
        super().build(input_shape)
        add = lambda name: self.add_weight((), "ones", name=name, trainable=False, autocast=False)  # noqa: E731
        self.cruise, self.fastest = add("cruise"), add("fastest")
        for layer, size in zip((*self.hidden, self.head), (FEATURES, self.width, self.width), strict=True):
            layer.build((None, self.members, size))

    def adapt(self, ds):
        super().adapt(ds)
        lengths = np.linalg.norm(np.diff(*self.pairs(ds), axis=1), axis=-1)
        self.cruise.assign(np.nanquantile(lengths, CRUISE))
        self.fastest.assign(np.nanmax(lengths))

    def call(self, trips, training=None):
        return self._mixture(self._teacher(trips)[0], training)

    def train_step(self, data):
        trips = ops.cast(keras.utils.unpack_x_y_sample_weight(data)[0], "float32")
        trips = stretched_turns(trips, self.turn, STRETCH, self.random)
        return super().train_step((trips, self._teacher(trips)[1]))

    def test_step(self, data):
        trips = keras.utils.unpack_x_y_sample_weight(data)[0]
        return super().test_step((trips, self._teacher(trips)[1]))

    def walk(self, durations, seed):
        origin = ops.zeros((ops.shape(durations)[0], 2))
        saved = tf.TensorArray("float32", self.steps + 1, element_shape=(None, 2)).write(0, origin)

        def body(k, position, last, before, earlier, mean, saved):
            number = ops.cast(k, "float32") + ops.zeros_like(durations)
            left = durations - number
            along, features = self._features(position, last, before, earlier, mean, number, ops.maximum(durations, number + 1))
            seeds = tf.random.split(tf.random.experimental.stateless_fold_in(seed, k), 2)
            member = tf.random.stateless_uniform(tf.shape(durations), seeds[0], 0, self.members, "int32")
            mixture = StepMixture(tf.gather(self._mixture(features), member, batch_dims=1))
            length, turn = mixture.sample(seeds[1])
            length = ops.minimum(length * self.step_length, self.fastest)
            step = length[:, None] * _turned(ops.stack([ops.cos(turn), ops.sin(turn)], axis=-1), along, 1)
            reached = position + step
            distance = ops.sqrt(ops.sum(ops.square(reached), axis=-1) + 1e-6)
            # On time at home; there, after the last step, the factor is 0.
            reached = reached * ops.minimum(self.cruise * ops.maximum(left - 1, 0) / distance, 1)[:, None]
            step = reached - position
            mean = MEMORY * mean + (1 - MEMORY) * step
            return k + 1, reached, step, last, before, mean, saved.write(k + 1, reached)

        loop = (0, *[origin] * 5, saved)
        saved = tf.while_loop(lambda k, *_: k < self.steps, body, loop, maximum_iterations=self.steps)[-1]
        return ops.transpose(saved.stack(), (1, 0, 2))

    def _teacher(self, trips):
        """Features (batch, step, 28) of real trips, lengths and turns (batch, step, 2) of steps that count, else NaN."""
        trips = ops.cast(trips, "float32")
        known = ops.isfinite(trips)
        duration = ops.sum(ops.cast(known[..., 0], "float32"), axis=1, keepdims=True) - 1
        trips = ops.where(known, trips, 0)
        steps = trips[:, 1:] - trips[:, :-1]
        number = ops.arange(self.steps, dtype="float32")[None] + 0 * duration
        past = [ops.pad(steps[:, :-lag], [[0, 0], [lag, 0], [0, 0]]) for lag in (1, 2, 3)]
        age = np.arange(self.steps)[:, None] - np.arange(self.steps) - 1
        decay = np.where(age >= 0, (1 - MEMORY) * MEMORY ** np.maximum(age, 0), 0).astype("float32")
        mean = ops.matmul(decay, steps)
        along, features = self._features(trips[:, :-1], *past, mean, number, ops.maximum(duration, number + 1))
        forward, left = ops.unstack(_turned(steps, along, -1), axis=-1)
        length = ops.sqrt(ops.square(forward) + ops.square(left) + 1.0) / self.step_length
        found = ops.stack([length, ops.arctan2(left, forward + 1e-3)], axis=-1)
        # The last step of a trip is given: it ends at the colony.
        return features, ops.where((number < duration - 1.5)[..., None], found, float("nan"))

    def _features(self, position, last, before, earlier, mean, number, duration):
        """Heading (..., 2) and features (..., 28) of a position and the steps to it (..., 2), in m, and of the time (...)."""
        number, duration = number[..., None], duration[..., None]
        start = number < 0.5
        along = ops.where(start, np.float32([1, 0]), last)
        speed = ops.sqrt(ops.sum(ops.square(along), axis=-1, keepdims=True) + 1e-6)
        along = along / speed
        speed = ops.where(start, 0, speed) / self.step_length
        distance = ops.sqrt(ops.sum(ops.square(position), axis=-1, keepdims=True) + 1e-6)
        home = _turned(-position, along, -1)
        left = duration - number
        needed = distance / (left * self.step_length)
        past = [_turned(step, along, -1) / self.step_length for step in (before, earlier, mean)]
        place = [position / self.length, distance / self.length, ops.log(1 + distance / self.step_length), along]
        way = [home / (distance + self.step_length), ops.clip(home / (left * self.step_length), -3, 3)]
        time = [number / duration, duration / self.steps, ops.log(1 + number) / 3, ops.log(left) / 3, 1 / left, 3 / (3 + left)]
        young = [ops.cast(number < k + 0.5, "float32") for k in range(3)]
        pace = [speed, ops.log(speed + 0.05), ops.log(ops.clip(needed, 0.01, 10))]
        return along, ops.concatenate(place + way + pace + past + time + young, axis=-1)

    def _mixture(self, features, training=None):
        shape = ops.shape(features)[:-1]
        hidden = ops.cast(ops.reshape(features, (-1, 1, FEATURES)), self.compute_dtype)
        hidden = ops.repeat(hidden, self.members, axis=1)
        for layer in self.hidden:
            hidden = self.hide(layer(hidden), training=training)
        return ops.reshape(self.head(hidden), (*shape, self.members, self.components, PARAMETERS)) + self.start

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.steps, self.members, self.components, PARAMETERS)

    def get_config(self):
        names = ("members", "width", "components", "dropout", "turn")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _turned(vectors, along, sign: int):
    """Vectors (..., 2) turned by the angle of unit vectors `along`: from the frame of the heading (1), or to it (-1)."""
    cosine, sine = along[..., 0], sign * along[..., 1]
    first, second = vectors[..., 0], vectors[..., 1]
    return ops.stack([cosine * first - sine * second, sine * first + cosine * second], axis=-1)
