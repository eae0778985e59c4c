"""Smagorinsky's model of the subgrid stress, and the closure of a large-eddy simulation with a scalar."""

import keras
from keras import ops

from geodl.dynamics.spectral_dynamics import fourier_precision
from geodl.fourier_box import divergence, filter_width, gradient


@keras.saving.register_keras_serializable(package="geodl")
class EddyViscosity(keras.layers.Layer):
    r"""Tendency of the velocity from eddies that the grid does not resolve: \(\nabla \cdot (2 \nu_t \mathbf S)\).

    $$ \nu_t = (C_s \Delta)^2 |\mathbf S|, \qquad |\mathbf S| = \sqrt{2 S_{ij} S_{ij}}, \qquad
       S_{ij} = \tfrac12 (\partial_j u_i + \partial_i u_j) $$

    Args:
        constant: \(C_s\).

    Call arguments:
        velocity: (batch, 3, x, y, z) on the box (0, 2π)³.

    Returns:
        Tendency (batch, 3, x, y, z).

    References:
        Smagorinsky (1963), General circulation experiments with the primitive equations, Monthly Weather Review 91. Lilly
        (1967), The representation of small-scale turbulence in numerical simulation experiments.

    Example:
        >>> y = 2 * np.pi * np.arange(16) / 16
        >>> shear = np.zeros((1, 3, 16, 16, 16), "float32")
        >>> shear[0, 0] = np.sin(y)[:, None]
        >>> work = float(np.mean(shear * np.array(EddyViscosity()(shear))))
        >>> print(work < 0)  # it takes energy
        True
    """

    def __init__(self, constant=0.17, **kwargs):
        super().__init__(**kwargs)
        self.constant = float(constant)

    def call(self, velocity):
        strain = strain_rate(fourier_precision(velocity))
        viscosity = (self.constant * filter_width(velocity.shape[-1])) ** 2 * magnitude(strain)
        return ops.cast(divergence(2 * viscosity[:, None, None] * strain), velocity.dtype)

    def get_config(self):
        return {**super().get_config(), "constant": self.constant}


@keras.saving.register_keras_serializable(package="geodl")
class ScalarClosure(keras.layers.Layer):
    r"""Closure of `NavierStokes3D` on a coarse grid: eddy viscosity for the velocity, any model for the flux of the scalar.

    $$ c(\mathbf u, \theta) = (\nabla \cdot (2 \nu_t \mathbf S),\; -\nabla \cdot \boldsymbol\tau(\mathbf u, \theta)) $$

    Args:
        flux_divergence: a layer or model that maps a state (batch, 4, x, y, z) to \(\nabla \cdot \boldsymbol\tau\)
            (batch, x, y, z).
        constant: of `EddyViscosity`.

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        Tendency (batch, 4, x, y, z), for `SpectralIntegrator`.
    """

    def __init__(self, flux_divergence, constant=0.17, **kwargs):
        super().__init__(**kwargs)
        self.flux_divergence, self.constant = flux_divergence, float(constant)
        self.viscosity = EddyViscosity(constant, dtype=self.dtype_policy)

    def build(self, input_shape):
        if not self.flux_divergence.built:
            self.flux_divergence.build(input_shape)

    def call(self, state):
        velocity = self.viscosity(state[:, :3])
        scalar = -ops.cast(self.flux_divergence(state), velocity.dtype)
        return ops.concatenate([velocity, scalar[:, None]], axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        model = keras.saving.serialize_keras_object(self.flux_divergence)
        return {**super().get_config(), "flux_divergence": model, "constant": self.constant}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "flux_divergence": keras.saving.deserialize_keras_object(config["flux_divergence"])})


def strain_rate(velocity):
    """Symmetric part of the gradient (batch, 3, 3, x, y, z) of a velocity (batch, 3, x, y, z)."""
    slopes = gradient(velocity)
    return (slopes + ops.swapaxes(slopes, 1, 2)) / 2


def magnitude(strain):
    r"""\(\sqrt{2 S_{ij} S_{ij}}\) (batch, x, y, z) of a strain rate (batch, 3, 3, x, y, z)."""
    return ops.sqrt(2 * ops.sum(ops.square(strain), axis=(1, 2)))
