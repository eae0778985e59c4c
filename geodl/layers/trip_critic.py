"""How real foraging trips look."""

import keras
from keras import ops

from geodl.layers.minibatch_deviation import MinibatchDeviation
from geodl.layers.trip_decoder import PHASES, trip_phase

TRACKS = 7  # features of a position: where, the step to it, its length, and the turn


@keras.saving.register_keras_serializable(package="geodl")
class TripCritic(keras.layers.Layer):
    r"""A score of each trip: convolutions over positions, steps and turns, and how much the trips of the batch differ.

    Every map is divided by its spectral norm, so that the score is Lipschitz continuous.

    Args:
        width: channels of the first convolution.

    Call arguments:
        positions: (batch, step + 1, 2), of the order of one, 0 after the end of a trip.
        steps: (batch, step, 2) between them, of the order of one.
        duration: number of steps (batch,) of each trip.

    Returns:
        (batch, 1).

    References:
        Miyato et al. (2018), Spectral normalization for generative adversarial networks, ICLR.

    Example:
        >>> steps = np.random.default_rng(0).standard_normal((4, 20, 2)).astype("float32")
        >>> positions = np.concatenate([np.zeros((4, 1, 2), "float32"), steps.cumsum(axis=1)], axis=1)
        >>> print(tuple(TripCritic(width=8)(positions, steps, np.full(4, 20, "float32")).shape))
        (4, 1)
    """

    def __init__(self, width=32, **kwargs):
        super().__init__(**kwargs)
        self.width = int(width)
        dtype = self.dtype_policy
        normal = lambda layer: keras.layers.SpectralNormalization(layer, dtype=dtype)  # noqa: E731
        self.convolutions = [
            normal(keras.layers.Conv1D(width, 5, strides=2, padding="same", activation="leaky_relu", dtype=dtype))
            for width in (self.width, 3 * self.width // 2, 2 * self.width, 2 * self.width)
        ]
        self.deviation = MinibatchDeviation(dtype=dtype)
        self.hidden = normal(keras.layers.Dense(2 * self.width, activation="leaky_relu", dtype=dtype))
        self.score = normal(keras.layers.Dense(1, dtype=dtype))

    def build(self, positions_shape, steps_shape, duration_shape):
        before = TRACKS + PHASES
        for convolution in self.convolutions:
            convolution.build((None, None, before))
            before = convolution.layer.filters
        self.hidden.build((None, 2 * before + 1))
        self.score.build((None, 2 * self.width))

    def call(self, positions, steps, duration, training=None):
        phase = trip_phase(duration, steps.shape[1])
        length = ops.sqrt(ops.sum(ops.square(steps), axis=-1, keepdims=True) + 1e-4)
        direction = steps / length
        before = ops.pad(direction[:, :-1], [[0, 0], [1, 0], [0, 0]])
        cosine = ops.sum(direction * before, axis=-1, keepdims=True)
        sine = direction[..., 1:] * before[..., :1] - direction[..., :1] * before[..., 1:]
        tracks = ops.concatenate([positions[:, 1:], steps, length, cosine, sine], axis=-1)
        inside = ops.cast(phase[..., :1], tracks.dtype)
        x = ops.concatenate([ops.cast(part, self.compute_dtype) for part in (tracks * inside, phase)], axis=-1)
        for convolution in self.convolutions:
            x = convolution(x, training=training)
        x = self.deviation(ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1)], axis=-1))
        return self.score(self.hidden(x, training=training), training=training)

    def compute_output_shape(self, positions_shape, steps_shape, duration_shape):
        return (positions_shape[0], 1)

    def get_config(self):
        return {**super().get_config(), "width": self.width}
