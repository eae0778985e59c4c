"""The two halves of a residual U-Net."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="geodl")
class ResidualBlock(layers.Layer):
    r"""Two 3×3 convolutions around a shortcut: \(y = x + W_2 * s(W_1 * s(N(x)))\), \(N\) layer normalisation, \(s\) SiLU.

    \(W_2\) starts at zero, so that a new block is the identity.

    Call arguments:
        x: (batch, y, x, channel).

    Returns:
        Tensor of the shape of `x`.

    References:
        He et al. (2016), Identity mappings in deep residual networks, ECCV.

    Example:
        >>> x = np.ones((1, 8, 8, 4), "float32")
        >>> print(bool(np.all(ResidualBlock()(x) == x)))
        True
    """

    def build(self, input_shape):
        filters = input_shape[-1]
        policy = self.dtype_policy
        self.normalization = layers.LayerNormalization(dtype=policy)
        self.first = layers.Conv2D(filters, 3, padding="same", activation="silu", dtype=policy)
        self.second = layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros", dtype=policy)
        for layer in (self.normalization, self.first, self.second):
            layer.build(input_shape)

    def call(self, x):
        return x + self.second(self.first(ops.silu(self.normalization(x))))

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="geodl")
class UNetEncoder(layers.Layer):
    """Residual blocks on finer to coarser grids, each half the size of the one before.

    Args:
        filters: number of channels on each level, finest first.
        blocks: number of residual blocks on each level.

    Call arguments:
        x: (batch, y, x, channel), y and x multiples of 2 to the power of the number of levels less one.

    Returns:
        List of tensors (batch, y / 2ᵏ, x / 2ᵏ, filters[k]), finest first.

    Raises:
        ValueError: if `filters` and `blocks` differ in length.

    References:
        Ronneberger et al. (2015), U-Net: convolutional networks for biomedical image segmentation, MICCAI.

    Example:
        >>> features = UNetEncoder(filters=(8, 16), blocks=(1, 1))(np.zeros((1, 16, 24, 3), "float32"))
        >>> print([tuple(f.shape) for f in features])
        [(1, 16, 24, 8), (1, 8, 12, 16)]
    """

    def __init__(self, filters, blocks, **kwargs):
        super().__init__(**kwargs)
        if len(filters) != len(blocks):
            raise ValueError(f"`filters` and `blocks` need one value a level each, found {filters} and {blocks}.")
        self.filters, self.blocks = tuple(filters), tuple(blocks)
        policy = self.dtype_policy
        self.entries, self.residuals = [], []
        for level, (channels, count) in enumerate(zip(self.filters, self.blocks, strict=True)):
            size, stride = (1, 1) if level == 0 else (2, 2)
            self.entries.append(layers.Conv2D(channels, size, strides=stride, dtype=policy))
            self.residuals.append([ResidualBlock(dtype=policy) for _ in range(count)])

    def build(self, input_shape):
        for entry, residuals in zip(self.entries, self.residuals, strict=True):
            entry.build(input_shape)
            input_shape = entry.compute_output_shape(input_shape)
            for block in residuals:
                block.build(input_shape)

    def call(self, x):
        features = []
        for entry, residuals in zip(self.entries, self.residuals, strict=True):
            x = entry(x)
            for block in residuals:
                x = block(x)
            features.append(x)
        return features

    def compute_output_shape(self, input_shape):
        shapes = []
        for entry in self.entries:
            input_shape = entry.compute_output_shape(input_shape)
            shapes.append(input_shape)
        return shapes

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "blocks": self.blocks}


@keras.saving.register_keras_serializable(package="geodl")
class UNetDecoder(layers.Layer):
    """From the coarsest features of a `UNetEncoder` back to the finest grid, adding the encoder's features on the way.

    Args:
        blocks: number of residual blocks on each level but the coarsest, finest first.

    Call arguments:
        features: list of tensors as a `UNetEncoder` returns them.

    Returns:
        Tensor of the shape of `features[0]`.

    Example:
        >>> features = UNetEncoder(filters=(8, 16), blocks=(1, 1))(np.zeros((1, 16, 24, 3), "float32"))
        >>> print(tuple(UNetDecoder(blocks=(1,))(features).shape))
        (1, 16, 24, 8)
    """

    def __init__(self, blocks, **kwargs):
        super().__init__(**kwargs)
        self.blocks = tuple(blocks)
        policy = self.dtype_policy
        self.residuals = [[ResidualBlock(dtype=policy) for _ in range(count)] for count in self.blocks]

    def build(self, input_shape):
        self.projections = []
        for level, residuals in enumerate(self.residuals):
            projection = layers.Conv2D(input_shape[level][-1], 1, dtype=self.dtype_policy)
            projection.build(input_shape[level + 1])
            self.projections.append(projection)
            for block in residuals:
                block.build(input_shape[level])

    def call(self, features):
        x = features[-1]
        for level in reversed(range(len(self.blocks))):
            x = ops.repeat(ops.repeat(self.projections[level](x), 2, axis=1), 2, axis=2) + features[level]
            for block in self.residuals[level]:
                x = block(x)
        return x

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "blocks": self.blocks}
