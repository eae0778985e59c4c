"""Burgers' equation, pseudo-spectral."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.dynamics.spectral_dynamics import SpectralDynamics, fourier_precision

ENDS = ("periodic", "zero")


@keras.saving.register_keras_serializable(package="geodl")
class Burgers(SpectralDynamics):
    r"""The simplest turbulence: a velocity that carries itself along, steepens into fronts and is smoothed by viscosity.

    $$ \partial_t u + u\,\partial_x u = \nu\,\partial_x^2 u + f, \qquad 0 \le x < L $$

    Pseudo-spectral, in conservative form \(\partial_x (u^2/2)\), without aliases: the product is taken on a grid 3/2 times as
    fine. Between walls, the first and the last point of the grid are held at zero. The forcing is steady, a part of the state;
    one that is random in time is the closure `geodl.layers.StochasticForcing`.

    Args:
        viscosity: \(\nu\).
        length: \(L\), of the domain; the grid is \(x_j = j L / n\).
        ends: "periodic", or "zero" for walls, which `ODEIntegrator` takes and `SpectralIntegrator` does not.
        estimated: names of the parameters that `fit` may change.

    Call arguments:
        state: \(u\) (batch, x), without forcing; or \(u, \nu, f\) (batch, 3, x), where viscosity and forcing differ between
            samples: they are carried along and keep their values.

    Returns:
        Tendency, of the shape of the state.

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
        self.length, self.ends = float(length), checked_ends(ends)

    def build(self, input_shape):
        check_grid(self, input_shape)
        self.points = input_shape[-1]

    def call(self, state, time=0.0):
        self._check_points(state)
        inside = inside_walls(state, self.ends)
        modes = tf.signal.rfft(fourier_precision(velocity_of(state) * inside))
        viscosity, forcing = viscosity_and_forcing(self, state)
        decay = ops.cast(viscosity, modes.dtype.real_dtype) * ops.cast(self._wavenumbers() ** 2, modes.dtype.real_dtype)
        # Not a cast, whose gradient warns of the imaginary part that it drops.
        diffusion = -tf.complex(decay, tf.zeros_like(decay)) * modes
        tendency = ops.cast(self.to_state(diffusion + self._advection(modes)), state.dtype)
        return with_velocity(state, inside * (tendency + forcing), rest=0)

    def to_modes(self, state):
        if self.ends != "periodic":
            raise ValueError("Burgers between walls has no Fourier modes of its own: use ODEIntegrator.")
        self._check_points(state)
        return tf.signal.rfft(state)

    def to_state(self, modes):
        return tf.signal.irfft(modes, [self.points])

    def linear_rate(self, modes):
        real = modes.dtype.real_dtype
        viscosity = ops.cast(self.viscosity, real)
        if len(modes.shape) == 3:
            viscosity = tf.math.real(modes[:, 1, :1]) / self.points
        return with_velocity(tf.math.real(modes), -viscosity * ops.cast(self._wavenumbers() ** 2, real), rest=0)

    def nonlinear(self, modes, time):
        advection = self._advection(velocity_of(modes))
        if len(modes.shape) == 3:
            advection += modes[:, 2]
        return with_velocity(modes, advection, rest=0)

    def _advection(self, modes):
        fine = 2 * ((3 * self.points + 3) // 4)  # even, and at least 3/2 of the points
        ratio = ops.cast(fine / self.points, modes.dtype)
        square = tf.signal.rfft(tf.signal.irfft(modes * ratio, [fine]) ** 2)[..., : self.points // 2 + 1] / ratio
        wavenumbers = self._wavenumbers()
        if self.points % 2 == 0:
            wavenumbers[-1] = 0  # the derivative of the shortest wave is not seen by the grid
        return ops.cast(-0.5j * wavenumbers, modes.dtype) * square

    def largest_stable_step(self, state) -> float:
        """Largest time step at which the classical Runge–Kutta scheme is stable, for a state as `call` takes it."""
        shortest = np.pi * np.shape(state)[-1] / self.length
        speed, viscosity = largest_speed_and_viscosity(self, state)
        # The region of stability is about half an ellipse, with semi-axes 2.78 (decay) and 2.83 (oscillation).
        return float(1 / np.hypot(speed * shortest / 2.83, viscosity * shortest**2 / 2.78))

    def _check_points(self, state):
        if state.shape[-1] != self.points:
            raise ValueError(f"These dynamics were built for {self.points} points, found a state of {state.shape[-1]}.")

    def _wavenumbers(self):
        return 2 * np.pi / self.length * np.arange(self.points // 2 + 1)

    def get_config(self):
        return {**super().get_config(), "length": self.length, "ends": self.ends}


def velocity_of(state):
    """The velocity of a state (batch, x), or of (batch, 3, x) with viscosity and forcing."""
    return state if len(state.shape) == 2 else state[:, 0]


def viscosity_and_forcing(dynamics, state):
    """ν (batch, 1) and f (batch, x) of a state that holds them; else those of the dynamics, without forcing."""
    return (dynamics.viscosity, 0.0) if len(state.shape) == 2 else (state[:, 1, :1], state[:, 2])


def with_velocity(state, velocity, rest=1):
    """The state with another u; what else it holds times `rest`."""
    if len(state.shape) == 2:
        return velocity
    return ops.concatenate([velocity[:, None], state[:, 1:] * rest], axis=1)


def inside_walls(state, ends):
    """1 where the velocity is free, 0 where it is held (x,)."""
    inside = np.ones(state.shape[-1])
    if ends == "zero":
        inside[[0, -1]] = 0
    return ops.cast(inside, state.dtype)


def largest_speed_and_viscosity(dynamics, state):
    """Largest speed and viscosity of a state."""
    state = np.asarray(state)
    viscosity = dynamics.values["viscosity"] if state.ndim == 2 else state[:, 1].max()
    return np.abs(velocity_of(state)).max(), viscosity


def checked_ends(ends):
    """The name of the ends, if it is one."""
    if ends not in ENDS:
        raise ValueError(f"`ends` must be one of {', '.join(ENDS)}, found {ends!r}.")
    return ends


def check_grid(dynamics, shape):
    """Raises ValueError for a grid that is too small."""
    if shape[-1] is None or shape[-1] < 4:
        raise ValueError(
            f"{type(dynamics).__name__} expects a state (batch, x) of at least 4 points, found shape {tuple(shape)}."
        )
