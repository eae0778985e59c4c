"""Linear and quadratic maps from one state to the next."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.errors import check_fitted
from geodl.models.state_forecaster import StateForecaster


@keras.saving.register_keras_serializable(package="geodl")
class PolynomialMap(StateForecaster):
    r"""A linear or quadratic map of the state, fitted by least squares: \(\mathbf x_{n+1} = W \phi(\mathbf x_n)\).

    \(\phi\) holds 1 and the components and, at degree 2, their products.

    Args:
        components: size of the state.
        dt: time between two states.
        degree: 1 or 2.
        horizon: number of states that `call` returns.

    Raises:
        ValueError: another degree.
        InputError: by `predict`, `estimate` was not called before.

    Example:
        >>> states = 0.5 ** np.arange(6.0).reshape(1, 6, 1)
        >>> model = PolynomialMap(components=1, dt=1.0, degree=1).estimate(states)
        >>> print(np.array(model(np.float32([[[1.0]]])))[0].round(3))
        [[0.5]]
    """

    def __init__(self, components, dt, degree, horizon=1, **kwargs):
        super().__init__(components, dt, horizon, **kwargs)
        if degree not in (1, 2):
            raise ValueError(f"`degree` must be 1 or 2, found {degree}.")
        self.degree = int(degree)
        shape = (len(monomials(np.zeros((1, self.components)), self.degree)[0]), self.components)
        self.coefficients = self.add_weight(shape, "zeros", name="coefficients", trainable=False)

    def estimate(self, states: np.ndarray):
        """Fits the coefficients to states (sample, time, component), and returns the model."""
        now, following = (states[:, part].reshape(-1, self.components) for part in (slice(-1), slice(1, None)))
        self.coefficients.assign(np.linalg.lstsq(monomials(now, self.degree), following, rcond=None)[0])
        return self

    def forward(self, samples, steps=1):
        check_fitted(self, np.any(self.coefficients))
        return super().forward(samples, steps)

    def step(self, state):
        """State (batch, component) after `dt`."""
        return ops.matmul(monomials(state, self.degree, ops), self.coefficients)

    def call(self, past):
        return self.rollout(past, self.horizon)

    def rollout(self, past, steps):
        def body(i, state, saved):
            # Maps may leave the attractor for good; the bound keeps their error a number.
            state = ops.clip(self.step(state), -1e6, 1e6)
            return i + 1, state, saved.write(i, state)

        saved = tf.TensorArray(past.dtype, steps, element_shape=past[:, -1].shape)
        return ops.swapaxes(
            tf.while_loop(lambda i, *_: i < steps, body, (0, past[:, -1], saved), maximum_iterations=steps)[-1].stack(), 0, 1
        )

    def get_config(self):
        return {**super().get_config(), "degree": self.degree}


def monomials(states, degree: int, xp=np):
    """1, the components and, at degree 2, their products: (batch, component) → (batch, term), in numpy or `keras.ops`."""
    size = states.shape[-1]
    terms = [xp.ones_like(states[:, :1]), states]
    if degree == 2:
        i, j = np.triu_indices(size)
        terms.append(xp.take(states, i, axis=1) * xp.take(states, j, axis=1))
    return xp.concatenate(terms, axis=1)
