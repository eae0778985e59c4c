"""Cloud nowcasting by a plain convolutional network, the first thing one would try."""

import keras
from keras import layers, ops

from geodl import cloud_types
from geodl.models.cloud_nowcaster import FUTURE, CloudNowcaster, inside_image


@keras.saving.register_keras_serializable(package="geodl")
class CloudCNN(CloudNowcaster):
    """Five 3×3 convolutions from the six frames, one-hot, to the class probabilities of the next four.

    It knows nothing of motion: the plain network that `CloudUNet` is compared with.

    Args:
        filters: number of channels of the hidden layers.

    Call arguments:
        ct: cloud-type codes (batch, 6, y, x), any integer or float dtype, 0 where missing.

    Returns:
        Probabilities (batch, 4, y, x, 16), float32.

    Example:
        >>> print(tuple(CloudCNN(filters=4)(np.ones((1, 6, 32, 48), "uint8")).shape))
        (1, 4, 32, 48, 16)
    """

    multiple = 1

    def __init__(self, filters=24, **kwargs):
        super().__init__(**kwargs)
        self.filters = int(filters)
        policy = self.dtype_policy
        self.hidden = [
            layers.Conv2D(self.filters, 3, padding="same", activation="relu", dilation_rate=rate, dtype=policy)
            for rate in (1, 1, 2, 4)
        ]
        self.output_layer = layers.Conv2D(FUTURE * (cloud_types.CODES - 1), 3, padding="same", dtype="float32")

    def build(self, input_shape):
        shape = (input_shape[0], None, None, input_shape[1] * cloud_types.CODES)
        for layer in (*self.hidden, self.output_layer):
            layer.build(shape)
            shape = (*shape[:3], layer.filters)

    def call(self, ct):
        ct = ops.cast(ct, "int32")
        batch, time, height, width = ops.shape(ct)
        x = ops.transpose(ops.one_hot(ct, cloud_types.CODES, dtype=self.compute_dtype), (0, 2, 3, 1, 4))
        x = ops.reshape(x, (batch, height, width, time * cloud_types.CODES))
        for layer in self.hidden:
            x = layer(x)
        x = ops.reshape(self.output_layer(x), (batch, height, width, FUTURE, cloud_types.CODES - 1))
        types = ops.softmax(ops.transpose(x, (0, 3, 1, 2, 4)))
        return ops.concatenate([ops.zeros_like(types[..., :1]), types * inside_image(ct)], axis=-1)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}
