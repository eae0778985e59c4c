"""Quadratic right-hand sides with few parameters."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class Bilinear(keras.layers.Layer):
    r"""A linear map of the input and of products of linear maps: \(W [\mathbf x, A \mathbf x \odot B \mathbf x] + \mathbf c\).

    The equations of fluids, and the Lorenz systems, are of this form.

    \(W\) starts at zero, so that a tendency starts as no change.

    Args:
        units: size of the output.
        products: number of products.

    Call arguments:
        inputs: (..., size).

    Returns:
        (..., units).

    References:
        Fablet, Ouala and Herzet (2018), Bilinear residual neural network for the identification and forecasting of
        geophysical dynamics, EUSIPCO.

    Example:
        >>> print(tuple(Bilinear(units=3, products=3)(np.ones((2, 3), "float32")).shape))
        (2, 3)
    """

    def __init__(self, units, products, **kwargs):
        super().__init__(**kwargs)
        self.units, self.products = int(units), int(products)
        self.factors = [keras.layers.Dense(self.products, use_bias=False, dtype=self.dtype_policy) for _ in range(2)]
        self.combination = keras.layers.Dense(self.units, kernel_initializer="zeros", dtype=self.dtype_policy)

    def build(self, input_shape):
        for factor in self.factors:
            factor.build(input_shape)
        self.combination.build((*input_shape[:-1], input_shape[-1] + self.products))

    def call(self, inputs):
        a, b = (factor(inputs) for factor in self.factors)
        return self.combination(ops.concatenate([inputs, a * b], axis=-1))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "products": self.products}


@keras.saving.register_keras_serializable(package="geodl")
class PeriodicNeighbours(keras.layers.Layer):
    r"""Each component with its neighbours on a circle: \(x_j \to (x_{j-r}, \dots, x_{j+r})\).

    A layer on the last axis of the result is a convolution along the circle, as one matrix product.

    Args:
        reach: \(r\).

    Call arguments:
        state: (..., J).

    Returns:
        (..., J, 2 r + 1).

    Example:
        >>> print(np.array(PeriodicNeighbours(reach=1)(np.float32([[1, 2, 3]])))[0])
        [[3. 1. 2.]
         [1. 2. 3.]
         [2. 3. 1.]]
    """

    def __init__(self, reach, **kwargs):
        super().__init__(**kwargs)
        self.reach = int(reach)

    def call(self, state):
        return ops.stack([ops.roll(state, -shift, axis=-1) for shift in range(-self.reach, self.reach + 1)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape, 2 * self.reach + 1)

    def get_config(self):
        return {**super().get_config(), "reach": self.reach}
