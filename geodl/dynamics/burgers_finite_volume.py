"""Burgers' equation by finite volumes."""

import keras
import numpy as np
from keras import ops

from geodl.dynamics.burgers import (
    check_grid,
    checked_ends,
    inside_walls,
    largest_speed_and_viscosity,
    velocity_of,
    viscosity_and_forcing,
    with_velocity,
)
from geodl.dynamics.dynamics import Dynamics


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
        state: means \(\bar u\) (batch, x), or \(\bar u, \nu, \bar f\) (batch, 3, x), as for `Burgers`.

    Returns:
        Tendency, of the shape of the state.

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
        self.length, self.ends = float(length), checked_ends(ends)

    def build(self, input_shape):
        check_grid(self, input_shape)

    def call(self, state):
        inside = inside_walls(state, self.ends)
        u = velocity_of(state) * inside
        viscosity, forcing = viscosity_and_forcing(self, state)
        spacing = self.length / state.shape[-1]
        ahead = ops.roll(u, -1, axis=-1) - u
        slope = _harmonic_mean(ops.roll(ahead, 1, axis=-1), ahead)
        left, right = u + slope / 2, ops.roll(u - slope / 2, -1, axis=-1)
        flux = ops.maximum(ops.relu(left) ** 2, ops.relu(-right) ** 2) / 2 - viscosity * ahead / spacing
        return with_velocity(state, inside * ((ops.roll(flux, 1, axis=-1) - flux) / spacing + forcing), rest=0)

    def largest_stable_step(self, state) -> float:
        """Largest time step at which the classical Runge–Kutta scheme is stable, for a state as `call` takes it."""
        spacing = self.length / np.shape(state)[-1]
        speed, viscosity = largest_speed_and_viscosity(self, state)
        return float(1 / np.hypot(speed / (1.4 * spacing), viscosity / (0.7 * spacing**2)))

    def get_config(self):
        return {**super().get_config(), "length": self.length, "ends": self.ends}


def _harmonic_mean(a, b):
    """2ab/(a + b) where both have one sign, else 0."""
    product = ops.relu(a * b)
    total = a + b
    safe = ops.where(product > 0, total, ops.ones_like(total))
    return ops.where(product > 0, 2 * product / safe, ops.zeros_like(total))
