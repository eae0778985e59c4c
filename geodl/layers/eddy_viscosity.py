"""Smagorinsky's model of the subgrid stress, and the closure of a large-eddy simulation with a scalar."""

import keras
from keras import ops

from geodl.dynamics.spectral_dynamics import fourier_precision
from geodl.fourier_box import divergence, filter_width, gradient
from geodl.layers.germano_constant import germano_constant


@keras.saving.register_keras_serializable(package="geodl")
class EddyViscosity(keras.layers.Layer):
    r"""Tendency of the velocity from eddies that the grid does not resolve, by the dynamic model of Smagorinsky.

    $$ -\nabla \cdot \boldsymbol\tau, \qquad \tau_{ij} = -2 C \Delta^2 |\mathbf S| S_{ij}, \qquad
       |\mathbf S| = \sqrt{2 S_{ij} S_{ij}}, \qquad S_{ij} = \tfrac12 (\partial_j u_i + \partial_i u_j) $$

    \(C\) is `germano_constant`, one for each box.

    Call arguments:
        velocity: (batch, 3, x, y, z) on the box (0, 2π)³.

    Returns:
        Tendency (batch, 3, x, y, z).

    References:
        Smagorinsky (1963), General circulation experiments with the primitive equations, Monthly Weather Review 91. Germano,
        Piomelli, Moin and Cabot (1991), A dynamic subgrid-scale eddy viscosity model, Physics of Fluids A 3.

    Example:
        >>> velocity = np.random.default_rng(0).standard_normal((1, 3, 16, 16, 16)).astype("float32")
        >>> work = float(np.mean(velocity * np.array(EddyViscosity()(velocity))))
        >>> print(work <= 0)  # it gives no energy
        True
    """

    def call(self, velocity):
        u = fourier_precision(velocity)
        constant = germano_constant(u, lambda u: u[:, :, None] * u[:, None], _stress_shape)
        stress = constant[:, None, None, None, None, None] * filter_width(u.shape[-1]) ** 2 * _stress_shape(u)
        return ops.cast(-divergence(stress), velocity.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="geodl")
class ScalarClosure(keras.layers.Layer):
    r"""Closure of `NavierStokes3D` on a coarse grid: eddy viscosity for the velocity, any model for the flux of the scalar.

    $$ c(\mathbf u, \theta) = (-\nabla \cdot \boldsymbol\tau_{\mathbf u},\; -\nabla \cdot \boldsymbol\tau(\mathbf u, \theta)) $$

    Args:
        flux_divergence: a layer or model that maps a state (batch, 4, x, y, z) to \(\nabla \cdot \boldsymbol\tau\)
            (batch, x, y, z).

    Call arguments:
        state: \(u, v, w, \theta\) (batch, 4, x, y, z).

    Returns:
        Tendency (batch, 4, x, y, z), for `SpectralIntegrator`.

    Example:
        >>> from geodl.baselines import GradientFlux
        >>> state = np.random.default_rng(0).standard_normal((1, 4, 8, 8, 8)).astype("float32")
        >>> print(tuple(ScalarClosure(GradientFlux())(state).shape))
        (1, 4, 8, 8, 8)
    """

    def __init__(self, flux_divergence, **kwargs):
        super().__init__(**kwargs)
        self.flux_divergence = flux_divergence
        self.viscosity = EddyViscosity(dtype=self.dtype_policy)

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
        return {**super().get_config(), "flux_divergence": model}

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


def _stress_shape(velocity):
    strain = strain_rate(velocity)
    return -2 * magnitude(strain)[:, None, None] * strain
