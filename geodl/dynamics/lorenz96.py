"""The Lorenz system of 1996."""

import keras
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
        ahead, behind, two_behind = (ops.roll(state, shift, axis=-1) for shift in (-1, 1, 2))
        return (ahead - two_behind) * behind - state + self.forcing
