"""Features beside their piecewise linear encoding, in which a network is as free as a tree to bend where data are."""

import keras
import numpy as np
from keras import ops

NARROWEST = 0.05  # width of a bin, so that equal values do not make a step


@keras.saving.register_keras_serializable(package="geodl")
class PiecewiseLinear(keras.layers.Layer):
    r"""Each feature \(x\) and, for each bin between quantiles \(q_i\) of it, how far it has come through the bin.

    $$ e_i(x) = \min\left(1, \max\left(0, \frac{x - q_i}{q_{i+1} - q_i}\right)\right) - \tfrac12 $$

    Args:
        bins: of a feature, equally full.

    Call arguments:
        features: (..., feature).

    Returns:
        (..., (1 + bins) * feature).

    References:
        Gorishniy et al. (2022), On embeddings for numerical features in tabular deep learning, NeurIPS.

    Example:
        >>> layer = PiecewiseLinear(bins=2)
        >>> layer.adapt(np.arange(5.0)[:, None])
        >>> print(np.array(layer(np.array([[3.0]], "float32"))))
        [[3.  0.5 0. ]]
    """

    def __init__(self, bins, **kwargs):
        super().__init__(**kwargs)
        self.bins = int(bins)

    def build(self, input_shape):
        start = np.tile(np.linspace(-1, 1, self.bins + 1)[:, None], input_shape[-1])
        constant = lambda shape, dtype: ops.convert_to_tensor(start, dtype)  # noqa: E731
        self.knots = self.add_weight(start.shape, constant, name="knots", trainable=False, autocast=False)

    def adapt(self, features: np.ndarray) -> None:
        """Takes the quantiles of features (..., feature), NaN where missing; what is never known stays as it is."""
        samples = features.reshape(-1, features.shape[-1])
        if not self.built:
            self.build(samples.shape)
        knots = np.array(self.knots)
        known = np.isfinite(samples).any(axis=0)
        knots[:, known] = np.nanquantile(samples[:, known], np.linspace(0, 1, self.bins + 1), axis=0)
        self.knots.assign(knots)

    def call(self, features):
        features = ops.cast(features, self.variable_dtype)
        widths = ops.maximum(self.knots[1:] - self.knots[:-1], NARROWEST)
        through = ops.clip((features[..., None, :] - self.knots[:-1]) / widths, 0, 1) - 0.5
        encoded = ops.concatenate([features[..., None, :], through], axis=-2)
        shape = (*ops.shape(features)[:-1], (1 + self.bins) * features.shape[-1])
        return ops.cast(ops.reshape(encoded, shape), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], (1 + self.bins) * input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "bins": self.bins}
