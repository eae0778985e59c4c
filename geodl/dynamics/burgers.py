"""Burgers' equation, pseudo-spectral and by finite volumes."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.dynamics.dynamics import Dynamics
from geodl.dynamics.spectral_dynamics import SpectralDynamics, fourier_precision

ENDS = ("periodic", "zero")


@keras.saving.register_keras_serializable(package="geodl")
class Burgers(SpectralDynamics):
    r"""The simplest turbulence: a velocity that carries itself along, steepens into fronts and is smoothed by viscosity.

    $$ \partial_t u + u\,\partial_x u = \nu\,\partial_x^2 u, \qquad 0 \le x < L $$

    Pseudo-spectral, in conservative form \(\partial_x (u^2/2)\), without aliases: the product is taken on a grid 3/2 times as
    fine. Between walls, the first and the last point of the grid are held at zero.

    Args:
        viscosity: \(\nu\).
        length: \(L\), of the domain; the grid is \(x_j = j L / n\).
        ends: "periodic", or "zero" for walls, which `ODEIntegrator` takes and `SpectralIntegrator` does not.
        estimated: names of the parameters that `fit` may change.

    Call arguments:
        state: \(u\) (batch, x).

    Returns:
        Tendency (batch, x).

    Raises:
        ValueError: ends of another name, fewer than four points, or modes asked for between walls.

    References:
        Burgers (1948), A mathematical model illustrating the theory of turbulence, Advances in Applied Mechanics 1.

    Example:
        >>> x = np.arange(16) / 16
        >>> tendency = Burgers(viscosity=0.01)(np.sin(2 * np.pi * x)[None])
        >>> exact = -np.pi * np.sin(4 * np.pi * x) - 0.01 * (2 * np.pi) ** 2 * np.sin(2 * np.pi * x)
        >>> print(np.abs(np.array(tendency)[0] - exact).max() < 1e-5)
        True
    """

    parameters = {"viscosity": 1e-3}

    def __init__(self, length=1.0, ends="periodic", **kwargs):
        super().__init__(**kwargs)
        self.length, self.ends = float(length), _checked_ends(ends)

    def build(self, input_shape):
        _check_grid(self, input_shape)
        self.points = input_shape[-1]

    def call(self, state, time=0.0):
        inside = _inside(state, self.ends)
        modes = tf.signal.rfft(fourier_precision(state * inside))
        tendency = ops.cast(self.linear_rate(modes), modes.dtype) * modes + self.nonlinear(modes, time)
        return inside * ops.cast(self.to_state(tendency), state.dtype)

    def to_modes(self, state):
        if self.ends != "periodic":
            raise ValueError("Burgers between walls has no Fourier modes of its own: use ODEIntegrator.")
        return tf.signal.rfft(state)

    def to_state(self, modes):
        return tf.signal.irfft(modes, [self.points])

    def linear_rate(self, modes):
        return -ops.cast(self.viscosity, modes.dtype.real_dtype) * ops.cast(self._wavenumbers() ** 2, modes.dtype.real_dtype)

    def nonlinear(self, modes, time):
        fine = 2 * ((3 * self.points + 3) // 4)  # even, and at least 3/2 of the points
        ratio = ops.cast(fine / self.points, modes.dtype)
        square = tf.signal.rfft(tf.signal.irfft(modes * ratio, [fine]) ** 2)[..., : self.points // 2 + 1] / ratio
        wavenumbers = self._wavenumbers()
        if self.points % 2 == 0:
            wavenumbers[-1] = 0  # the derivative of the shortest wave is not seen by the grid
        return ops.cast(-0.5j * wavenumbers, modes.dtype) * square

    def largest_stable_step(self, state) -> float:
        """Largest time step of an explicit fourth-order Runge–Kutta scheme that is stable for a state (..., x)."""
        shortest = np.pi * np.shape(state)[-1] / self.length
        return float(2.8 / (shortest * np.abs(state).max() + self.values["viscosity"] * shortest**2))

    def _wavenumbers(self):
        return 2 * np.pi / self.length * np.arange(self.points // 2 + 1)

    def get_config(self):
        return {**super().get_config(), "length": self.length, "ends": self.ends}


@keras.saving.register_keras_serializable(package="geodl")
class BurgersFiniteVolume(Dynamics):
    r"""Burgers' equation for means of cells, with fluxes that keep fronts sharp and without over- and undershoots.

    $$ \frac{d \bar u_i}{dt} = -\frac{F_{i+1/2} - F_{i-1/2}}{\Delta x}, \qquad
       F = F_{\text{Godunov}}(u^-, u^+) - \nu \frac{\bar u_{i+1} - \bar u_i}{\Delta x} $$

    The values on both sides of a face come from slopes limited by van Leer's harmonic mean (MUSCL); the flux between them is
    exact, \(\max(\max(u^-, 0)^2, \min(u^+, 0)^2) / 2\).

    Args:
        viscosity: \(\nu\).
        length: of the domain.
        ends: "periodic", or "zero" for walls: the first and the last cell are held at zero.
        estimated: names of the parameters that `fit` may change.

    Call arguments:
        state: means \(\bar u\) (batch, x).

    Returns:
        Tendency (batch, x).

    Raises:
        ValueError: ends of another name, or fewer than four cells.

    References:
        van Leer (1979), Towards the ultimate conservative difference scheme V, Journal of Computational Physics 32.

    Example:
        >>> step = np.float32([[1, 1, 1, 1, 0, 0, 0, 0]])
        >>> print(np.array(BurgersFiniteVolume(viscosity=0.0)(step)))
        [[-4.  0.  0.  0.  4.  0.  0.  0.]]
    """

    parameters = {"viscosity": 1e-3}

    def __init__(self, length=1.0, ends="periodic", **kwargs):
        super().__init__(**kwargs)
        self.length, self.ends = float(length), _checked_ends(ends)

    def build(self, input_shape):
        _check_grid(self, input_shape)

    def call(self, state):
        inside = _inside(state, self.ends)
        u = state * inside
        spacing = self.length / state.shape[-1]
        ahead = ops.roll(u, -1, axis=-1) - u
        slope = _harmonic_mean(ops.roll(ahead, 1, axis=-1), ahead)
        left, right = u + slope / 2, ops.roll(u - slope / 2, -1, axis=-1)
        flux = ops.maximum(ops.relu(left) ** 2, ops.relu(-right) ** 2) / 2 - self.viscosity * ahead / spacing
        return inside * (ops.roll(flux, 1, axis=-1) - flux) / spacing

    def largest_stable_step(self, state) -> float:
        """Largest time step of an explicit fourth-order Runge–Kutta scheme that is stable for means (..., x)."""
        spacing = self.length / np.shape(state)[-1]
        return float(1 / (np.abs(state).max() / (1.4 * spacing) + self.values["viscosity"] / (0.7 * spacing**2)))

    def get_config(self):
        return {**super().get_config(), "length": self.length, "ends": self.ends}


def _harmonic_mean(a, b):
    """2ab/(a + b) where both have one sign, else 0."""
    product = ops.relu(a * b)
    total = a + b
    safe = ops.where(product > 0, total, ops.ones_like(total))
    return ops.where(product > 0, 2 * product / safe, ops.zeros_like(total))


def _inside(state, ends):
    """1 where the state is free, 0 where it is held."""
    inside = np.ones(state.shape[-1])
    if ends == "zero":
        inside[[0, -1]] = 0
    return ops.cast(inside, state.dtype)


def _checked_ends(ends):
    if ends not in ENDS:
        raise ValueError(f"`ends` must be one of {', '.join(ENDS)}, found {ends!r}.")
    return ends


def _check_grid(dynamics, shape):
    if shape[-1] is None or shape[-1] < 4:
        raise ValueError(
            f"{type(dynamics).__name__} expects a state (batch, x) of at least 4 points, found shape {tuple(shape)}."
        )
