"""Eddy diffusivity for the subgrid flux of a scalar, with a constant that is tuned or dynamic."""

import keras
import numpy as np

from geodl.baselines.subgrid_fluxes import AlgebraicFlux, DynamicFlux
from geodl.fourier_box import filter_width, gradient
from geodl.layers.eddy_viscosity import magnitude, strain_rate


@keras.saving.register_keras_serializable(package="geodl")
class SmagorinskyFlux(AlgebraicFlux):
    r"""The scalar diffuses by eddies: \(\tau_i = -\frac{(C_s \Delta)^2}{Pr_t} |\mathbf S|\, \partial_i \theta\).

    Args:
        constant: \(C_s\).
        prandtl: turbulent Prandtl number \(Pr_t\).

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        \(\nabla \cdot \boldsymbol\tau\) (batch, x, y, z).

    References:
        Pope (2000), Turbulent flows, Cambridge University Press, section 13.4.

    Example:
        >>> x = 2 * np.pi * np.arange(16) / 16
        >>> state = np.zeros((1, 4, 16, 16, 16), "float32")
        >>> state[0, 0], state[0, 3] = np.sin(x)[:, None], np.sin(x)
        >>> print(float(np.mean(np.array(SmagorinskyFlux()(state))[0] * state[0, 3])) > 0)  # variance is lost
        True
    """

    def __init__(self, constant=0.17, prandtl=0.6, **kwargs):
        super().__init__(**kwargs)
        self.constant, self.prandtl = float(constant), float(prandtl)

    def estimate(self, state: np.ndarray, divergence: np.ndarray) -> "SmagorinskyFlux":
        r"""Takes the \(Pr_t\) with which the scalar of a training split loses as much variance as it does.

        Args:
            state: (sample, 4, x, y, z).
            divergence: \(\nabla \cdot \boldsymbol\tau\) (sample, x, y, z) of the filtered simulation.
        """
        scalar = state[:, 3]
        self.prandtl *= float(np.mean(np.asarray(self(state)) * scalar) / np.mean(divergence * scalar))
        return self

    def flux(self, state):
        return -((self.constant * filter_width(state.shape[-1])) ** 2) / self.prandtl * down_gradient(state)

    def get_config(self):
        return {**super().get_config(), "constant": self.constant, "prandtl": self.prandtl}


@keras.saving.register_keras_serializable(package="geodl")
class DynamicSmagorinskyFlux(DynamicFlux):
    r"""Eddy diffusivity whose constant is dynamic: \(\tau_i = -C \Delta^2 |\mathbf S|\, \partial_i \theta\).

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        \(\nabla \cdot \boldsymbol\tau\) (batch, x, y, z).

    References:
        Moin, Squires, Cabot and Lee (1991), A dynamic subgrid-scale model for compressible turbulence and scalar transport,
        Physics of Fluids A 3.

    Example:
        >>> state = np.random.default_rng(0).standard_normal((1, 4, 16, 16, 16)).astype("float32")
        >>> print(tuple(DynamicSmagorinskyFlux()(state).shape))
        (1, 16, 16, 16)
    """

    def shape(self, state):
        return -down_gradient(state)


def down_gradient(state):
    r"""\(|\mathbf S|\, \nabla \theta\) (batch, 3, x, y, z)."""
    return magnitude(strain_rate(state[:, :3]))[:, None] * gradient(state[:, 3])
