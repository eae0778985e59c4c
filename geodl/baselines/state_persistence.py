"""The last state for ever: what a forecast must be better than."""

import keras
from keras import ops

from geodl.models.state_forecaster import StateForecaster


@keras.saving.register_keras_serializable(package="geodl")
class StatePersistence(StateForecaster):
    """The last state, for ever.

    Example:
        >>> print(np.array(StatePersistence(components=2, dt=0.1, horizon=2)(np.float32([[[1, 2]]])))[0])
        [[1. 2.]
         [1. 2.]]
    """

    def call(self, past):
        return self.rollout(past, self.horizon)

    def rollout(self, past, steps):
        return ops.repeat(past[:, -1:], steps, axis=1)
