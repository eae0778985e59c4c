"""What a user may get wrong, and where single precision ends."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from geodl.dynamics import Dynamics, Lorenz63
from geodl.layers import AdaptiveODEIntegrator
from ode_problems import Oscillator, adaptive_double, rotation, states63


@keras.saving.register_keras_serializable(package="test_adaptive_ode_integrator_limits")
class SlowRelaxation(Dynamics):
    parameters = {"rate": 1e-6}

    def call(self, state):
        return self.rate * (1 - state)


@keras.saving.register_keras_serializable(package="test_adaptive_ode_integrator_limits")
class Onset(Dynamics):
    """Nearly at rest until time 1, then so fast that a step that is not yet shortened overflows."""

    def call(self, state, time):
        return ops.where(time < 1.0, -1e-3 * state, -1e6 * state**3)


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_bound_on_the_steps_is_named(graph):
    integrator = AdaptiveODEIntegrator(Lorenz63(), max_steps=5)
    function = lambda x: integrator(x, times=[10.0])  # noqa: E731
    with pytest.raises(tf.errors.InvalidArgumentError, match="max_steps = 5 steps did not reach the last time"):
        (tf.function(function) if graph else function)(np.ones((2, 3), "float32"))


def test_compiled_times_beyond_the_bound_on_the_steps_are_not_a_number():
    integrator = AdaptiveODEIntegrator(Lorenz63(), max_steps=5)
    state = np.ones((2, 3), "float32")
    found = tf.function(lambda x: integrator(x, times=[0.0, 1e-3, 10.0]), jit_compile=True)(state)
    np.testing.assert_array_equal(found[:, 0], state)
    assert np.isfinite(found[:, 1]).all()
    assert np.isnan(found[:, 2]).all()


def test_state_that_is_not_finite_ends_at_the_bound_on_the_steps():
    state = np.ones((2, 3), "float32")
    state[0, 1] = np.nan
    with pytest.raises(tf.errors.InvalidArgumentError, match="see whether the state or the tendency is finite"):
        AdaptiveODEIntegrator(Lorenz63(), max_steps=50)(state, times=[1.0])


@pytest.mark.parametrize(
    ("times", "time"),
    [
        ([0.2, 0.1], 0.0),
        ([0.1, 0.1], 0.0),
        ([0.1, 0.3, 0.2], 0.0),
        ([-0.1, 0.1], 0.0),
        ([0.1, 0.2], 0.15),
        ([0.1, np.nan], 0.0),
    ],
)
def test_times_must_go_one_way_from_the_start(times, time):
    for function in (adaptive_double(Lorenz63), tf.function(adaptive_double(Lorenz63))):
        with pytest.raises(ValueError, match="`times` must be finite, and increase or decrease from"):
            function(states63(2), times=times, time=time)


@pytest.mark.parametrize("times", [0.1, [], [[0.1, 0.2]]])
def test_times_must_be_a_vector(times):
    with pytest.raises(ValueError, match="`times` must be a vector of at least one time"):
        adaptive_double(Lorenz63)(states63(2), times=times)


def test_scheme_without_an_embedded_pair_lists_the_pairs():
    with pytest.raises(ValueError, match="one of bosh3, dopri5, tsit5; found 'rk4'"):
        AdaptiveODEIntegrator(Lorenz63(), "rk4")
    with pytest.raises(ValueError, match="`scheme` must be one of .* found 'rk5'"):
        AdaptiveODEIntegrator(Lorenz63(), "rk5")


@pytest.mark.parametrize("bad", [{"rtol": 0.0}, {"atol": -1e-6}, {"max_steps": 0}, {"rtol": float("nan")}])
def test_tolerances_and_the_bound_must_be_positive(bad):
    with pytest.raises(ValueError, match="`rtol`, `atol` and `max_steps` must be positive"):
        AdaptiveODEIntegrator(Lorenz63(), **bad)


def test_dynamics_are_checked():
    with pytest.raises(ValueError, match="`dynamics` must be a Keras layer or model"):
        AdaptiveODEIntegrator(lambda state: -state)
    with pytest.raises(ValueError, match=r"Lorenz63 expects a state \(..., 3\)"):
        adaptive_double(Lorenz63)(np.ones((2, 4)), times=[0.1])
    with pytest.raises(ValueError, match="the shape of the state"):
        AdaptiveODEIntegrator(keras.layers.Dense(4))(np.ones((2, 3), "float32"), times=[0.1])


def test_state_must_have_a_batch():
    with pytest.raises(ValueError, match=r"`state` must be a batch of states \(batch, ...\), found shape \(3,\)"):
        adaptive_double(Lorenz63)(states63(1)[0], times=[0.5])


def test_requested_time_at_the_end_of_a_step_is_written():
    # Late times are so coarse in single precision that the steps of some samples end at one of them.
    state = np.random.default_rng(0).normal(size=(1000, 2)).astype("float32")
    elapsed = np.arange(1, 101) / 8
    found = AdaptiveODEIntegrator(Oscillator(), rtol=1e-4, atol=1e-4)(state, times=1000 + elapsed, time=1000.0)
    np.testing.assert_allclose(found, rotation(state, elapsed), atol=0.05)


def test_gradient_is_finite_where_the_first_step_is_a_tiny_part_of_the_way():
    integrator = AdaptiveODEIntegrator(SlowRelaxation(estimated=["rate"]), rtol=1e-4)
    with tf.GradientTape() as tape:
        states = integrator(np.zeros((1, 1), "float32"), times=[1e6, 2e6])
    np.testing.assert_allclose(np.ravel(states), 1 - np.exp([-1.0, -2.0]), rtol=1e-3)
    assert np.isfinite(tape.gradient(states, integrator.dynamics.rate.value))


def test_gradient_is_finite_where_a_refused_step_overflows():
    integrator = AdaptiveODEIntegrator(Onset(), rtol=1e-3, atol=1e-3)
    state = tf.ones((1, 1))
    with tf.GradientTape() as tape:
        tape.watch(state)
        states = integrator(state, times=[1.001])
    assert np.isfinite(states).all()
    assert np.isfinite(tape.gradient(states, state)).all()


def test_stateless_call_integrates_with_the_given_parameters():
    integrator = AdaptiveODEIntegrator(Lorenz63(estimated=["rho"]))
    state = states63(2).astype("float32")
    integrator(state, times=[0.1])
    fixed = [variable.value for variable in integrator.non_trainable_variables]
    found, _ = integrator.stateless_call([tf.constant(5.0)], fixed, state, times=[0.1])
    np.testing.assert_allclose(found, AdaptiveODEIntegrator(Lorenz63(rho=5.0))(state, times=[0.1]), rtol=1e-4)
