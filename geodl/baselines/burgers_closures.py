"""Classical closures of Burgers' equation: what eddies smaller than the grid do, by the gradient of the velocity."""

import keras
from keras import ops

from geodl.dynamics.burgers import inside_walls, velocity_of, with_velocity


class _SubgridStress(keras.layers.Layer):
    r"""Tendency \(-\tfrac12 \partial_x \tau\) of a stress \(\tau = \overline{u^2} - \bar u^2\) at the faces of the cells.

    A subclass defines `stress(u)`. The gradient at a face is that between its two cells.
    """

    def __init__(self, length=1.0, ends="periodic", **kwargs):
        super().__init__(**kwargs)
        self.length, self.ends = float(length), ends

    def call(self, state):
        inside = inside_walls(state, self.ends)
        u = velocity_of(state) * inside
        spacing = self.length / state.shape[-1]
        stress = self.stress(u, spacing)
        tendency = (ops.roll(stress, 1, axis=-1) - stress) / (2 * spacing)
        return with_velocity(state, inside * tendency, rest=0)

    def stress(self, u, spacing):
        r"""\(\tau_{i+1/2}\) (batch, x)."""
        raise NotImplementedError(f"{type(self).__name__} does not define `stress`.")

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "length": self.length, "ends": self.ends}


@keras.saving.register_keras_serializable(package="geodl")
class BurgersSmagorinsky(_SubgridStress):
    r"""Eddy viscosity \(\tau = -2 (C_s \Delta)^2 |\partial_x u|\,\partial_x u\).

    \(C_s\) is a weight: it can be tuned through the solver, as a network is.

    Args:
        coefficient: \(C_s\).
        length: of the domain.
        ends: "periodic", or "zero" for walls.

    References:
        Smagorinsky (1963), General circulation experiments with the primitive equations, Monthly Weather Review 91.

    Example:
        >>> print(np.array(BurgersSmagorinsky(coefficient=0.5, length=4.0)(np.float32([[0, 1, 0, 0]]))))
        [[ 0.25 -0.5   0.25  0.  ]]
    """

    def __init__(self, coefficient=0.16, **kwargs):
        super().__init__(**kwargs)
        self.initial_coefficient = float(coefficient)
        self.coefficient = self.add_weight((), keras.initializers.Constant(self.initial_coefficient), name="coefficient")

    def stress(self, u, spacing):
        gradient = _gradient(u, spacing)
        return -2 * (self.coefficient * spacing) ** 2 * ops.abs(gradient) * gradient

    def get_config(self):
        return {**super().get_config(), "coefficient": self.initial_coefficient}


@keras.saving.register_keras_serializable(package="geodl")
class BurgersDynamicSmagorinsky(_SubgridStress):
    r"""Eddy viscosity whose coefficient is read off the smallest resolved scales, one for each sample.

    $$ C_s^2 = \frac{\langle L M \rangle}{\langle M^2 \rangle}, \quad L = \widehat{\bar u^2} - \hat{\bar u}^2, \quad
       M = 2 \Delta^2 \big(\widehat{|s| s} - 4\,|\hat s|\,\hat s\big), \quad s = \partial_x \bar u $$

    The hat is a filter of twice the width, with weights 1/4, 1/2, 1/4; a negative coefficient is set to zero.

    References:
        Germano, Piomelli, Moin and Cabot (1991), A dynamic subgrid-scale eddy viscosity model, Physics of Fluids A 3;
        Lilly (1992), A proposed modification of the Germano subgrid-scale closure method, Physics of Fluids A 4.

    Example:
        >>> print(np.array(BurgersDynamicSmagorinsky()(np.float32([[1, 1, 1, 1]]))))
        [[0. 0. 0. 0.]]
    """

    def stress(self, u, spacing):
        gradient, wide_gradient = _gradient(u, spacing), _gradient(_test_filter(u), spacing)
        leonard = _test_filter(u**2) - _test_filter(u) ** 2
        leonard = (leonard + ops.roll(leonard, -1, axis=-1)) / 2  # at the faces, where the gradients are
        model = 2 * spacing**2 * (_test_filter(ops.abs(gradient) * gradient) - 4 * ops.abs(wide_gradient) * wide_gradient)
        product = ops.mean(leonard * model, axis=-1, keepdims=True)
        square = ops.relu(product) / (ops.mean(model**2, axis=-1, keepdims=True) + keras.config.epsilon() ** 2)
        return -2 * square * spacing**2 * ops.abs(gradient) * gradient


@keras.saving.register_keras_serializable(package="geodl")
class BurgersGradientModel(_SubgridStress):
    r"""The first term of a Taylor series, \(\tau = \tfrac{\Delta^2}{12} (\partial_x u)^2\), for means over cells.

    References:
        Clark, Ferziger and Reynolds (1979), Evaluation of subgrid-scale models using an accurately simulated turbulent flow,
        Journal of Fluid Mechanics 91.

    Example:
        >>> print(np.array(BurgersGradientModel(length=4.0)(np.float32([[0, 1, 0, 0]]))).round(3))
        [[-0.042  0.     0.042  0.   ]]
    """

    def stress(self, u, spacing):
        return (spacing * _gradient(u, spacing)) ** 2 / 12


def _gradient(u, spacing):
    return (ops.roll(u, -1, axis=-1) - u) / spacing


def _test_filter(field):
    return (ops.roll(field, 1, axis=-1) + 2 * field + ops.roll(field, -1, axis=-1)) / 4
