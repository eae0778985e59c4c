"""The subgrid flux of a scalar from the gradients of the resolved fields."""

import keras
import tensorflow as tf
from keras import ops

from geodl.baselines.subgrid_fluxes import AlgebraicFlux, DynamicFlux
from geodl.fourier_box import filter_width, gradient
from geodl.layers.eddy_viscosity import strain_rate


@keras.saving.register_keras_serializable(package="geodl")
class GradientFlux(AlgebraicFlux):
    r"""The first term of the flux in powers of the width of the filter.

    $$ \tau_i = \frac{\Delta^2}{12}\, \partial_j u_i\, \partial_j \theta $$

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        \(\nabla \cdot \boldsymbol\tau\) (batch, x, y, z).

    References:
        Clark, Ferziger and Reynolds (1979), Evaluation of subgrid-scale models using an accurately simulated turbulent flow,
        Journal of Fluid Mechanics 91.

    Example:
        >>> state = np.random.default_rng(0).standard_normal((1, 4, 16, 16, 16)).astype("float32")
        >>> model = GradientFlux()
        >>> print(np.allclose(model(state * np.float32([1, 1, 1, 2]).reshape(4, 1, 1, 1)), 2 * model(state), atol=1e-4))
        True
    """

    def flux(self, state):
        square = filter_width(state.shape[-1]) ** 2
        return square / 12 * ops.einsum("bij...,bj...->bi...", gradient(state[:, :3]), gradient(state[:, 3]))


@keras.saving.register_keras_serializable(package="geodl")
class DynamicGradientFlux(DynamicFlux):
    r"""Gradient model without its part that makes variance, and with a dynamic constant.

    $$ \tau_i = C \Delta^2 S^-_{ij}\, \partial_j \theta $$

    \(\mathbf S^-\) is the strain rate with its negative eigenvalues alone, along which scales shrink: the scalar
    variance that the flux takes from the resolved field is nowhere negative.

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        \(\nabla \cdot \boldsymbol\tau\) (batch, x, y, z).

    References:
        Vollant, Balarac and Corre (2016), A dynamic regularized gradient model of the subgrid-scale stress tensor for
        large-eddy simulation, Physics of Fluids 28.

    Example:
        >>> state = np.random.default_rng(0).standard_normal((1, 4, 16, 16, 16)).astype("float32")
        >>> print(tuple(DynamicGradientFlux().flux(state).shape))
        (1, 3, 16, 16, 16)
    """

    def shape(self, state):
        strain = ops.transpose(strain_rate(state[:, :3]), (0, 3, 4, 5, 1, 2))
        values, vectors = tf.linalg.eigh(strain)
        along = ops.matmul(ops.swapaxes(vectors, -1, -2), ops.moveaxis(gradient(state[:, 3]), 1, -1)[..., None])
        shrinking = ops.minimum(values, 0.0)[..., None] * along
        return ops.moveaxis(ops.matmul(vectors, shrinking)[..., 0], -1, 1)
