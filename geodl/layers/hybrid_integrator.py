"""A solver step by step, with a learned correction after each."""

import keras
import tensorflow as tf
from keras import ops

from geodl.layers.right_hand_side import build_dynamics


@keras.saving.register_keras_serializable(package="geodl")
class HybridIntegrator(keras.layers.Layer):
    r"""Steps of a solver, corrected by a closure that is added once a step.

    $$ x_{n+1} = M(x_n) + \Delta t\, c(x_n) $$

    For solvers that cannot take the closure inside, such as a `BlackBox`; the derivative to the closure is exact,
    \(\Delta t\), and that to the state as good as the derivative of \(M\).

    Args:
        step: \(M\), a layer that maps a state to the next one.
        closure: \(c\), a layer that maps a state to a tendency.
        dt: time step.
        steps: number of steps.

    Call arguments:
        state: (batch, ...).

    Returns:
        Trajectory (batch, steps, ...), without the initial state.

    Raises:
        ValueError: `steps` not positive.

    Example:
        >>> from geodl.layers import BlackBox
        >>> doubled = HybridIntegrator(BlackBox(lambda x: 2 * x), keras.layers.Identity(), dt=1.0, steps=3)
        >>> print(np.array(doubled(np.ones((1, 1), "float32")))[0, :, 0])
        [ 3.  9. 27.]
    """

    def __init__(self, step, closure, dt, steps, **kwargs):
        super().__init__(**kwargs)
        if steps < 1:
            raise ValueError(f"`steps` must be positive, found {steps}.")
        self.step, self.closure, self.dt, self.steps = step, closure, float(dt), int(steps)

    def build(self, input_shape):
        build_dynamics(self.step, input_shape)
        build_dynamics(self.closure, input_shape)

    def call(self, state):
        state = tf.convert_to_tensor(state)
        saved = tf.TensorArray(state.dtype, self.steps, element_shape=state.shape)

        def advance(i, x, saved):
            x = self.step(x) + ops.cast(self.dt * self.closure(x), x.dtype)
            return i + 1, x, saved.write(i, x)

        loop = (0, state, saved)
        _, _, saved = tf.while_loop(lambda i, *_: i < self.steps, advance, loop, maximum_iterations=self.steps)
        return ops.swapaxes(saved.stack(), 0, 1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.steps, *input_shape[1:])

    def get_config(self):
        parts = {"step": self.step, "closure": self.closure}
        parts = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {**super().get_config(), **parts, "dt": self.dt, "steps": self.steps}

    @classmethod
    def from_config(cls, config):
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("step", "closure")}
        return cls(**{**config, **parts})
