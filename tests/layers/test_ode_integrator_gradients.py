"""First and second derivatives, of the state and of parameters."""

import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Lorenz63, Lorenz96
from geodl.layers import ODEIntegrator, adjoint
from ode_problems import differences, double, states63, states96


def derivatives(integrator):
    """A function that gives the value, the gradient of its squared norm, and the gradient of the squared norm of that."""

    def function(state):
        with tf.GradientTape() as outer:
            outer.watch(state)
            with tf.GradientTape() as inner:
                inner.watch(state)
                value = integrator(state)
                loss = tf.reduce_sum(value**2)
            gradient = inner.gradient(loss, state)
            squared = tf.reduce_sum(gradient**2)
        return value, gradient, outer.gradient(squared, state)

    return function


def same(found, expected, rtol=1e-12):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max())


SYSTEMS = pytest.mark.parametrize(
    ("dynamics", "state"), [(Lorenz63, states63(2)), (Lorenz96, states96())], ids=["lorenz63", "lorenz96"]
)
STEPS = pytest.mark.parametrize(
    "steps",
    [
        pytest.param({"steps": 4}, id="last"),
        pytest.param({"steps": 4, "save_every": 2}, id="trajectory", marks=pytest.mark.slow),
    ],
)


@SYSTEMS
@STEPS
def test_graph_jit_and_eager_agree_on_the_value_and_two_derivatives(dynamics, state, steps):
    state = tf.constant(state)
    expected = derivatives(double(dynamics, 0.02, scheme="euler", **steps))(state)
    for checkpoint in (False, True):
        function = derivatives(double(dynamics, 0.02, scheme="euler", checkpoint=checkpoint, **steps))
        same(tf.function(function)(state), expected)
        same(tf.function(function, jit_compile=True)(state), expected)


def test_eager_second_derivative_with_checkpoint_equals_that_without():
    state = tf.constant(states63(2))
    options = {"steps": 4, "save_every": 2, "scheme": "midpoint"}
    function = derivatives(double(Lorenz63, 0.02, checkpoint=True, **options))
    same(function(state), derivatives(double(Lorenz63, 0.02, **options))(state))


@SYSTEMS
@STEPS
def test_eager_gradient_with_checkpoint_equals_that_without(dynamics, state, steps):
    gradients = []
    for checkpoint in (False, True):
        integrator = double(dynamics, 0.02, checkpoint=checkpoint, **steps)
        gradients.append(adjoint(lambda x: integrator(x) ** 2, state, np.ones(integrator.compute_output_shape(state.shape))))  # noqa: B023
    same(gradients[1:], gradients[:1])


@SYSTEMS
def test_two_derivatives_equal_finite_differences(dynamics, state):
    function = tf.function(derivatives(double(dynamics, 0.02, 6)))
    found = function(tf.constant(state))[1:]
    for i in range(2):
        expected = differences(lambda x: tf.reduce_sum(function(x)[i] ** 2), state, 1e-4)  # noqa: B023
        np.testing.assert_allclose(found[i], expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize(("checkpoint", "save_every"), [(False, None), (False, 5), (True, None), (True, 5)])
def test_gradient_reaches_estimated_parameters(checkpoint, save_every):
    dynamics = Lorenz63(estimated=["rho", "sigma"], dtype="float64")
    integrator = ODEIntegrator(dynamics, 0.02, 10, save_every=save_every, checkpoint=checkpoint, dtype="float64")
    state = states63()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(integrator(state) ** 2)
    parameters = (dynamics.rho, dynamics.sigma)
    for parameter, gradient in zip(parameters, tape.gradient(loss, [p.value for p in parameters]), strict=True):
        ends = []
        for change in (1e-4, -2e-4):
            parameter.assign_add(change)
            ends.append(np.mean(np.array(integrator(state)) ** 2))
        parameter.assign_add(1e-4)
        np.testing.assert_allclose(gradient, (ends[0] - ends[1]) / 2e-4, rtol=1e-6)


def test_stateless_call_integrates_with_the_given_parameters():
    integrator = ODEIntegrator(Lorenz63(estimated=["rho"]), 0.01, 10)
    state = states63().astype("float32")
    integrator(state)
    fixed = [variable.value for variable in integrator.non_trainable_variables]
    found, _ = integrator.stateless_call([tf.constant(5.0)], fixed, state)
    np.testing.assert_allclose(found, ODEIntegrator(Lorenz63(rho=5.0), 0.01, 10)(state), rtol=1e-5)


def test_parameters_may_be_frozen_and_released_between_calls():
    integrator = ODEIntegrator(Lorenz63(estimated=["rho"]), 0.01, 10)
    gradients = []
    for trainable in (False, True, False):
        integrator.trainable = trainable
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(integrator(states63().astype("float32")))
        gradients.append(tape.gradient(loss, integrator.dynamics.rho.value))
    assert np.isfinite(gradients[1])
