"""A recurrent network that continues a trajectory: the plain network to compare with."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.models.state_forecaster import PAST, StateForecaster


@keras.saving.register_keras_serializable(package="geodl")
class LSTMForecaster(StateForecaster):
    r"""Reads eight past states, then feeds its own forecasts back: \(\mathbf x_{n+1} = \mathbf x_n + W \mathbf h_n\).

    Args:
        components: size of the state.
        dt: time between two states.
        units: size of the hidden state \(\mathbf h\).
        horizon: number of states that `call` returns.

    Call arguments:
        past: (batch, 8, component).

    Returns:
        (batch, horizon, component).

    References:
        Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9.

    Example:
        >>> model = LSTMForecaster(components=3, dt=0.01, units=8, horizon=5)
        >>> print(tuple(model(np.ones((2, 8, 3), "float32")).shape))
        (2, 5, 3)
    """

    past = PAST

    def __init__(self, components, dt, units, horizon=1, **kwargs):
        super().__init__(components, dt, horizon, **kwargs)
        self.units = int(units)
        self.cell = keras.layers.LSTMCell(self.units, dtype=self.dtype_policy)
        self.increment = keras.layers.Dense(self.components, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.cell.build((input_shape[0], self.components))
        self.increment.build((input_shape[0], self.units))
        self.mean = self.add_weight((self.components,), "zeros", name="mean", trainable=False)
        self.scale = self.add_weight((self.components,), "ones", name="scale", trainable=False)
        self.change = self.add_weight((self.components,), "ones", name="change", trainable=False)

    def call(self, past):
        return self.rollout(past, self.horizon)

    def rollout(self, past, steps):
        past = ops.cast(past, self.variable_dtype)
        memory = [ops.zeros((ops.shape(past)[0], self.units), self.compute_dtype) for _ in range(2)]
        for time in range(self.past - 1):
            memory = self.cell(self._normalise(past[:, time]), memory)[1]

        def body(i, state, memory, saved):
            hidden, memory = self.cell(self._normalise(state), memory)
            state = state + self.change * ops.cast(self.increment(hidden), self.variable_dtype)
            return i + 1, state, memory, saved.write(i, state)

        saved = tf.TensorArray(past.dtype, steps, element_shape=past[:, -1].shape)
        loop = (0, past[:, -1], memory, saved)
        saved = tf.while_loop(lambda i, *_: i < steps, body, loop, maximum_iterations=steps)[-1]
        return ops.swapaxes(saved.stack(), 0, 1)

    def adapt(self, states: np.ndarray) -> None:
        """Sets the normalisation from states (sample, time, component)."""
        self.mean.assign(states.mean(axis=(0, 1)))
        self.scale.assign(states.std(axis=(0, 1)))
        self.change.assign(np.diff(states, axis=1).std(axis=(0, 1)))

    def _normalise(self, state):
        return ops.cast((state - self.mean) / self.scale, self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
