"""Padding of a periodic box by its own other side."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class PeriodicPadding(keras.layers.Layer):
    """Adds `size` points on both sides of each axis of the grid, which are those of the opposite side.

    A convolution with a kernel of 2 × `size` + 1 and padding "valid" after it commutes with translations of the box.

    Args:
        size: points on each side.

    Call arguments:
        fields: (batch, x, …, channel), with at least `size` points along each axis.

    Returns:
        Fields with 2 × `size` more points along each axis.

    Raises:
        ValueError: a size that is not a positive integer, or larger than the grid.

    Example:
        >>> print(np.array(PeriodicPadding(1)(np.float32([1, 2, 3]).reshape(1, 3, 1))).ravel())
        [3. 1. 2. 3. 1.]
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        if size != int(size) or size < 1:
            raise ValueError(f"`size` must be a positive integer, found {size}.")
        self.size = int(size)

    def build(self, input_shape):
        shortest = min((points for points in input_shape[1:-1] if points is not None), default=self.size)
        if shortest < self.size:
            raise ValueError(f"PeriodicPadding expects at least {self.size} points along each axis, found {shortest}.")

    def call(self, fields):
        for axis in range(1, len(fields.shape) - 1):
            before, after = (slice(-self.size, None), slice(None, self.size))
            whole = (slice(None),) * axis
            fields = ops.concatenate([fields[(*whole, before)], fields, fields[(*whole, after)]], axis=axis)
        return fields

    def compute_output_shape(self, input_shape):
        grid = (None if points is None else points + 2 * self.size for points in input_shape[1:-1])
        return (input_shape[0], *grid, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": self.size}
