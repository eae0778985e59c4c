"""What closures of a flux share, and no closure at all."""

import keras
import numpy as np
from keras import ops

from geodl.dynamics.spectral_dynamics import fourier_precision
from geodl.filters import filtered
from geodl.fourier_box import divergence, filter_width, largest_wavenumber
from geodl.models.subgrid_flux_model import SubgridFluxModel


class AlgebraicFlux(SubgridFluxModel):
    """A closure that gives the flux itself; a subclass defines `flux(state)`, (batch, 4, x, y, z) → (batch, 3, x, y, z)."""

    def flux(self, state):
        """The subgrid flux of the scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not define `flux`.")

    def call(self, state):
        return divergence(self.flux(fourier_precision(ops.convert_to_tensor(state))))


class DynamicFlux(AlgebraicFlux):
    r"""A flux \(C \Delta^2 \mathbf m\) whose constant comes from the resolved fields, at each time and for the whole box.

    $$ C = \max\left(0, \frac{\overline{L_i M_i}}{\overline{M_i M_i}}\right), \qquad
       L_i = \widehat{u_i \theta} - \hat u_i \hat\theta, \qquad
       M_i = \hat\Delta^2 m_i(\hat{\mathbf u}, \hat\theta) - \Delta^2 \widehat{m_i(\mathbf u, \theta)} $$

    The hat is the sharp filter of half the resolved wavenumbers. A subclass defines `shape(state)`, \(\mathbf m\).

    References:
        Germano, Piomelli, Moin and Cabot (1991), A dynamic subgrid-scale eddy viscosity model, Physics of Fluids A 3. Lilly
        (1992), A proposed modification of the Germano subgrid-scale closure method, Physics of Fluids A 4. Moin, Squires,
        Cabot and Lee (1991), A dynamic subgrid-scale model for compressible turbulence and scalar transport, Physics of
        Fluids A 3.
    """

    def shape(self, state):
        r"""\(\mathbf m\) (batch, 3, x, y, z) of a state (batch, 4, x, y, z)."""
        raise NotImplementedError(f"{type(self).__name__} does not define `shape`.")

    def flux(self, state):
        shape = self.shape(state)
        square = filter_width(state.shape[-1]) ** 2
        return self.constant(state, shape)[:, None, None, None, None] * square * shape

    def constant(self, state, shape):
        r"""\(C\) (batch,)."""
        points = state.shape[-1]
        width = np.pi / (largest_wavenumber(points) // 2)
        test = filtered(state, "sharp", width)
        leonard = filtered(state[:, :3] * state[:, 3:], "sharp", width) - test[:, :3] * test[:, 3:]
        model = width**2 * self.shape(test) - filter_width(points) ** 2 * filtered(shape, "sharp", width)
        axes = (1, 2, 3, 4)
        square = ops.maximum(ops.mean(model**2, axis=axes), np.finfo("float32").tiny)
        return ops.relu(ops.mean(leonard * model, axis=axes) / square)


@keras.saving.register_keras_serializable(package="geodl")
class NoSubgridFlux(SubgridFluxModel):
    """Nothing happens below the grid.

    Example:
        >>> print(np.array(NoSubgridFlux()(np.ones((1, 4, 8, 8, 8), "float32"))).any())
        False
    """

    def call(self, state):
        return ops.zeros_like(state[:, 3])
