"""A stack of residual dilated convolutions, with padding that knows circles."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class ResidualConvolutions(keras.layers.Layer):
    r"""Maps an image to one of `outputs` channels by steps \(h \leftarrow h + W_2\, \mathrm{GELU}(W_1 * \mathrm{LN}(h))\).

    \(W_1\) is a convolution, dilated along the rows only; \(W_2\) is pointwise. There is a step for each dilation. The last
    layer starts at zero.

    Args:
        outputs: number of channels of the result.
        channels: number of channels of \(h\).
        dilations: of each block, along the rows.
        kernel_size: (rows, columns) of \(W_1\), odd.
        ring: columns lie on a circle; otherwise beyond the edge are zeros, as beyond the first and last row.

    Call arguments:
        image: (batch, rows, columns, channels).

    Returns:
        (batch, rows, columns, outputs).

    Raises:
        ValueError: a kernel size that is even.

    References:
        Yu and Koltun (2016), Multi-scale context aggregation by dilated convolutions, ICLR.

    Example:
        >>> layer = ResidualConvolutions(outputs=24, channels=32, dilations=(1, 2, 4), kernel_size=(3, 1))
        >>> print(tuple(layer(np.ones((2, 25, 1, 48), "float32")).shape))
        (2, 25, 1, 24)
    """

    def __init__(self, outputs, channels, dilations, kernel_size, ring=False, **kwargs):
        super().__init__(**kwargs)
        self.outputs, self.channels = int(outputs), int(channels)
        self.dilations, self.kernel_size, self.ring = tuple(dilations), tuple(kernel_size), bool(ring)
        if any(size % 2 == 0 for size in self.kernel_size):
            raise ValueError(f"`kernel_size` must be odd, found {self.kernel_size}.")
        dtype = self.dtype_policy
        self.first = keras.layers.Dense(self.channels, dtype=dtype)
        self.norms = [keras.layers.LayerNormalization(dtype=dtype) for _ in self.dilations]
        self.convolutions = [
            keras.layers.Conv2D(self.channels, self.kernel_size, dilation_rate=(dilation, 1), activation="gelu", dtype=dtype)
            for dilation in self.dilations
        ]
        self.pointwise = [keras.layers.Dense(self.channels, dtype=dtype) for _ in self.dilations]
        self.last = keras.layers.Dense(self.outputs, kernel_initializer="zeros", dtype=dtype)

    def build(self, input_shape):
        hidden = (*input_shape[:-1], self.channels)
        self.first.build(input_shape)
        for norm, convolution, pointwise in zip(self.norms, self.convolutions, self.pointwise, strict=True):
            norm.build(hidden)
            convolution.build((None, None, None, self.channels))  # of any size, once it is padded
            pointwise.build(hidden)
        self.last.build(hidden)

    def call(self, image):
        hidden = self.first(image)
        blocks = zip(self.norms, self.convolutions, self.pointwise, self.dilations, strict=True)
        for norm, convolution, pointwise, dilation in blocks:
            hidden = hidden + pointwise(convolution(self._padded(norm(hidden), dilation)))
        return self.last(hidden)

    def _padded(self, hidden, dilation):
        rows, columns = dilation * (self.kernel_size[0] // 2), self.kernel_size[1] // 2
        if columns and self.ring:
            hidden = ops.concatenate([hidden[:, :, -columns:], hidden, hidden[:, :, :columns]], axis=2)
            columns = 0
        return ops.pad(hidden, ((0, 0), (rows, rows), (columns, columns), (0, 0)))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "outputs": self.outputs,
            "channels": self.channels,
            "dilations": self.dilations,
            "kernel_size": self.kernel_size,
            "ring": self.ring,
        }
