"""The base of equations of motion that are solved in Fourier modes."""

import tensorflow as tf
from keras import ops

from geodl.dynamics.dynamics import Dynamics


class SpectralDynamics(Dynamics):
    r"""An equation on a periodic grid whose Fourier modes decay at a known rate and interact in a part that is not linear.

    $$ \frac{d \hat x}{dt} = \lambda \hat x + \hat N(\hat x, t) $$

    A subclass defines `to_modes(state)` and `to_state(modes)`, between grid and modes; `linear_rate(modes)`, the real
    \(\lambda \le 0\) of each mode; and `nonlinear(modes, time)`, the rest, without aliases. `SpectralIntegrator` treats
    \(\lambda\) exactly, so that viscosity does not limit the time step; called as a layer, the dynamics give the tendency of a
    state on the grid, for any other integrator.
    """

    def to_modes(self, state):
        """Complex Fourier modes of a real state."""
        raise NotImplementedError(f"{type(self).__name__} does not define `to_modes`.")

    def to_state(self, modes):
        """Real state of complex Fourier modes."""
        raise NotImplementedError(f"{type(self).__name__} does not define `to_state`.")

    def linear_rate(self, modes):
        """Rate of growth of each mode, real, of a shape that broadcasts to the modes."""
        raise NotImplementedError(f"{type(self).__name__} does not define `linear_rate`.")

    def nonlinear(self, modes, time):
        """Tendency of the modes without the linear part."""
        raise NotImplementedError(f"{type(self).__name__} does not define `nonlinear`.")

    def call(self, state, time=0.0):
        modes = self.to_modes(fourier_precision(state))
        tendency = ops.cast(self.linear_rate(modes), modes.dtype) * modes + self.nonlinear(modes, time)
        return ops.cast(self.to_state(tendency), state.dtype)


def fourier_precision(state):
    """The state in single or double precision: there is no Fourier transform in half precision."""
    return state if state.dtype in (tf.float32, tf.float64) else tf.cast(state, tf.float32)
