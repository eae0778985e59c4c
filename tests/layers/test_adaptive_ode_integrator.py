import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy.integrate import solve_ivp

from geodl.dynamics import Dynamics, Lorenz63, Lorenz96
from geodl.layers import AdaptiveODEIntegrator, ODEIntegrator, adjoint
from ode_problems import PROBLEMS, Oscillator, Swing, adaptive_double, differences, rotation, states63

PAIRS = ["bosh3", "dopri5", "tsit5"]
SLOW = pytest.mark.slow


@keras.saving.register_keras_serializable(package="test_adaptive_ode_integrator")
class Spring(Dynamics):
    """An oscillator of its own frequency for each sample, kept as a component that does not change."""

    components = 3

    def call(self, state):
        x, y, frequency = ops.unstack(state, 3, axis=-1)
        return ops.stack([frequency * y, -frequency * x, 0 * frequency], axis=-1)


@keras.saving.register_keras_serializable(package="test_adaptive_ode_integrator")
class Past(Dynamics):
    """Defined up to time 0 only."""

    def call(self, state, time):
        return ops.sqrt(-time) + 0 * state


# Largest relative error of the state at the end of two time units, and anywhere before.
BOUNDS = {"bosh3": (3e-8, 3e-8), "dopri5": (2e-9, 3e-8), "tsit5": (5e-10, 5e-9)}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("scheme", PAIRS)
def test_requested_times_meet_the_tolerance(scheme, problem):
    dynamics, start, solution, _ = PROBLEMS[problem]
    times = np.linspace(0, 2, 41)[1:]
    found = np.array(adaptive_double(dynamics, scheme)(np.array([start]), times))[0]
    exact = solution(times)
    # The components of the oscillator pass through zero.
    size = np.linalg.norm(exact, axis=-1, keepdims=True) if dynamics is Oscillator else np.abs(exact)
    error = (np.abs(found - exact) / size).max(-1)
    assert error[-1] < BOUNDS[scheme][0]
    assert error.max() < BOUNDS[scheme][1]


@pytest.mark.parametrize("scheme", PAIRS)
def test_error_falls_with_the_tolerance(scheme):
    errors = []
    for rtol in (1e-4, 1e-6, 1e-8):
        found = adaptive_double(Oscillator, scheme, rtol=rtol, atol=rtol)(np.array([[1.0, 0.0]]), times=[5.0])
        errors.append(np.abs(np.array(found) - rotation(np.array([[1.0, 0.0]]), np.array([5.0]))).max())
    assert errors[0] > 10 * errors[1] > 100 * errors[2]


