"""The criterion of closures: how far a simulated trajectory is from the true one."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class RelativeError(keras.losses.Loss):
    r"""Distance of states from the truth over the size of the truth, a mean over times.

    $$ \overline{\|u - u^*\|_2 / \|u^*\|_2} $$

    Call arguments:
        truth: u* (batch, time, x).
        simulated: u (batch, time, x).

    Example:
        >>> print(float(RelativeError()(np.full((1, 3, 4), 2.0), np.full((1, 3, 4), 3.0))))
        0.5
    """

    def __init__(self, name="relative_error", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, truth, simulated):
        return ops.mean(ops.norm(simulated - truth, axis=-1) / ops.norm(truth, axis=-1), axis=-1)
