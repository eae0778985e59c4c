"""The learned solver of 4DVarNet: a recurrent network that turns gradients of a cost into steps."""

import keras
from keras import ops

from geodl.layers.residual_convolutions import ResidualConvolutions
from geodl.layers.variational_solvers import VariationalSolver
from geodl.layers.window_tokens import WindowTokens


@keras.saving.register_keras_serializable(package="geodl")
class RecurrentSolver(VariationalSolver):
    r"""Learns to descend a cost.

    $$ \mathbf x_{k+1} = \mathbf x_k - \delta_k / (k + 1), \quad \delta_k = \mathrm{LSTM}(g_k, \mathbf x_k) $$

    \(g_k = \nabla J(\mathbf x_k)\), divided by its root mean square in each sample. The gates of the LSTM are convolutions over
    tokens of the window. Few iterations with wide cells, so the loop is unrolled.

    Args:
        cost: a `VariationalCost` of states (batch, time, component).
        iterations: number of iterations.
        patch: consecutive times in a token.
        hidden: channels of \(h\).
        reach: neighbours on each side that a convolution sees on a ring; by default the components are no ring.

    Call arguments:
        state: first guess (batch, time, component), normalised.
        observations: of the cost, NaN where missing.
        background: of the cost.

    Returns:
        State of the same shape; the first guess, before training.

    References:
        Fablet et al. (2021), Learning variational data assimilation models and solvers, JAMES 13.

    Example:
        >>> from geodl.layers import ObservationCost, VariationalCost
        >>> solver = RecurrentSolver(VariationalCost({"observation": ObservationCost()}), iterations=3, patch=4, hidden=8)
        >>> print(tuple(solver(np.ones((2, 20, 3), "float32"), np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3)
    """

    def __init__(self, cost, iterations, patch, hidden, reach=None, **kwargs):
        super().__init__(cost, iterations, **kwargs)
        self.patch, self.hidden, self.reach = int(patch), int(hidden), reach
        self.tokens = WindowTokens(self.patch, ring=reach is not None, dtype=self.dtype_policy)

    def build(self, input_shape):
        super().build(input_shape)
        *batch, features = self.tokens.compute_output_shape(input_shape)
        ring = self.reach is not None
        kernel_size = (3, 2 * self.reach + 1 if ring else 1)
        self.gates = ResidualConvolutions(4 * self.hidden, self.hidden, (1, 2), kernel_size, ring, dtype=self.dtype_policy)
        self.gates.build((*batch, 2 * features + self.hidden))
        # The gates start at zero, and with them the step; were this zero too, no gradient would pass.
        self.step = keras.layers.Dense(features, dtype=self.dtype_policy)
        self.step.build((*batch, self.hidden))

    def call(self, state, observations=None, background=None):
        state = ops.cast(state, self.variable_dtype)
        _, length, components = ops.shape(state)
        hidden = memory = None
        for k in range(self.iterations):
            gradient = self.cost.value_and_gradient(state, observations, background)[1]
            size = ops.sqrt(ops.mean(ops.square(gradient), axis=(1, 2), keepdims=True) + 1e-12)
            seen = ops.concatenate([self.tokens(gradient / size), self.tokens(state)], axis=-1)
            if hidden is None:
                hidden = memory = ops.zeros((*ops.shape(seen)[:-1], self.hidden), seen.dtype)
            hidden, memory = self._cell(ops.concatenate([seen, hidden], axis=-1), memory)
            step = self.tokens.inverse(self.step(hidden), length, components)
            state = state - ops.cast(step, state.dtype) / (k + 1)
        return state

    def _cell(self, seen, memory):
        entry, keep, exit_, candidate = ops.split(self.gates(seen), 4, axis=-1)
        memory = ops.sigmoid(keep + 1) * memory + ops.sigmoid(entry) * ops.tanh(candidate)
        return ops.sigmoid(exit_) * ops.tanh(memory), memory

    def get_config(self):
        return {**super().get_config(), "patch": self.patch, "hidden": self.hidden, "reach": self.reach}
