"""A residual block that lets the stations of a network inform each other."""

import keras


@keras.saving.register_keras_serializable(package="geodl")
class StationMixer(keras.layers.Layer):
    """Attention over stations, then a dense layer at each of them; both are residual, after normalisation.

    Stations have no order and no identity, so that the layer works on any network.

    Args:
        heads: of the attention.
        dropout: rate.

    Call arguments:
        inputs: (batch, station, feature).
        known: (batch, station), stations that the others may attend to.

    Returns:
        (batch, station, feature).

    References:
        Vaswani et al. (2017), Attention is all you need, NeurIPS.

    Example:
        >>> print(StationMixer(heads=2, dropout=0.1)(np.ones((4, 8, 16)), np.ones((4, 8), bool)).shape)
        (4, 8, 16)
    """

    def __init__(self, heads, dropout, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.rate = int(heads), float(dropout)

    def build(self, input_shape):
        features, dtype = input_shape[-1], self.dtype_policy
        self.before = keras.layers.LayerNormalization(dtype=dtype)
        self.attention = keras.layers.MultiHeadAttention(self.heads, features // self.heads, dropout=self.rate, dtype=dtype)
        self.between = keras.layers.LayerNormalization(dtype=dtype)
        self.wide = keras.layers.Dense(2 * features, activation="gelu", dtype=dtype)
        self.dropout = keras.layers.Dropout(self.rate, dtype=dtype)
        self.narrow = keras.layers.Dense(features, dtype=dtype)
        self.before.build(input_shape)
        self.attention.build(input_shape, input_shape)
        self.between.build(input_shape)
        self.wide.build(input_shape)
        self.narrow.build((*input_shape[:-1], 2 * features))

    def call(self, inputs, known, training=None):
        seen = self.before(inputs)
        mixed = inputs + self.attention(seen, seen, attention_mask=known[:, None, :], training=training)
        return mixed + self.narrow(self.dropout(self.wide(self.between(mixed)), training=training))

    def compute_output_shape(self, input_shape, known_shape=None):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "heads": self.heads, "dropout": self.rate}
