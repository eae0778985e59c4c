"""The learned solver of 4DVarNet: a recurrent network that turns gradients of a cost into steps."""

import keras
from keras import ops

from geodl.layers.residual_convolutions import ResidualConvolutions
from geodl.layers.variational_solvers import VariationalSolver


@keras.saving.register_keras_serializable(package="geodl")
class RecurrentSolver(VariationalSolver):
    r"""Learns to descend a cost.

    $$ \mathbf x_{k+1} = \mathbf x_k - \delta_k / (k + 1), \quad \delta_k = \mathrm{LSTM}(g_k, \mathbf x_k) $$

    \(g_k = \nabla J(\mathbf x_k)\), divided by its root mean square in each sample. The gates of the LSTM are convolutions over
    tokens of the state. Few iterations with wide cells, so the loop is unrolled.

    Args:
        cost: a `VariationalCost` of states.
        iterations: number of iterations.
        tokens: a layer that makes an image (batch, rows, columns, channels) of a state, with its `inverse`: `WindowTokens` of
            states (batch, time, component), `FieldTokens` of states (batch, time, y, x).
        hidden: channels of \(h\).
        kernel_size: (rows, columns) of the convolutions.

    Call arguments:
        state: first guess (batch, ...), normalised.
        observations: of the cost, NaN where missing.
        background: of the cost.

    Returns:
        State of the same shape; the first guess, before training.

    References:
        Fablet et al. (2021), Learning variational data assimilation models and solvers, JAMES 13.

    Example:
        >>> from geodl.layers import ObservationCost, VariationalCost, WindowTokens
        >>> cost = VariationalCost({"observation": ObservationCost()})
        >>> solver = RecurrentSolver(cost, iterations=3, tokens=WindowTokens(patch=4), hidden=8, kernel_size=(3, 1))
        >>> print(tuple(solver(np.ones((2, 20, 3), "float32"), np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3)
    """

    def __init__(self, cost, iterations, tokens, hidden, kernel_size=(3, 3), **kwargs):
        super().__init__(cost, iterations, **kwargs)
        self.tokens, self.hidden, self.kernel_size = tokens, int(hidden), tuple(kernel_size)

    def build(self, input_shape):
        super().build(input_shape)
        *batch, features = self.tokens.compute_output_shape(input_shape)
        ring, dtype = getattr(self.tokens, "ring", False), self.dtype_policy
        self.gates = ResidualConvolutions(4 * self.hidden, self.hidden, (1, 2), self.kernel_size, ring, dtype=dtype)
        self.gates.build((*batch, 2 * features + self.hidden))
        # The gates start at zero, and with them the step; were this zero too, no gradient would pass.
        self.step = keras.layers.Dense(features, dtype=self.dtype_policy)
        self.step.build((*batch, self.hidden))

    def call(self, state, observations=None, background=None):
        state = ops.cast(state, self.variable_dtype)
        axes = tuple(range(1, len(state.shape)))
        hidden = memory = None
        for k in range(self.iterations):
            gradient = self.cost.value_and_gradient(state, observations, background)[1]
            size = ops.sqrt(ops.mean(ops.square(gradient), axis=axes, keepdims=True) + 1e-12)
            seen = ops.concatenate([self.tokens(gradient / size), self.tokens(state)], axis=-1)
            seen = ops.cast(seen, self.compute_dtype)
            if hidden is None:
                hidden = memory = ops.zeros((*ops.shape(seen)[:-1], self.hidden), seen.dtype)
            hidden, memory = self._cell(ops.concatenate([seen, hidden], axis=-1), memory)
            step = self.tokens.inverse(self.step(hidden), ops.shape(state))
            state = state - ops.cast(step, state.dtype) / (k + 1)
        return state

    def _cell(self, seen, memory):
        entry, keep, exit_, candidate = ops.split(self.gates(seen), 4, axis=-1)
        memory = ops.sigmoid(keep + 1) * memory + ops.sigmoid(entry) * ops.tanh(candidate)
        return ops.sigmoid(exit_) * ops.tanh(memory), memory

    def get_config(self):
        tokens = keras.saving.serialize_keras_object(self.tokens)
        return {**super().get_config(), "tokens": tokens, "hidden": self.hidden, "kernel_size": self.kernel_size}

    @classmethod
    def from_config(cls, config):
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("cost", "tokens")}
        return cls(**{**config, **parts})
