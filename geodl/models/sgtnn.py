"""Closure of the subgrid flux of a scalar by a network that keeps the symmetries of transport."""

import keras
import numpy as np
from keras import layers, ops

from geodl.fourier_box import resolved
from geodl.layers.periodic_padding import PeriodicPadding
from geodl.models.subgrid_cnn import build_convolutions, convolutions
from geodl.models.subgrid_flux_model import SubgridFluxModel


@keras.saving.register_keras_serializable(package="geodl")
class SGTNN(SubgridFluxModel):
    r"""Subgrid transport neural network: coefficients from the velocity times a linear function of the scalar.

    $$ \nabla \cdot \boldsymbol\tau = W \left[ N(\mathbf u - \overline{\mathbf u}) \odot
       K * (\theta - \overline\theta) \right] $$

    \(N\) is a trunk of convolutions of kernel 3, \(K\) one linear convolution of kernel 7, \(W\) one of kernel 1, and the bars
    are means over the box. So the closure is exactly linear in the scalar, the same in a moving frame, moves along with the
    fields, and does not know the mean of the scalar nor changes it. Rotations and reflections are learned. Two scales are
    weights, which `adapt` sets.

    Args:
        filters: channels after each convolution of the trunk; the last ones are those of \(K\), too.
        reach: points that \(K\) sees on each side.

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        \(\nabla \cdot \boldsymbol\tau\) (batch, x, y, z), of what the grid resolves.

    References:
        Frezat, Balarac, Le Sommer, Fablet and Lguensat (2021), Physical invariance in neural networks for subgrid-scale scalar
        flux modeling, Physical Review Fluids 6.

    Example:
        >>> model = SGTNN(filters=(4, 8))
        >>> state = np.random.default_rng(0).standard_normal((1, 4, 8, 8, 8)).astype("float32")
        >>> moved = state + np.float32([1, 2, 3, 4]).reshape(4, 1, 1, 1)
        >>> print(np.allclose(model(state), model(moved), atol=1e-5))
        True
    """

    def __init__(self, filters=(16, 32, 32, 64), reach=3, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.reach = tuple(filters), int(reach)
        self.trunk = convolutions(self.filters, self.dtype_policy)
        self.pad = PeriodicPadding(self.reach, dtype=self.dtype_policy)
        convolution = {"use_bias": False, "dtype": self.dtype_policy}
        self.transport = layers.Conv3D(self.filters[-1], 2 * self.reach + 1, **convolution)
        self.merge = layers.Conv3D(1, 1, **convolution)

    def build(self, input_shape):
        self.velocity_scale, self.rate = (
            self.add_weight(name=name, shape=(), initializer="ones", trainable=False) for name in ("velocity_scale", "rate")
        )
        grid = (input_shape[0], *input_shape[2:])
        build_convolutions(self.trunk, (*grid, 3))
        build_convolutions([self.pad, self.transport], (*grid, 1))
        self.merge.build((*grid, self.filters[-1]))

    def adapt(self, state: np.ndarray, divergence: np.ndarray) -> None:
        """Sets the scales from the states (sample, 4, x, y, z) and closures (sample, x, y, z) of a training split."""
        self.velocity_scale.assign(np.std(state[:, :3]))
        self.rate.assign(np.std(divergence) / np.std(state[:, 3]))

    def call(self, state, training=None):
        state = ops.cast(state, self.variable_dtype)
        anomalies = ops.moveaxis(state - ops.mean(state, axis=(2, 3, 4), keepdims=True), 1, -1)
        coefficients = ops.cast(anomalies[..., :3] / self.velocity_scale, self.compute_dtype)
        for layer in self.trunk:
            coefficients = layer(coefficients)
        scalar = self.transport(self.pad(ops.cast(anomalies[..., 3:], self.compute_dtype)))
        return self.rate * resolved(ops.cast(self.merge(coefficients * scalar)[..., 0], self.variable_dtype))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "reach": self.reach}
