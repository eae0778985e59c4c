"""The forecast that nothing changes."""

import keras
from keras import ops

from geodl import cloud_types
from geodl.models.cloud_nowcaster import FUTURE, CloudNowcaster, latest_codes


@keras.saving.register_keras_serializable(package="geodl")
class CloudPersistence(CloudNowcaster):
    """Repeats the latest valid code of each pixel at every lead time, with probability one.

    Call arguments:
        ct: cloud-type codes (batch, 6, y, x), 0 where missing.

    Returns:
        Probabilities (batch, 4, y, x, 16), float32.

    Example:
        >>> codes = np.full((1, 6, 2, 2), 8, "uint8")
        >>> print(np.array(CloudPersistence()(codes)).argmax(-1)[0, :, 0, 0])
        [8 8 8 8]
    """

    multiple = 1
    margin = 0

    def call(self, ct):
        latest = latest_codes(ops.cast(ct, "int32"))
        return ops.repeat(class_indicators(latest)[:, None], FUTURE, axis=1)


def class_indicators(codes):
    """One-hot codes (…, 16), float32, all zero for code 0, no data."""
    return ops.one_hot(ops.where(codes > 0, codes, -1), cloud_types.CODES, dtype="float32")
