"""Closure of the subgrid flux of a scalar by a network that keeps the symmetries of transport."""

import keras
import numpy as np
from keras import layers, ops

from geodl.fourier_box import resolved
from geodl.layers.periodic_padding import PeriodicPadding
from geodl.models.subgrid_cnn import build_convolutions, convolutions
from geodl.models.subgrid_flux_model import SubgridFluxModel

REACH = 3  # points that the first linear convolution sees on each side


@keras.saving.register_keras_serializable(package="geodl")
class SGTNN(SubgridFluxModel):
    r"""Subgrid transport neural network: coefficients from the velocity times linear functions of the scalar.

    $$ \nabla \cdot \boldsymbol\tau = W z_R, \qquad z_r = N_r(\mathbf u - \overline{\mathbf u}) \odot K_r * z_{r-1}, \qquad
       z_0 = \theta - \overline\theta $$

    \(N\) is a trunk of convolutions of kernel 3, \(K_r\) linear convolutions, the first one of kernel 7 and others of kernel 3,
    \(W\) one of kernel 1, and the bars are means over the box. So the closure is exactly linear in the scalar, the same in a
    moving frame, moves along with the fields, and does not know the mean of the scalar nor changes it. Rotations and
    reflections are learned. The published network has one round; in two, products of the velocity and the scalar are
    themselves differentiated, as the divergence of a flux is. Two scales are weights, which `adapt` sets.

    Args:
        filters: channels after each convolution of the trunk; each round takes an equal share of the last ones.
        rounds: \(R\).

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        \(\nabla \cdot \boldsymbol\tau\) (batch, x, y, z), of what the grid resolves.

    Raises:
        ValueError: last channels that the rounds do not share equally.

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

    def __init__(self, filters=(16, 32, 32, 64), rounds=2, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.rounds = tuple(filters), int(rounds)
        if self.rounds < 1 or self.filters[-1] % self.rounds:
            raise ValueError(f"`rounds` must divide the last of `filters`, {self.filters[-1]}; found {rounds}.")
        self.trunk = convolutions(self.filters, self.dtype_policy)
        self.transports = []
        for reach in (REACH, *(self.rounds - 1) * [1]):
            pad = PeriodicPadding(reach, dtype=self.dtype_policy)
            channels = self.filters[-1] // self.rounds
            transport = layers.Conv3D(channels, 2 * reach + 1, use_bias=False, dtype=self.dtype_policy)
            self.transports.append(keras.Sequential([pad, transport]))
        self.merge = layers.Conv3D(1, 1, use_bias=False, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.velocity_scale, self.rate = (
            self.add_weight(name=name, shape=(), initializer="ones", trainable=False) for name in ("velocity_scale", "rate")
        )
        grid, channels = (input_shape[0], *input_shape[2:]), self.filters[-1] // self.rounds
        build_convolutions(self.trunk, (*grid, 3))
        for index, transport in enumerate(self.transports):
            transport.build((*grid, channels if index else 1))
        self.merge.build((*grid, channels))

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
        scalar = ops.cast(anomalies[..., 3:], self.compute_dtype)
        shares = ops.split(coefficients, self.rounds, axis=-1)
        for coefficient, transport in zip(shares, self.transports, strict=True):
            scalar = coefficient * transport(scalar)
        return self.rate * resolved(ops.cast(self.merge(scalar)[..., 0], self.variable_dtype))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "rounds": self.rounds}
