"""Convolutions on a one-dimensional grid that stay fast inside compiled time loops."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class StencilNetwork(keras.layers.Layer):
    r"""Convolutions on a periodic grid, written as shifts and matrix products.

    $$ h^{l}_i = \tanh\Big(\sum_{|j| \le r} W^l_j\, h^{l-1}_{i+j} + b^l\Big), \qquad
       y_i = \sum_{|j| \le r} W_j h^{L}_{i+j} + b $$

    The same as `keras.layers.Conv1D` with periodic padding, whose gradient inside a compiled loop is ten times slower on a CPU.

    Args:
        channels: of the hidden layers.
        outputs: channels of the output.
        radius: \(r\); a stencil has \(2r + 1\) points.

    Call arguments:
        fields: (batch, x, channel).

    Returns:
        Fields (batch, x, outputs); zero before training.

    Raises:
        ValueError: a radius or numbers of channels that are not positive.

    Example:
        >>> network = StencilNetwork(channels=(8, 8), outputs=1)
        >>> print(tuple(network(np.ones((2, 25, 1))).shape))
        (2, 25, 1)
    """

    def __init__(self, channels, outputs, radius=2, **kwargs):
        super().__init__(**kwargs)
        if radius < 1 or outputs < 1 or any(size < 1 for size in channels):
            raise ValueError(f"`radius`, `outputs` and `channels` must be positive, found {radius}, {outputs} and {channels}.")
        self.channels, self.outputs, self.radius = tuple(channels), int(outputs), int(radius)
        self.hidden = [
            keras.layers.Dense(size, activation="tanh", kernel_initializer="lecun_normal", dtype=self.dtype_policy)
            for size in self.channels
        ]
        # Starts from nothing: an untrained closure leaves the solver as it is.
        self.output_layer = keras.layers.Dense(self.outputs, kernel_initializer="zeros", dtype=self.dtype_policy)

    def build(self, input_shape):
        sizes = (input_shape[-1], *self.channels)
        for layer, size in zip([*self.hidden, self.output_layer], sizes, strict=True):
            layer.build((*input_shape[:-1], (2 * self.radius + 1) * size))

    def call(self, fields):
        for layer in self.hidden:
            fields = layer(self._neighbours(fields))
        return self.output_layer(self._neighbours(fields))

    def _neighbours(self, fields):
        shifts = range(self.radius, -self.radius - 1, -1)
        return ops.concatenate([ops.roll(fields, shift, axis=1) for shift in shifts], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.outputs)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "outputs": self.outputs, "radius": self.radius}
