"""The Lorenz system of 1963."""

import keras
from keras import ops

from geodl.dynamics.dynamics import Dynamics


@keras.saving.register_keras_serializable(package="geodl")
class Lorenz63(Dynamics):
    r"""Convection in three modes, the first chaotic attractor of meteorology.

    $$ \dot x = \sigma (y - x), \quad \dot y = x (\rho - z) - y, \quad \dot z = x y - \beta z $$

    All quantities are dimensionless. One Lyapunov time is about 1.1 time units.

    Args:
        sigma: \(\sigma\), the Prandtl number.
        rho: \(\rho\), the Rayleigh number over its critical value.
        beta: \(\beta\), from the aspect ratio of the cells.
        estimated: names of the parameters that `fit` may change.

    Call arguments:
        state: (..., 3).

    Returns:
        Tendency (..., 3), per time unit.

    References:
        Lorenz (1963), Deterministic nonperiodic flow, Journal of the Atmospheric Sciences 20.

    Example:
        >>> print(np.array(Lorenz63()(np.float32([[1.0, 2.0, 3.0]]))))
        [[10. 23. -6.]]
    """

    parameters = {"sigma": 10.0, "rho": 28.0, "beta": 8.0 / 3.0}
    components = 3

    def call(self, state):
        x, y, z = ops.unstack(state, 3, axis=-1)
        return ops.stack([self.sigma * (y - x), x * (self.rho - z) - y, x * y - self.beta * z], axis=-1)
