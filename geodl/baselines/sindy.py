"""Sparse identification of the equation of motion."""

import keras
import numpy as np
from keras import ops

from geodl.baselines.polynomial_map import monomials
from geodl.errors import check_fitted
from geodl.models.tendency_forecaster import TendencyForecaster


@keras.saving.register_keras_serializable(package="geodl")
class SparseTendency(keras.layers.Layer):
    r"""A quadratic tendency with few terms, \(\dot{\mathbf x} = W \phi(\mathbf x)\), by thresholded least squares (SINDy).

    Args:
        threshold: coefficients of normalised variables below it are set to zero.

    References:
        Brunton, Proctor and Kutz (2016), Discovering governing equations from data by sparse identification of nonlinear
        dynamical systems, PNAS 113.
    """

    def __init__(self, threshold=0.1, **kwargs):
        super().__init__(**kwargs)
        self.threshold = float(threshold)

    def build(self, input_shape):
        shape = (len(monomials(np.zeros((1, input_shape[-1])), 2)[0]), input_shape[-1])
        self.coefficients = self.add_weight(shape, "zeros", name="coefficients", trainable=False)

    def call(self, state):
        return ops.matmul(monomials(state, 2, ops), self.coefficients)

    def estimate(self, states: np.ndarray, dt: float) -> None:
        """Fits the coefficients to states (sample, time, component), with differences of fourth order in time."""
        difference = (states[:, :-4] - 8 * states[:, 1:-3] + 8 * states[:, 3:-1] - states[:, 4:]) / (12 * dt)
        size = states.shape[-1]
        phi, tendency = monomials(states[:, 2:-2].reshape(-1, size), 2), difference.reshape(-1, size)
        coefficients = np.linalg.lstsq(phi, tendency, rcond=None)[0]
        for _ in range(10):
            kept = np.abs(coefficients) * phi.std(axis=0, keepdims=True).T.clip(1e-12) >= self.threshold * tendency.std(axis=0)
            kept[0] |= np.abs(coefficients[0]) >= self.threshold * tendency.std(axis=0)
            for j in range(size):
                coefficients[:, j] = 0.0
                coefficients[kept[:, j], j] = np.linalg.lstsq(phi[:, kept[:, j]], tendency[:, j], rcond=None)[0]
        self.coefficients.assign(coefficients)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


@keras.saving.register_keras_serializable(package="geodl")
class SINDy(TendencyForecaster):
    """Integrates the sparse tendency identified from differences of the states.

    Args:
        components: size of the state.
        dt: time between two states.
        substeps: steps of the integration between two states.
        horizon: number of states that `call` returns.

    Raises:
        InputError: by `predict`, `estimate` was not called before.

    Example:
        >>> times = 0.01 * np.arange(200.0)
        >>> states = np.stack([np.cos(times), -np.sin(times)], axis=-1)[None]
        >>> model = SINDy(components=2, dt=0.01).estimate(states)
        >>> print(np.array(model.step(np.float32([[1, 0]])))[0].round(2))
        [ 1.   -0.01]
    """

    def __init__(self, components, dt, substeps=1, horizon=1, dtype=None, **kwargs):
        super().__init__(components, dt, SparseTendency(dtype=dtype), substeps, horizon, dtype=dtype, **kwargs)
        self.tendency.build((None, self.components))

    def estimate(self, states: np.ndarray):
        """Identifies the tendency from states (sample, time, component), and returns the model."""
        self.tendency.estimate(states, self.dt)
        return self

    def forward(self, samples, steps=1):
        check_fitted(self, np.any(self.tendency.coefficients))
        return super().forward(samples, steps)
