"""Windows of a state as tokens: a few consecutive times are one token, which is what makes assimilation networks trainable."""

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

    def inverse(self, tokens, length, components):
        """Window (batch, length, components) of tokens."""
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
