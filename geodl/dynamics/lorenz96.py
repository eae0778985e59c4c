"""The Lorenz system of 1996."""

import keras
import tensorflow as tf
from keras import ops

from geodl.dynamics.dynamics import Dynamics


@keras.saving.register_keras_serializable(package="geodl")
class Lorenz96(Dynamics):
    r"""A quantity on a circle of latitude: advection, damping and forcing.

    $$ \dot x_j = (x_{j+1} - x_{j-2})\, x_{j-1} - x_j + F, \quad j \bmod J $$

    All quantities are dimensionless; one time unit stands for five days. With \(J = 40\) and \(F = 8\) one Lyapunov time is
    about .6 time units.

    Args:
        forcing: \(F\).
        estimated: names of the parameters that `fit` may change.

    Call arguments:
        state: (..., J) with J ≥ 4.

    Returns:
        Tendency (..., J), per time unit.

    Raises:
        ValueError: fewer than four components.

    References:
        Lorenz (1996), Predictability: a problem partly solved, ECMWF Seminar on Predictability.

    Example:
        >>> print(np.array(Lorenz96()(np.float32([[1.0, 2.0, 3.0, 4.0]]))))
        [[ 3.  5. 11.  1.]]
    """

    parameters = {"forcing": 8.0}

    def build(self, input_shape):
        if input_shape[-1] is None or input_shape[-1] < 4:
            raise ValueError(f"Lorenz96 expects a state (..., J) with J at least 4, found shape {tuple(input_shape)}.")

    def call(self, state):
        return _advection(state) - state + self.forcing


@tf.custom_gradient
def _advection(x):
    # Its own gradient turns state and upstream around the circle, not their products: compiled, it takes less time.
    def gradient(upstream):
        onto_next = _turned(upstream, -1) * _turned(x, -2) - _turned(upstream, 2) * _turned(x, 1)
        return onto_next + _turned(upstream, 1) * (_turned(x, 2) - _turned(x, -1))

    return (_turned(x, 1) - _turned(x, -2)) * _turned(x, -1), gradient


def _turned(x, steps):
    """Component j + `steps` in the place of component j."""
    return ops.roll(x, -steps, axis=-1)
