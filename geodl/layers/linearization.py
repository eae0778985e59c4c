"""Tangent-linear and adjoint products of any differentiable function, such as an integrator or a model."""

import tensorflow as tf


def tangent_linear(function, state, perturbation):
    r"""Product \(M\,\delta\mathbf x\) of the derivative \(M\) of `function` at `state` with a perturbation.

    Args:
        function: maps a tensor to a tensor.
        state: where the derivative is taken.
        perturbation: \(\delta\mathbf x\), of the shape of `state`.

    Returns:
        Tensor of the shape of `function(state)`.

    Example:
        >>> print(np.array(tangent_linear(tf.square, tf.constant([3.0, 1.0]), tf.constant([1.0, 0.0]))))
        [6. 0.]
    """
    state = tf.convert_to_tensor(state)
    # The adjoint is linear in its cotangent, so its own derivative is the tangent-linear operator; loops allow it.
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(state)
            output = function(state)
        cotangent = tf.zeros_like(output)
        outer.watch(cotangent)
        pulled_back = inner.gradient(output, state, cotangent, unconnected_gradients="zero")
    return outer.gradient(pulled_back, cotangent, tf.cast(perturbation, state.dtype), unconnected_gradients="zero")


def adjoint(function, state, cotangent):
    r"""Product \(M^\top \mathbf y\) of the transposed derivative of `function` at `state` with a cotangent.

    Args:
        function: maps a tensor to a tensor.
        state: where the derivative is taken.
        cotangent: \(\mathbf y\), of the shape of `function(state)`.

    Returns:
        Tensor of the shape of `state`.

    Example:
        >>> print(np.array(adjoint(tf.square, tf.constant([3.0, 1.0]), tf.constant([1.0, 2.0]))))
        [6. 4.]
    """
    state = tf.convert_to_tensor(state)
    with tf.GradientTape() as tape:
        tape.watch(state)
        output = function(state)
    return tape.gradient(output, state, tf.cast(cotangent, output.dtype), unconnected_gradients="zero")
