"""From observations to states in one pass: residual convolutions over tokens of a window."""

import keras
from keras import ops

from geodl.layers.residual_convolutions import ResidualConvolutions
from geodl.layers.window_tokens import WindowTokens


@keras.saving.register_keras_serializable(package="geodl")
class WindowNetwork(keras.layers.Layer):
    """A window of several fields → a window of one, by `ResidualConvolutions` over `WindowTokens`.

    Args:
        patch: consecutive times in a token.
        channels: of the convolutions.
        dilations: of each block, along the tokens.
        reach: neighbours on each side that a convolution sees on a ring; by default the components are no ring.

    Call arguments:
        windows: list of windows (batch, time, component).

    Returns:
        (batch, time, component), zero before training.

    Example:
        >>> network = WindowNetwork(patch=8, channels=16, dilations=(1, 2))
        >>> window = np.ones((2, 20, 3), "float32")
        >>> print(tuple(network([window, window]).shape))
        (2, 20, 3)
    """

    def __init__(self, patch, channels, dilations, reach=None, **kwargs):
        super().__init__(**kwargs)
        self.patch, self.channels, self.dilations, self.reach = int(patch), int(channels), tuple(dilations), reach
        self.tokens = WindowTokens(self.patch, ring=reach is not None, dtype=self.dtype_policy)

    def build(self, input_shape):
        token_shape = self.tokens.compute_output_shape(input_shape[0])
        columns = 1 if self.reach is None else 2 * self.reach + 1
        self.convolutions = ResidualConvolutions(
            token_shape[-1], self.channels, self.dilations, (3, columns), self.reach is not None, dtype=self.dtype_policy
        )
        self.convolutions.build((*token_shape[:-1], len(input_shape) * token_shape[-1]))

    def call(self, windows):
        tokens = ops.concatenate([self.tokens(window) for window in windows], axis=-1)
        return self.tokens.inverse(self.convolutions(tokens), ops.shape(windows[0]))

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {
            **super().get_config(),
            "patch": self.patch,
            "channels": self.channels,
            "dilations": self.dilations,
            "reach": self.reach,
        }