def test_lorenz63_agrees_with_dop853():
    def lorenz63(time, state):
        x, y, z = state
        return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]

    state, times = states63(3), np.array([0.3, 0.31, 1.0])
    found = np.array(adaptive_double(Lorenz63)(state, times))
    for i, start in enumerate(state):
        for j, time in enumerate(times):
            expected = solve_ivp(lorenz63, (0, time), start, "DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
            np.testing.assert_allclose(found[i, j], expected, rtol=1e-5)


@pytest.mark.parametrize("scheme", PAIRS)
def test_backward_in_time_returns_to_the_start(scheme):
    state = np.array([[1.0, 2.0], [-0.5, 0.3]])
    integrator = adaptive_double(Oscillator, scheme)
    there = np.array(integrator(state, times=[3.0], time=1.0))[:, 0]
    back = np.array(integrator(there, times=[2.5, 1.7, 1.0], time=3.0))
    np.testing.assert_allclose(back[:, -1], state, atol=1e-6)
    np.testing.assert_allclose(back, rotation(there, np.array([-0.5, -1.3, -2.0])), atol=1e-6)


def test_backward_in_time_needs_no_tendency_beyond_the_start():
    found = adaptive_double(Past, rtol=1e-6, atol=1e-6)(np.ones((1, 1)), times=[-1.0])
    np.testing.assert_allclose(found, [[[1 - 2 / 3]]], rtol=1e-4)


def test_time_of_the_state_is_the_start():
    found = adaptive_double(Swing)(np.ones((2, 1)), times=[1.0, 1.5], time=0.7)
    exact = np.exp(np.sin([1.0, 1.5]) - np.sin(0.7))
    np.testing.assert_allclose(found, np.broadcast_to(exact[:, None], (2, 2, 1)), rtol=1e-7)


def test_start_may_be_requested():
    state = states63(2)
    found = adaptive_double(Lorenz63)(state, times=[0.0, 0.1])
    np.testing.assert_array_equal(found[:, 0], state)
    np.testing.assert_array_equal(adaptive_double(Lorenz63)(state, times=[0.0]), state[:, None])


def test_every_sample_has_its_own_steps():
    # One fast spring among slow ones takes most of the steps.
    frequency = np.array([0.1, 1.0, 30.0, 0.0])
    state = np.stack([np.ones(4), np.zeros(4), frequency], -1)
    times = np.array([0.5, 1.0, 2.0])
    integrator = adaptive_double(Spring, rtol=1e-6, atol=1e-6)
    found = np.array(integrator(state, times))
    for i in range(4):
        np.testing.assert_allclose(found[i : i + 1], integrator(state[i : i + 1], times), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(found[..., :2], rotation(state, times, frequency[:, None]), atol=1e-3)


def test_states_of_any_rank_are_integrated():
    state = np.random.default_rng(0).uniform(0.1, 2, size=(2, 3, 4, 2))
    found = adaptive_double(PROBLEMS["logistic_growth"].dynamics)(state, times=[0.5, 1.0])
    assert found.shape == (2, 2, 3, 4, 2)
    for i, time in enumerate((0.5, 1.0)):
        np.testing.assert_allclose(found[:, i], 1 / (1 + (1 / state - 1) * np.exp(-time)), rtol=1e-7)


def test_time_dependent_maps_get_the_time_of_their_sample():
    state = np.random.default_rng(0).normal(size=(2, 3, 4, 1))
    found = adaptive_double(Swing)(state, times=[2.0])
    np.testing.assert_allclose(found[:, 0], state * np.exp(np.sin(2.0)), rtol=1e-7)


def test_any_model_is_a_right_hand_side():
    model = keras.Sequential([keras.layers.Dense(8, "tanh", dtype="float64"), keras.layers.Dense(3, dtype="float64")])
    # A model would cast its inputs to single precision.
    model.autocast = False
    integrator = AdaptiveODEIntegrator(model, rtol=1e-9, atol=1e-9, dtype="float64")
    state = np.random.default_rng(0).normal(size=(4, 3))
    with tf.GradientTape() as tape:
        found = integrator(state, times=[1.0])
        loss = tf.reduce_sum(found**2)
    np.testing.assert_allclose(found[:, 0], ODEIntegrator(model, 0.02, 50, dtype="float64")(state), rtol=1e-6, atol=1e-8)
    assert len(integrator.trainable_weights) == 4
    assert all(np.abs(g).max() > 0 for g in tape.gradient(loss, [w.value for w in model.trainable_weights]))


def loss_and_gradients(integrator, times):
    """A function of the state that gives the states, and the gradients of their squared norm."""

    def function(state):
        weights = [w.value for w in integrator.trainable_weights]
        with tf.GradientTape() as tape:
            tape.watch(state)
            states = integrator(state, times)
            loss = tf.reduce_sum(states**2)
        return [states, *tape.gradient(loss, [state, *weights])]

    return function


@pytest.mark.parametrize("scheme", [pytest.param("bosh3", marks=SLOW), pytest.param("dopri5", marks=SLOW), "tsit5"])
def test_graph_jit_and_eager_agree_on_the_value_and_the_gradients(scheme):
    dynamics = Lorenz63(estimated=["rho"], dtype="float64")
    integrator = AdaptiveODEIntegrator(dynamics, scheme, rtol=1e-4, atol=1e-4, dtype="float64")
    state = tf.constant(states63(2))
    integrator.build(state.shape)
    function = loss_and_gradients(integrator, np.array([0.05, 0.2]))
    expected = function(state)
    for other in (tf.function(function), tf.function(function, jit_compile=True)):
        for found, wanted in zip(other(state), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("times", [np.array([0.05, 0.2]), np.array([-0.03, -0.05])], ids=["forward", "backward"])
def test_gradients_equal_finite_differences(times):
    dynamics = Lorenz63(estimated=["rho"], dtype="float64")
    integrator = AdaptiveODEIntegrator(dynamics, rtol=1e-10, atol=1e-10, dtype="float64")
    state = states63(2)
    _, gradient, of_rho = loss_and_gradients(integrator, times)(tf.constant(state))
    loss = lambda x: tf.reduce_sum(integrator(x, times) ** 2)  # noqa: E731
    np.testing.assert_allclose(gradient, differences(loss, state, 1e-3), rtol=1e-5, atol=1e-3)
    ends = []
    for rho in (28.001, 27.999):
        dynamics.rho.assign(rho)
        ends.append(float(loss(tf.constant(state))))
    np.testing.assert_allclose(of_rho, (ends[0] - ends[1]) / 2e-3, rtol=1e-5)


def test_gradient_equals_that_of_fixed_steps():
    state = states63(2)
    cotangent = np.random.default_rng(1).normal(size=(2, 3))
    adaptive = adjoint(lambda x: adaptive_double(Lorenz63)(x, times=[0.3])[:, 0], state, cotangent)
    fixed = adjoint(ODEIntegrator(Lorenz63(dtype="float64"), 0.002, 150, dtype="float64"), state, cotangent)
    np.testing.assert_allclose(adaptive, fixed, rtol=1e-5, atol=1e-6)


def test_config_round_trip_keeps_the_result():
    integrator = AdaptiveODEIntegrator(Lorenz63(rho=27.0, estimated=["rho"]), "dopri5", rtol=1e-4, atol=1e-5, max_steps=99)
    again = AdaptiveODEIntegrator.from_config(integrator.get_config())
    assert (again.scheme, again.rtol, again.atol, again.max_steps) == ("dopri5", 1e-4, 1e-5, 99)
    state = states63(2).astype("float32")
    np.testing.assert_array_equal(again(state, times=[0.1]), integrator(state, times=[0.1]))
    assert keras.saving.get_registered_name(AdaptiveODEIntegrator).startswith("geodl>")


def test_saved_model_gives_the_same_states(tmp_path):
    inputs = keras.Input((5,))
    model = keras.Model(inputs, AdaptiveODEIntegrator(Lorenz96(forcing=7.0))(inputs, times=[0.1, 0.2]))
    assert model.output_shape == (None, 2, 5)
    model.save(tmp_path / "model.keras")
    state = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras")(state), model(state), rtol=1e-6)


def test_policies_give_finite_states_of_the_variable_dtype():
    state = states63(2)
    expected = np.array(adaptive_double(Lorenz63)(state, times=[0.1]))
    for policy, dtype, tolerance in (
        ("float64", "float64", 1e-6),
        ("float32", "float32", 1e-4),
        ("mixed_bfloat16", "float32", 0.1),
    ):
        # The noise of half precision looks like an error of the step.
        rtol = 1e-2 if policy == "mixed_bfloat16" else 1e-6
        found = AdaptiveODEIntegrator(Lorenz63(dtype=policy), rtol=rtol, atol=rtol, dtype=policy)(state, times=[0.1])
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_batch_may_be_unknown_when_the_graph_is_built():
    integrator = AdaptiveODEIntegrator(Lorenz63())
    graph = tf.function(integrator, input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec([2])])
    state, times = states63(4).astype("float32"), np.float32([0.1, 0.2])
    np.testing.assert_allclose(graph(state, times), integrator(state, times), rtol=1e-5)
