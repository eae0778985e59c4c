"""Bilinear sampling of an image along a displacement field."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class Warp(keras.layers.Layer):
    r"""Samples an image at displaced positions: \(J(\mathbf x) = I(\mathbf x + \mathbf d(\mathbf x))\).

    The image is interpolated bilinearly between its pixels and repeats its edge beyond them. With \(\mathbf d = -\tau\,
    \mathbf v\) this is one semi-Lagrangian step: the image carried for a time \(\tau\) by the flow \(\mathbf v\).
    Positions are computed in float32 whatever the dtype policy, because half precision cannot tell neighbouring pixels
    apart on a large grid. Differentiable in both inputs.

    Args:
        interpolation: `"bilinear"`, or `"nearest"` for class codes, which must not be averaged.

    Call arguments:
        image: (batch, y, x, channel).
        displacement: (batch, y, x, 2), in pixels, along y then x.

    Returns:
        Tensor of the shape and dtype of `image`.

    Raises:
        ValueError: if `interpolation` is unknown or the last axis of `displacement` is not 2.

    Example:
        >>> image = np.arange(12.0, dtype="float32").reshape(1, 3, 4, 1)
        >>> east = np.broadcast_to(np.float32([0, 1]), (1, 3, 4, 2))
        >>> print(np.array(Warp()(image, east))[0, 0, :, 0])
        [1. 2. 3. 3.]
    """

    def __init__(self, interpolation: str = "bilinear", **kwargs):
        super().__init__(autocast=False, **kwargs)  # displacements keep their precision
        if interpolation not in ("bilinear", "nearest"):
            raise ValueError(f'`interpolation` must be "bilinear" or "nearest", found {interpolation!r}.')
        self.interpolation = interpolation

    def call(self, image, displacement):
        if displacement.shape[-1] != 2:
            raise ValueError(f"`displacement` must end with an axis of 2 (y, x), found shape {displacement.shape}.")
        batch, height, width, channels = ops.shape(image)
        displacement = ops.cast(displacement, "float32")
        row = ops.cast(ops.arange(height), "float32")[:, None] + displacement[..., 0]
        column = ops.cast(ops.arange(width), "float32")[None, :] + displacement[..., 1]
        row = ops.clip(row, 0.0, ops.cast(height - 1, "float32"))
        column = ops.clip(column, 0.0, ops.cast(width - 1, "float32"))

        pixels = ops.reshape(image, (-1, channels))
        first_row = ops.arange(batch)[:, None, None] * height

        def pixel(i, j):
            i, j = ops.cast(i, "int32"), ops.cast(j, "int32")
            return ops.take(pixels, (first_row + i) * width + j, axis=0)

        if self.interpolation == "nearest":
            return pixel(ops.floor(row + 0.5), ops.floor(column + 0.5))
        north, west = ops.floor(row), ops.floor(column)
        south = ops.minimum(north + 1, ops.cast(height - 1, "float32"))
        east = ops.minimum(west + 1, ops.cast(width - 1, "float32"))
        y = ops.cast(row - north, image.dtype)[..., None]
        x = ops.cast(column - west, image.dtype)[..., None]
        upper = pixel(north, west) * (1 - x) + pixel(north, east) * x
        lower = pixel(south, west) * (1 - x) + pixel(south, east) * x
        return upper * (1 - y) + lower * y

    def compute_output_spec(self, image, displacement):
        return keras.KerasTensor(image.shape, dtype=image.dtype)

    def get_config(self):
        return {**super().get_config(), "interpolation": self.interpolation}
