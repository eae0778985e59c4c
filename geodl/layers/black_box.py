"""A solver that gives no gradient, inside a model that is trained."""

import keras
import numpy as np
import tensorflow as tf

from geodl.layers.right_hand_side import build_dynamics, recomputed


@keras.saving.register_keras_serializable(package="geodl")
class BlackBox(keras.layers.Layer):
    r"""One step of any solver as a layer, whose derivative is that of a surrogate.

    $$ x_{n+1} = M(x_n), \qquad \frac{\partial x_{n+1}}{\partial x_n} \approx \frac{\partial S}{\partial x}(x_n) $$

    \(M\) is a Python function of arrays: a compiled solver, a Fortran library, a program that is called. Its value is used as
    it is; only the backward pass takes the surrogate. XLA cannot compile it. Without one, the derivative is the identity, the
    Euler approximation: good for a few steps. A surrogate may be the resolved part of the equation, coarse and differentiable,
    or a network that was fitted to pairs \((x, M(x))\).

    Args:
        step: function of an array (batch, ...) that returns an array of the same shape; registered with Keras where the layer
            is to be saved.
        surrogate: \(S\), a layer that keeps the shape of the state; none for the identity.

    Call arguments:
        state: (batch, ...).

    Returns:
        State after the step, of the same shape.

    Raises:
        ValueError: a step that cannot be called.
        tf.errors.InvalidArgumentError: the step returned another shape, or values that are not finite; ValueError where the
            layer runs eagerly.

    References:
        Ouala, Chapron, Collard, Gaultier and Fablet (2024), Online calibration of deep learning sub-models for hybrid numerical
        modeling systems, Communications Physics 7.

    Example:
        >>> print(np.array(BlackBox(np.square)(np.float32([[1.0, 2.0, 3.0]]))))
        [[1. 4. 9.]]
    """

    def __init__(self, step, surrogate=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(step):
            raise ValueError(f"`step` must be a function of an array, found {type(step).__name__}.")
        self.step, self.surrogate = step, surrogate

    def build(self, input_shape):
        if self.surrogate is not None:
            build_dynamics(self.surrogate, input_shape)
            # It says how the solver varies; what it learns, it learns from the solver and not from the loss.
            self.surrogate.trainable = False

    def call(self, state):
        state = tf.convert_to_tensor(state)
        function, variables = (tf.identity, []) if self.surrogate is None else (self.surrogate, self.surrogate.variables)
        return recomputed(function, variables)(state, known=self._stepped(state))

    def _stepped(self, state):
        found = tf.numpy_function(self._checked_step, [state], state.dtype)
        return tf.ensure_shape(found, state.shape)

    def _checked_step(self, state):
        found = np.asarray(self.step(state))
        if found.shape != state.shape:
            raise ValueError(
                f"{self.name}: the step must keep the shape of the state, {state.shape}; it returned {found.shape}."
            )
        if not np.isfinite(found).all():
            raise ValueError(
                f"{self.name}: the step returned values that are not finite; the largest before was {np.abs(state).max():.3g}."
            )
        return found.astype(state.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        parts = {"step": self.step, "surrogate": self.surrogate}
        return {**super().get_config(), **{name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}}

    @classmethod
    def from_config(cls, config):
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("step", "surrogate")}
        return cls(**{**config, **parts})
