"""Neural ODEs: a learned tendency inside a differentiable integrator."""

import keras
import numpy as np

from geodl.layers import Bilinear, PeriodicNeighbours
from geodl.models.tendency_forecaster import TendencyForecaster


@keras.saving.register_keras_serializable(package="geodl")
class LearnedTendency(keras.layers.Layer):
    r"""A tendency with few parameters: \(\dot{\mathbf x} = r\, \mathbf s \odot g((\mathbf x - \mathbf m) / \mathbf s)\).

    \(g\) is `Bilinear` on the whole state or, with `reach`, the same on each component and its neighbours on a circle:
    equivariant under rotation. \(\mathbf m\), \(\mathbf s\) and the rate \(r\) normalise, and are set by `adapt`.

    Args:
        products: number of products of linear maps.
        reach: number of neighbours on each side; by default every component sees all.

    Call arguments:
        state: (batch, component).

    Returns:
        Tendency (batch, component), per time unit.

    Example:
        >>> tendency = LearnedTendency(products=1, reach=2)
        >>> print(tuple(tendency(np.ones((2, 40), "float32")).shape))
        (2, 40)
    """

    def __init__(self, products, reach=None, **kwargs):
        super().__init__(**kwargs)
        self.products, self.reach = int(products), reach
        self.neighbours = PeriodicNeighbours(reach, dtype=self.dtype_policy) if reach is not None else None

    def build(self, input_shape):
        size = input_shape[-1]
        self.bilinear = Bilinear(size if self.reach is None else 1, self.products, dtype=self.dtype_policy)
        self.bilinear.build(input_shape if self.reach is None else (*input_shape, 2 * self.reach + 1))
        # A circle has one mean and one scale, or it would not be equivariant.
        shape = (size,) if self.reach is None else (1,)
        self.mean = self.add_weight(shape, "zeros", name="mean", trainable=False)
        self.scale = self.add_weight(shape, "ones", name="scale", trainable=False)
        self.rate = self.add_weight((), "ones", name="rate", trainable=False)

    def call(self, state):
        normalised = (state - self.mean) / self.scale
        if self.neighbours is None:
            return self.rate * self.scale * self.bilinear(normalised)
        return self.rate * self.scale * self.bilinear(self.neighbours(normalised))[..., 0]

    def adapt(self, states: np.ndarray, dt: float) -> None:
        """Sets the normalisation from states (sample, time, component), `dt` apart."""
        axis = (0, 1) if self.reach is None else None
        scale = states.std(axis=axis)
        tendency = np.diff(states, axis=1) / dt
        self.mean.assign(np.reshape(states.mean(axis=axis), self.mean.shape))
        self.scale.assign(np.reshape(scale, self.scale.shape))
        self.rate.assign(np.sqrt(np.mean((tendency / scale) ** 2)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "products": self.products, "reach": self.reach}


@keras.saving.register_keras_serializable(package="geodl")
class NeuralODE(TendencyForecaster):
    r"""Integrates a learned tendency \(f_\theta\) from the last state \(\mathbf x(t)\), to \(t + dt,\; t + 2\,dt,\; \dots\)

    The parameters are found through the integrator, from the error of several steps ahead; so states may be far apart.

    Args:
        components: size of the state.
        dt: time between two states.
        substeps: steps of the integration between two states.
        products: products of linear maps in the tendency.
        reach: neighbours on a circle that a component depends on; by default all components.
        horizon: number of states that `call` returns.

    Call arguments:
        past: (batch, time, component), of which only the last state is used.

    Returns:
        (batch, horizon, component).

    References:
        Chen et al. (2018), Neural ordinary differential equations, NeurIPS.
        Fablet, Ouala and Herzet (2018), Bilinear residual neural network for the identification and forecasting of
        geophysical dynamics, EUSIPCO.

    Example:
        >>> model = NeuralODE(components=3, dt=0.01, products=3, horizon=5)
        >>> print(tuple(model(np.ones((2, 1, 3), "float32")).shape))
        (2, 5, 3)
    """

    def __init__(self, components, dt, products, substeps=1, reach=None, horizon=1, dtype=None, **kwargs):
        tendency = LearnedTendency(products, reach, dtype=dtype)
        super().__init__(components, dt, tendency, substeps, horizon, dtype=dtype, **kwargs)
        self.products, self.reach = int(products), reach

    def get_config(self):
        return {**super().get_config(), "products": self.products, "reach": self.reach}
