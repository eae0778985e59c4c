"""How integrators call the dynamics: any layer as a right-hand side, and its gradient without keeping what happened inside."""

import inspect
import math

import keras
import tensorflow as tf
from keras import ops


def check_dynamics(dynamics) -> None:
    """Raises ValueError where the dynamics are not a layer: only a layer's parameters are found by the gradient."""
    if not isinstance(dynamics, keras.layers.Layer):
        raise ValueError(
            f"`dynamics` must be a Keras layer or model that maps a state to its tendency, found {type(dynamics).__name__}; "
            "subclass geodl.dynamics.Dynamics."
        )


def check_steps(steps, save_every) -> None:
    """Raises ValueError unless `steps` is a positive integer that `save_every`, where given, divides."""
    if not math.isfinite(steps) or steps != int(steps) or steps < 1:
        raise ValueError(f"`steps` must be a positive integer, found {steps}.")
    if save_every is not None and (save_every < 1 or save_every != int(save_every) or steps % save_every):
        raise ValueError(f"`save_every` must divide `steps`, {steps}; found {save_every}.")


def tendency_of(dynamics, training=None):
    """The dynamics as a function of state and time that keeps the dtype of the state and checks its shape."""
    parameters = inspect.signature(dynamics.call).parameters
    extra = {"training": training} if "training" in parameters else {}

    def tendency(state, time):
        # Dynamics see a batch of states, as every layer does.
        batched = state if len(state.shape) > 1 else state[None]
        found = dynamics(batched, time, **extra) if "time" in parameters else dynamics(batched, **extra)
        if len(found.shape) != len(batched.shape) or any(
            a != b for a, b in zip(found.shape, batched.shape, strict=True) if None not in (a, b)
        ):
            raise ValueError(
                f"The tendency must have the shape of the state; {dynamics.name} turned {tuple(batched.shape)} into "
                f"{tuple(found.shape)}."
            )
        found = ops.cast(found, state.dtype)
        return found if len(state.shape) > 1 else found[0]

    return tendency


def build_dynamics(dynamics, state_shape) -> None:
    """Builds the dynamics for a batch of states; without a batch, the state is one of a batch of one."""
    if not dynamics.built:
        dynamics.build(state_shape if len(state_shape) > 1 else (None, *state_shape))


def variables_as_tensors(layer) -> tuple[list, tuple[bool, ...]]:
    """Values of the variables of a layer, read once, and which of them are trained.

    As arguments they tell a compiled function what has changed; in a `keras.StatelessScope` they take the place of the
    variables, so that gradients of loops, of any order, reach them.
    """
    return [tf.convert_to_tensor(v.value) for v in layer.variables], tuple(v.trainable for v in layer.variables)


def recomputed(function, variables):
    """`function` of tensors and variables, whose gradient computes it again instead of keeping what happened inside.

    Where its values are known already, `known` gives them; the gradient is that of `function` all the same.
    """
    variables = sorted(variables, key=lambda variable: not variable.trainable)
    trained = sum(variable.trainable for variable in variables)

    def call(*inputs, known=None):
        differentiated = len(inputs) + trained

        def explicit(*arguments):
            with keras.StatelessScope(list(zip(variables, arguments[len(inputs) :], strict=True))):
                return function(*arguments[: len(inputs)])

        @tf.custom_gradient
        def forward(*arguments):
            def backward(*upstream):
                # Inside the gradient of a loop, the arguments are tensors of another graph: the tape must see our own.
                own = [tf.identity(argument) for argument in arguments]
                with tf.GradientTape() as tape:
                    tape.watch([value for value in own[:differentiated] if _has_gradient(value)])
                    again = tf.nest.flatten(explicit(*own))
                floating = [i for i, output in enumerate(again) if _has_gradient(output)]
                outputs, weights = [again[i] for i in floating], [upstream[i] for i in floating]
                found = tape.gradient(outputs, own[:differentiated], weights, unconnected_gradients="zero")
                return [*found, *(None for _ in arguments[differentiated:])]

            return explicit(*arguments) if known is None else known, backward

        return forward(*inputs, *(tf.convert_to_tensor(variable.value) for variable in variables))

    return call


def _has_gradient(tensor) -> bool:
    return tensor.dtype.is_floating or tensor.dtype.is_complex
