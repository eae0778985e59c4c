"""Three-dimensional turbulence with a passive scalar, pseudo-spectral."""

import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.dynamics.spectral_dynamics import SpectralDynamics
from geodl.fourier_box import kept, largest_wavenumber, multiplicity, squared_wavenumber, to_fields, to_modes, wavenumbers

FORCED = 2.0  # the largest wavenumber that is forced
# Which components make a flux: the six of the stress, then those of the scalar.
PAIRS = (*itertools.combinations_with_replacement(range(3), 2), *((3, i) for i in range(3)))


@keras.saving.register_keras_serializable(package="geodl")
class NavierStokes3D(SpectralDynamics):
    r"""Incompressible flow \(\mathbf u = (u, v, w)\) that carries a scalar \(\theta\), on the periodic box \((0, 2\pi)^3\).

    $$ \partial_t \mathbf u + \nabla \cdot (\mathbf u \mathbf u) = -\nabla p + \nu \nabla^2 \mathbf u + \mathbf f, \quad
       \nabla \cdot \mathbf u = 0, \quad
       \partial_t \theta + \nabla \cdot (\mathbf u \theta) = \kappa \nabla^2 \theta + g $$

    The pressure projects the velocity on fields without divergence. Of \(n\) points a side, wavenumbers up to \((n - 1) / 3\)
    are kept, so that products are free of aliases. The forcing \(\mathbf f = P\, \mathbf u_< / \overline{|\mathbf u_<|^2}\)
    holds up the large scales \(0 < |\mathbf k| \le 2\), and \(g\) those of the scalar in the same way: kinetic energy comes in
    at the constant rate \(P\), half of the variance of the scalar at the rate \(P_\theta\). All quantities are dimensionless.

    Args:
        viscosity: \(\nu\).
        diffusivity: \(\kappa\).
        energy_injection: \(P\); 0 for decaying turbulence.
        variance_injection: \(P_\theta\).
        estimated: names of the parameters that `fit` may change.

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z), of as many points along each axis, an even number.

    Returns:
        Tendency (batch, 4, x, y, z).

    Raises:
        ValueError: not four fields, a grid that is not cubic, or an odd number of points, or fewer than eight.

    References:
        Orszag and Patterson (1972), Numerical simulation of three-dimensional homogeneous isotropic turbulence, Physical
        Review Letters 28. Machiels (1997), Predictability of small-scale motion in isotropic fluid turbulence, Physical
        Review Letters 79.

    Example:
        >>> x, y = (2 * np.pi * np.arange(8) / 8).reshape(8, 1, 1), (2 * np.pi * np.arange(8) / 8).reshape(8, 1)
        >>> vortex = np.zeros((1, 4, 8, 8, 8))
        >>> vortex[0, 0], vortex[0, 1] = np.cos(x) * np.sin(y), -np.sin(x) * np.cos(y)
        >>> tendency = NavierStokes3D(viscosity=0.1, dtype="float64")(vortex)
        >>> print(np.abs(np.array(tendency) + 0.2 * vortex).max() < 1e-12)
        True
    """

    parameters = {"viscosity": 0.02, "diffusivity": 0.02, "energy_injection": 0.0, "variance_injection": 0.0}

    def build(self, input_shape):
        shape = tuple(input_shape)
        points = shape[-1]
        cubic = len(shape) == 5 and shape[1] == 4 and points is not None and shape[2:] == (points,) * 3
        if not cubic or points % 2 or points < 8:
            raise ValueError(
                f"NavierStokes3D expects a state (batch, 4, n, n, n) with n even and at least 8, found shape {shape}: "
                f"regrid it, for example with geodl.fourier_box.regridded."
            )
        self.points = points

    def to_modes(self, state):
        return self._projected(to_modes(state))

    def to_state(self, modes):
        return to_fields(modes)

    def linear_rate(self, modes):
        dtype = modes.dtype.real_dtype
        rates = ops.stack([ops.cast(rate, dtype) for rate in 3 * [self.viscosity] + [self.diffusivity]])
        return -rates[:, None, None, None] * squared_wavenumber(self.points, dtype)

    def nonlinear(self, modes, time):
        fields = ops.unstack(to_fields(modes), axis=1)
        products = to_modes(ops.stack([fields[i] * fields[j] for i, j in PAIRS], axis=1))
        flux = dict(zip(PAIRS, ops.unstack(products, axis=1), strict=True))
        flux |= {(j, i): product for (i, j), product in flux.items()}
        slopes = [ops.cast(-1j * k, modes.dtype) for k in wavenumbers(self.points)]
        tendency = [sum(slope * flux[i, j] for j, slope in enumerate(slopes)) for i in range(4)]
        return self._projected(ops.stack(tendency, axis=1)) + self._forcing(modes)

    def largest_stable_step(self, state) -> float:
        r"""Largest time step of `SpectralIntegrator` for a state (…, 4, x, y, z): \(2.8 / (k_{max} \max(|u| + |v| + |w|))\)."""
        speed = np.abs(np.asarray(state)[..., :3, :, :, :]).sum(axis=-4).max()
        return float(2.8 / (largest_wavenumber(np.shape(state)[-1]) * max(speed, np.finfo("float32").tiny)))

    def _projected(self, modes):
        """Modes that the grid resolves without aliases, those of the velocity without divergence."""
        modes = kept(self.points, largest_wavenumber(self.points), modes.dtype) * modes
        u, v, w, scalar = ops.unstack(modes, axis=1)
        x, y, z = (ops.cast(k, modes.dtype) for k in wavenumbers(self.points))
        square = ops.maximum(squared_wavenumber(self.points, modes.dtype.real_dtype), 1.0)  # the mean has no pressure
        pressure = (x * u + y * v + z * w) / ops.cast(square, modes.dtype)
        return ops.stack([u - x * pressure, v - y * pressure, w - z * pressure, scalar], axis=1)

    def _forcing(self, modes):
        """Tendency of the large scales."""
        real = modes.dtype.real_dtype
        square = squared_wavenumber(self.points, real)
        large = ops.cast((square > 0) & (square <= FORCED**2), modes.dtype) * modes
        weights = ops.cast(multiplicity(self.points) / self.points**6, real)
        squares = ops.sum(weights * ops.square(ops.abs(large)), axis=(2, 3, 4))
        energy = ops.sum(squares[:, :3], axis=1, keepdims=True)
        rates = ops.concatenate(
            [
                ops.repeat(tf.math.divide_no_nan(ops.cast(self.energy_injection, real), energy), 3, axis=1),
                tf.math.divide_no_nan(ops.cast(self.variance_injection, real), squares[:, 3:]),
            ],
            axis=1,
        )
        return ops.cast(rates[:, :, None, None, None], modes.dtype) * large
