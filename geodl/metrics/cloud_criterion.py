"""Loss and running accuracies of cloud nowcasts, for `compile`."""

import keras
import tensorflow as tf
from keras import ops

from geodl import cloud_types


@keras.saving.register_keras_serializable(package="geodl")
class CloudTypeLoss(keras.losses.Loss):
    r"""Cross-entropy of the class plus that of the cloud mask, over pixels that have data.

    $$ -\frac{1}{N} \sum_{y > 0} \left( \log p_y + w \log P_y \right) $$

    with \(P_y\) the probability of the right side of the cloud mask (codes 5–15 against 1–4).

    Args:
        mask_weight: \(w\).

    Call arguments:
        y_true: codes (batch, time, y, x), 0 where there is no data.
        y_pred: probabilities (batch, time, y, x, class), the first class being no data.

    Raises:
        ValueError: a `sample_weight` is given.

    Example:
        >>> sure = np.eye(16, dtype="float32")[[[[[1, 5]]]]]
        >>> print(abs(float(CloudTypeLoss()(np.uint8([[[[1, 5]]]]), sure))) < 1e-5)
        True
    """

    def __init__(self, mask_weight=2.0, name="cloud_type_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.mask_weight = float(mask_weight)

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            raise ValueError("CloudTypeLoss masks pixels by code 0; found a `sample_weight`, which it does not take.")
        # Keras adds the losses and gradients of the replicas of a distribution strategy.
        return self.call(y_true, y_pred) / tf.distribute.get_strategy().num_replicas_in_sync

    def call(self, y_true, y_pred):
        y_true, y_pred = ops.cast(y_true, "int32"), ops.cast(y_pred, "float32")
        known = ops.cast(y_true > 0, "float32")
        right_class = ops.sum(ops.one_hot(y_true, y_pred.shape[-1], dtype="float32") * y_pred, axis=-1)
        cloud = ops.sum(y_pred[..., cloud_types.FIRST_CLOUDY :], axis=-1)
        right_mask = ops.where(y_true >= cloud_types.FIRST_CLOUDY, cloud, 1.0 - cloud)
        loss = ops.log(right_class + 1e-6) + self.mask_weight * ops.log(ops.relu(right_mask) + 1e-6)
        return -ops.sum(known * loss) / ops.maximum(ops.sum(known), 1.0)

    def get_config(self):
        return {**super().get_config(), "mask_weight": self.mask_weight}


@keras.saving.register_keras_serializable(package="geodl")
class ClassAccuracy(keras.metrics.Mean):
    """Share of pixels with data whose most probable class is the observed one.

    Example:
        >>> metric = ClassAccuracy()
        >>> metric.update_state(np.uint8([[[[1, 5, 0]]]]), np.eye(16, dtype="float32")[[[[[1, 6, 3]]]]])
        >>> print(float(metric.result()))
        0.5
    """

    def __init__(self, name="class_accuracy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = ops.cast(y_true, "int32")
        right = ops.cast(ops.argmax(y_pred, axis=-1), "int32") == y_true
        super().update_state(ops.cast(right, "float32"), sample_weight=ops.cast(y_true > 0, "float32"))


@keras.saving.register_keras_serializable(package="geodl")
class CloudAccuracy(keras.metrics.Mean):
    """Share of pixels with data where the cloud mask (probability of codes 5–15 above one half) is right.

    Example:
        >>> metric = CloudAccuracy()
        >>> metric.update_state(np.uint8([[[[1, 5, 0]]]]), np.eye(16, dtype="float32")[[[[[1, 6, 3]]]]])
        >>> print(float(metric.result()))
        1.0
    """

    def __init__(self, name="cloud_accuracy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = ops.cast(y_true, "int32")
        cloudy = ops.sum(y_pred[..., cloud_types.FIRST_CLOUDY :], axis=-1) > 0.5
        right = cloudy == (y_true >= cloud_types.FIRST_CLOUDY)
        super().update_state(ops.cast(right, "float32"), sample_weight=ops.cast(y_true > 0, "float32"))
