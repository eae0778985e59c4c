"""Solvers that follow the gradient of a variational cost: fixed steps with momentum, and L-BFGS."""

import keras
import tensorflow as tf
from keras import ops

from geodl.layers.right_hand_side import variables_as_tensors


class VariationalSolver(keras.layers.Layer):
    """What solvers share: a cost, a number of iterations, and `call(state, observations, background)`, a better state.

    Args:
        cost: a `VariationalCost`.
        iterations: number of iterations.

    Raises:
        ValueError: a number of iterations that is not positive.
    """

    def __init__(self, cost, iterations, **kwargs):
        super().__init__(autocast=False, **kwargs)
        if iterations < 1:
            raise ValueError(f"`iterations` must be positive, found {iterations}.")
        self.cost, self.iterations = cost, int(iterations)

    def build(self, input_shape):
        if not self.cost.built:
            self.cost.build(input_shape)

    def compute_output_shape(self, state_shape, *_):
        return state_shape

    def compute_output_spec(self, state, observations=None, background=None):
        return keras.KerasTensor(state.shape, dtype=self.variable_dtype)

    def get_config(self):
        cost = keras.saving.serialize_keras_object(self.cost)
        return {**super().get_config(), "cost": cost, "iterations": self.iterations}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "cost": keras.saving.deserialize_keras_object(config["cost"])})


@keras.saving.register_keras_serializable(package="geodl")
class GradientDescent(VariationalSolver):
    r"""Descends a cost in steps of one size, with momentum.

    $$ \mathbf v \leftarrow \mu \mathbf v - \eta \nabla J(\mathbf x), \quad \mathbf x \leftarrow \mathbf x + \mathbf v $$

    Args:
        cost: a `VariationalCost`.
        iterations: number of iterations.
        step_size: \(\eta\).
        momentum: \(\mu\), from 0 to less than 1.

    Call arguments:
        state: first guess (batch, ...).
        observations: of the cost, NaN where missing.
        background: of the cost.

    Returns:
        State of the same shape.

    Raises:
        ValueError: a number of iterations or step size that is not positive, a momentum that is negative or not less than 1.

    Example:
        >>> from geodl.layers import BackgroundCost, VariationalCost
        >>> solver = GradientDescent(VariationalCost({"background": BackgroundCost()}), iterations=50, step_size=0.1)
        >>> print(np.array(solver(np.ones((1, 2), "float32"), background=np.zeros((1, 2), "float32"))).round(3) + 0)
        [[0. 0.]]
    """

    def __init__(self, cost, iterations, step_size, momentum=0.0, **kwargs):
        super().__init__(cost, iterations, **kwargs)
        if not step_size > 0 or not 0 <= momentum < 1:
            raise ValueError(f"Expected step_size > 0 and 0 ≤ momentum < 1; found {step_size} and {momentum}.")
        self.step_size, self.momentum = float(step_size), float(momentum)

    def call(self, state, observations=None, background=None):
        state = ops.cast(state, self.variable_dtype)
        values = variables_as_tensors(self)[0]

        def body(i, x, velocity):
            # Tensors in place of variables: the gradient of a loop reaches them.
            with keras.StatelessScope(list(zip(self.variables, values, strict=True))):
                gradient = self.cost.value_and_gradient(x, observations, background)[1]
            velocity = self.momentum * velocity - self.step_size * gradient
            return i + 1, x + velocity, velocity

        loop = (0, state, ops.zeros_like(state))
        return tf.while_loop(lambda i, *_: i < self.iterations, body, loop, maximum_iterations=self.iterations)[1]

    def get_config(self):
        return {**super().get_config(), "step_size": self.step_size, "momentum": self.momentum}


@keras.saving.register_keras_serializable(package="geodl")
class LBFGS(VariationalSolver):
    """Minimises a cost by the limited-memory quasi-Newton method, all samples at once; not differentiable.

    Args:
        cost: a `VariationalCost`.
        iterations: greatest number of iterations.
        pairs: number of past steps that the inverse Hessian is built from.
        tolerance: stop a sample where no component of its gradient is larger.

    Call arguments:
        state: first guess (batch, ...).
        observations: of the cost, NaN where missing.
        background: of the cost.

    Returns:
        State of the same shape; the first guess, where the line search failed from the start.

    Raises:
        ValueError: a number of iterations that is not positive.

    References:
        Nocedal and Wright (2006), Numerical optimization, chapter 7.

    Example:
        >>> from geodl.layers import BackgroundCost, VariationalCost
        >>> solver = LBFGS(VariationalCost({"background": BackgroundCost(variance=[1.0, 100.0])}), iterations=20)
        >>> print(np.array(solver(np.ones((1, 2), "float32"), background=np.zeros((1, 2), "float32"))).round(3) + 0)
        [[0. 0.]]
    """

    def __init__(self, cost, iterations, pairs=10, tolerance=1e-6, **kwargs):
        super().__init__(cost, iterations, **kwargs)
        self.pairs, self.tolerance = int(pairs), float(tolerance)

    def call(self, state, observations=None, background=None):
        from tensorflow_probability.python.optimizer import lbfgs_minimize

        state = ops.cast(state, self.variable_dtype)
        shape = ops.shape(state)

        def value_and_gradient(flat):
            value, gradient = self.cost.value_and_gradient(ops.reshape(flat, shape), observations, background)
            return value, ops.reshape(gradient, ops.shape(flat))

        found = lbfgs_minimize(
            value_and_gradient,
            ops.reshape(state, (shape[0], -1)),
            num_correction_pairs=self.pairs,
            tolerance=self.tolerance,
            max_iterations=self.iterations,
        )
        return ops.stop_gradient(ops.reshape(found.position, shape))

    def get_config(self):
        return {**super().get_config(), "pairs": self.pairs, "tolerance": self.tolerance}
