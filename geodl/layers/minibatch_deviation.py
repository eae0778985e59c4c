"""How much the members of a batch differ, as one more feature: so a critic sees that a generator repeats itself."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class MinibatchDeviation(keras.layers.Layer):
    r"""Appends to the features \(h\) of each member of a batch the mean over features of their standard deviation in the batch.

    Call arguments:
        features: (batch, feature).

    Returns:
        (batch, feature + 1).

    References:
        Karras et al. (2018), Progressive growing of GANs for improved quality, stability, and variation, ICLR.

    Example:
        >>> print(np.array(MinibatchDeviation()(np.float32([[0.0, 2.0], [2.0, 2.0]]))))
        [[0.  2.  0.5]
         [2.  2.  0.5]]
    """

    def call(self, features):
        variance = ops.mean(ops.square(features - ops.mean(features, axis=0)), axis=0)
        # The derivative of a root is not finite at 0.
        deviation = ops.mean(ops.where(variance > 0, ops.sqrt(ops.where(variance > 0, variance, 1)), 0))
        return ops.concatenate([features, deviation + ops.zeros_like(features[:, :1])], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], None if input_shape[-1] is None else input_shape[-1] + 1)
