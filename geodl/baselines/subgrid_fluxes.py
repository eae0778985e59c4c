"""What closures of a flux share, and no closure at all."""

import keras
from keras import ops

from geodl.dynamics.spectral_dynamics import fourier_precision
from geodl.fourier_box import divergence, filter_width
from geodl.layers.germano_constant import germano_constant
from geodl.models.subgrid_flux_model import SubgridFluxModel


class AlgebraicFlux(SubgridFluxModel):
    """A closure that gives the flux itself; a subclass defines `flux(state)`, (batch, 4, x, y, z) → (batch, 3, x, y, z)."""

    def flux(self, state):
        """The subgrid flux of the scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not define `flux`.")

    def call(self, state):
        return divergence(self.flux(fourier_precision(ops.convert_to_tensor(state))))


class DynamicFlux(AlgebraicFlux):
    r"""A flux \(C \Delta^2 \mathbf m\), with \(C\) of `germano_constant`; a subclass defines `shape(state)`, \(\mathbf m\)."""

    def shape(self, state):
        r"""\(\mathbf m\) (batch, 3, x, y, z) of a state (batch, 4, x, y, z)."""
        raise NotImplementedError(f"{type(self).__name__} does not define `shape`.")

    def flux(self, state):
        constant = germano_constant(state, lambda x: x[:, :3] * x[:, 3:], self.shape)
        return constant[:, None, None, None, None] * filter_width(state.shape[-1]) ** 2 * self.shape(state)


@keras.saving.register_keras_serializable(package="geodl")
class NoSubgridFlux(SubgridFluxModel):
    """Nothing happens below the grid.

    Example:
        >>> print(np.array(NoSubgridFlux()(np.ones((1, 4, 8, 8, 8), "float32"))).any())
        False
    """

    def call(self, state):
        return ops.zeros_like(state[:, 3])
