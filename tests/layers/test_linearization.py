import keras
import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Lorenz63, Lorenz96
from geodl.layers import AdaptiveODEIntegrator, ODEIntegrator, adjoint, tangent_linear

MODES = pytest.mark.parametrize(
    ("system", "mode"),
    [
        pytest.param((Lorenz63, 3), lambda f: f, id="lorenz63-eager"),
        pytest.param((Lorenz63, 3), tf.function, id="lorenz63-graph"),
        pytest.param((Lorenz63, 3), tf.function(jit_compile=True), id="lorenz63-jit"),
        pytest.param((Lorenz96, 12), tf.function, id="lorenz96-graph"),
        pytest.param((Lorenz96, 12), tf.function(jit_compile=True), id="lorenz96-jit"),
    ],
)


def integrator(dynamics, **options):
    return ODEIntegrator(dynamics(dtype="float64"), 0.01, 20, dtype="float64", **options)


def normal(*shape, seed):
    return tf.constant(np.random.default_rng(seed).normal(size=shape))


def moving_end(layer, state, perturbation, step=1e-5):
    """Derivative along a perturbation by central differences."""
    return (np.array(layer(state + step * perturbation)) - np.array(layer(state - step * perturbation))) / (2 * step)


@MODES
def test_adjoint_is_the_transpose_of_the_tangent_linear(system, mode):
    dynamics, size = system
    layer = integrator(dynamics)
    state, perturbation, cotangent = (normal(3, size, seed=seed) for seed in range(3))
    forward = mode(lambda x, dx: tangent_linear(layer, x, dx))(3 * state, perturbation)
    backward = mode(lambda x, y: adjoint(layer, x, y))(3 * state, cotangent)
    np.testing.assert_allclose(np.sum(forward * cotangent), np.sum(perturbation * backward), rtol=1e-10)
    np.testing.assert_allclose(forward, moving_end(layer, 3 * state, perturbation), rtol=1e-6, atol=1e-7)


def test_trajectory_with_checkpoints_has_the_same_transpose():
    layer = integrator(Lorenz63, save_every=5, checkpoint=True)
    state, perturbation = normal(2, 3, seed=0), normal(2, 3, seed=1)
    cotangent = normal(*layer.compute_output_shape((2, 3)), seed=2)
    forward = tf.function(lambda x, dx: tangent_linear(layer, x, dx))(state, perturbation)
    backward = tf.function(lambda x, y: adjoint(layer, x, y))(state, cotangent)
    assert forward.shape == cotangent.shape
    np.testing.assert_allclose(np.sum(forward * cotangent), np.sum(perturbation * backward), rtol=1e-10)


def test_adaptive_steps_have_a_transpose():
    layer = AdaptiveODEIntegrator(Lorenz63(dtype="float64"), "bosh3", rtol=1e-4, atol=1e-4, dtype="float64")
    function = lambda x: layer(x, times=[0.1, 0.2])  # noqa: E731
    state, perturbation, cotangent = normal(2, 3, seed=0), normal(2, 3, seed=1), normal(2, 2, 3, seed=2)
    forward, backward = tangent_linear(function, state, perturbation), adjoint(function, state, cotangent)
    np.testing.assert_allclose(np.sum(forward * cotangent), np.sum(perturbation * backward), rtol=1e-10)


def test_tangent_linear_of_lorenz63_is_its_jacobian():
    x, y, z = state = np.array([1.0, 2.0, 3.0])
    jacobian = np.array([[-10, 10, 0], [28 - z, -1, -x], [y, x, -8 / 3]])
    dynamics = Lorenz63(dtype="float64")
    for i in range(3):
        unit = np.eye(3)[i : i + 1]
        np.testing.assert_allclose(tangent_linear(dynamics, state[None], unit), jacobian[None, :, i], rtol=1e-14)
        np.testing.assert_allclose(adjoint(dynamics, state[None], unit), jacobian[None, i], rtol=1e-14)


def test_output_may_have_another_shape_than_the_state():
    dense = keras.layers.Dense(5, dtype="float64")
    state, perturbation, cotangent = normal(2, 3, seed=0), normal(2, 3, seed=1), normal(2, 5, seed=2)
    dense(state)
    kernel = np.array(dense.kernel.value)
    np.testing.assert_allclose(tangent_linear(dense, state, perturbation), perturbation @ kernel, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(adjoint(dense, state, cotangent), cotangent @ kernel.T, rtol=1e-13, atol=1e-14)


def test_function_that_ignores_the_state_has_zero_products():
    constant = lambda x: tf.ones((4,), x.dtype)  # noqa: E731
    state = normal(3, seed=0)
    np.testing.assert_array_equal(tangent_linear(constant, state, state), np.zeros(4))
    np.testing.assert_array_equal(adjoint(constant, state, tf.ones(4, "float64")), np.zeros(3))


def test_perturbation_takes_the_type_of_the_state():
    state = tf.constant([3.0, 1.0])
    assert tangent_linear(tf.square, state, np.array([1.0, 0.0])).dtype == tf.float32
    assert adjoint(tf.square, state, np.array([1.0, 2.0])).dtype == tf.float32
