"""States as images of tokens: a few times, or a few pixels, are one token, which is what makes their networks trainable."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class WindowTokens(keras.layers.Layer):
    r"""Cuts a window of states into tokens of `patch` consecutive times, and puts tokens together again.

    The components of a vector are features of one token; on a ring, each component has tokens of its own.

    Args:
        patch: number of times in a token; the window is padded with zeros at its end to a multiple of it.
        ring: components lie on a circle, and all are alike.

    Call arguments:
        window: (batch, time, component).

    Returns:
        Tokens (batch, ⌈time / patch⌉, 1, patch · component), or on a ring (batch, ⌈time / patch⌉, component, patch).

    Example:
        >>> tokens = WindowTokens(patch=8)
        >>> print(tuple(tokens(np.ones((2, 20, 3), "float32")).shape))
        (2, 3, 1, 24)
    """

    def __init__(self, patch, ring=False, **kwargs):
        super().__init__(**kwargs)
        self.patch, self.ring = int(patch), bool(ring)

    def call(self, window):
        batch, length, components = ops.shape(window)
        count = -(-length // self.patch)
        padded = ops.pad(window, ((0, 0), (0, count * self.patch - length), (0, 0)))
        if not self.ring:
            return ops.reshape(padded, (batch, count, 1, self.patch * components))
        return ops.swapaxes(ops.reshape(padded, (batch, count, self.patch, components)), 2, 3)

    def inverse(self, tokens, shape):
        """Window of this shape, (batch, time, component), of tokens."""
        _, length, components = shape
        batch, count = ops.shape(tokens)[:2]
        if self.ring:
            tokens = ops.swapaxes(tokens, 2, 3)
        return ops.reshape(tokens, (batch, count * self.patch, components))[:, :length]

    def compute_output_shape(self, input_shape):
        batch, length, components = input_shape
        count = None if length is None else -(-length // self.patch)
        return (batch, count, components, self.patch) if self.ring else (batch, count, 1, self.patch * components)

    def get_config(self):
        return {**super().get_config(), "patch": self.patch, "ring": self.ring}


@keras.saving.register_keras_serializable(package="geodl")
class FieldTokens(keras.layers.Layer):
    """Cuts fields into tokens of `patch` × `patch` pixels with all their times, and puts tokens together again.

    Args:
        patch: side of a token; fields are padded with zeros to a multiple of it.

    Call arguments:
        fields: (batch, time, y, x).

    Returns:
        Tokens (batch, ⌈y / patch⌉, ⌈x / patch⌉, time · patch²).

    Example:
        >>> tokens = FieldTokens(patch=2)
        >>> print(tuple(tokens(np.ones((2, 5, 20, 31), "float32")).shape))
        (2, 10, 16, 20)
    """

    def __init__(self, patch, **kwargs):
        super().__init__(**kwargs)
        self.patch = int(patch)

    def call(self, fields):
        p = self.patch
        batch, times, height, width = ops.shape(fields)
        rows, columns = -(-height // p), -(-width // p)
        padded = ops.pad(fields, ((0, 0), (0, 0), (0, rows * p - height), (0, columns * p - width)))
        pixels = ops.reshape(padded, (batch, times, rows, p, columns, p))
        return ops.reshape(ops.transpose(pixels, (0, 2, 4, 1, 3, 5)), (batch, rows, columns, times * p * p))

    def inverse(self, tokens, shape):
        """Fields of this shape, (batch, time, y, x), of tokens."""
        p = self.patch
        _, times, height, width = shape
        batch, rows, columns, _ = ops.shape(tokens)
        pixels = ops.transpose(ops.reshape(tokens, (batch, rows, columns, times, p, p)), (0, 3, 1, 4, 2, 5))
        return ops.reshape(pixels, (batch, times, rows * p, columns * p))[:, :, :height, :width]

    def compute_output_shape(self, input_shape):
        batch, times, *sizes = input_shape
        rows, columns = (None if size is None else -(-size // self.patch) for size in sizes)
        return (batch, rows, columns, times * self.patch**2)

    def get_config(self):
        return {**super().get_config(), "patch": self.patch}
