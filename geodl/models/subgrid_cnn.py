"""Closure of the subgrid flux of a scalar by a plain convolutional network."""

import keras
import numpy as np
from keras import layers, ops

from geodl.fourier_box import resolved
from geodl.layers.periodic_padding import PeriodicPadding
from geodl.models.subgrid_flux_model import SubgridFluxModel


@keras.saving.register_keras_serializable(package="geodl")
class SubgridCNN(SubgridFluxModel):
    r"""Convolutions of kernel 3 on the velocity and the scalar, with periodic padding, then a linear map to the closure.

    It knows nothing of the physics but translations. The scales of its input and output are weights, which `adapt` sets.

    Args:
        filters: channels after each convolution.

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        \(\nabla \cdot \boldsymbol\tau\) (batch, x, y, z), of what the grid resolves.

    References:
        Frezat, Balarac, Le Sommer, Fablet and Lguensat (2021), Physical invariance in neural networks for subgrid-scale scalar
        flux modeling, Physical Review Fluids 6.

    Example:
        >>> print(tuple(SubgridCNN(filters=(4, 8))(np.ones((2, 4, 8, 8, 8), "float32")).shape))
        (2, 8, 8, 8)
    """

    def __init__(self, filters=(16, 32, 32, 64), **kwargs):
        super().__init__(**kwargs)
        self.filters = tuple(filters)
        self.trunk = convolutions(self.filters, self.dtype_policy)
        self.merge = layers.Conv3D(1, 1, use_bias=False, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.velocity_scale, self.scalar_scale, self.output_scale = (
            self.add_weight(name=name, shape=(), initializer="ones", trainable=False)
            for name in ("velocity_scale", "scalar_scale", "output_scale")
        )
        build_convolutions(self.trunk, (input_shape[0], *input_shape[2:], 4))
        self.merge.build((input_shape[0], *input_shape[2:], self.filters[-1]))

    def adapt(self, state: np.ndarray, divergence: np.ndarray) -> None:
        """Sets the scales from the states (sample, 4, x, y, z) and closures (sample, x, y, z) of a training split."""
        for scale, values in (
            (self.velocity_scale, state[:, :3]),
            (self.scalar_scale, state[:, 3]),
            (self.output_scale, divergence),
        ):
            scale.assign(np.std(values))

    def call(self, state, training=None):
        state = ops.cast(state, self.variable_dtype)
        features = ops.concatenate([state[:, :3] / self.velocity_scale, state[:, 3:] / self.scalar_scale], axis=1)
        features = ops.cast(ops.moveaxis(features, 1, -1), self.compute_dtype)
        for layer in self.trunk:
            features = layer(features)
        return self.output_scale * resolved(ops.cast(self.merge(features)[..., 0], self.variable_dtype))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}


def convolutions(filters: tuple[int, ...], dtype) -> list:
    """Layers of convolutions of kernel 3 on a periodic box, each with an activation."""
    pairs = (
        (
            PeriodicPadding(1, dtype=dtype),
            layers.Conv3D(count, 3, activation="silu", kernel_initializer="he_normal", dtype=dtype),
        )
        for count in filters
    )
    return [layer for pair in pairs for layer in pair]


def build_convolutions(trunk: list, shape: tuple) -> None:
    """Builds layers of `convolutions` for an input (batch, x, y, z, channel)."""
    for layer in trunk:
        layer.build(shape)
        shape = layer.compute_output_shape(shape)
