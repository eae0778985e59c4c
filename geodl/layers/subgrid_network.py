"""A learned closure of Burgers' equation, in flux form."""

import keras
import numpy as np
from keras import ops

from geodl.dynamics.burgers import inside_walls, velocity_of, with_velocity
from geodl.layers.stencil_network import StencilNetwork

USUAL_VISCOSITY = 2e-3


@keras.saving.register_keras_serializable(package="geodl")
class SubgridNetwork(keras.layers.Layer):
    r"""The tendency due to unresolved scales, as the divergence of a flux that a network reads off its neighbours.

    $$ c_i = -\frac{F_{i+1/2} - F_{i-1/2}}{\Delta x}, \qquad
       F_{i+1/2} = U\,\mathrm{net}(u_{i-r}, \dots, u_{i+r};\ \ln \nu, \text{walls}) $$

    What one cell loses, its neighbour gains: between periodic ends the mean is conserved to rounding, whatever the weights.

    Args:
        channels: of the hidden layers.
        radius: of the stencil of each layer, in cells.
        viscosity: \(\nu\) of a state that does not hold it.
        length: of the domain.
        ends: "periodic", or "zero" for walls.

    Call arguments:
        state: \(u\) (batch, x), or \(u, \nu, f\) (batch, 3, x).

    Returns:
        Tendency, of the shape of the state; zero before training.

    Example:
        >>> print(float(abs(np.array(SubgridNetwork(channels=(8,))(np.ones((1, 6))))).max()))
        0.0
    """

    FLUX_SCALE = 0.1  # U, so that the network's output is of order one

    def __init__(self, channels=(24, 24, 24), radius=2, viscosity=1e-3, length=1.0, ends="periodic", **kwargs):
        super().__init__(**kwargs)
        self.viscosity, self.length, self.ends = float(viscosity), float(length), ends
        self.network = StencilNetwork(channels, outputs=1, radius=radius, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.network.build((input_shape[0], input_shape[-1], 3))

    def call(self, state):
        inside = inside_walls(state, self.ends)
        u = velocity_of(state) * inside
        viscosity = ops.full_like(u, self.viscosity) if len(state.shape) == 2 else state[:, 1]
        walls = ops.broadcast_to(1 - inside, ops.shape(u))
        fields = ops.stack([u, ops.log(viscosity / USUAL_VISCOSITY), walls], axis=-1)
        flux = self.FLUX_SCALE * self.network(fields)[..., 0]
        divergence = (flux - ops.roll(flux, 1, axis=-1)) * (np.shape(state)[-1] / self.length)
        return with_velocity(state, -inside * ops.cast(divergence, state.dtype), rest=0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {"viscosity": self.viscosity, "length": self.length, "ends": self.ends}
        return {**super().get_config(), **own, "channels": self.network.channels, "radius": self.network.radius}
