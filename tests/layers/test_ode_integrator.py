from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy.integrate import solve_ivp

from geodl.dynamics import Dynamics, Lorenz63, Lorenz96
from geodl.layers import ODEIntegrator, TrainableRungeKutta, adjoint
from geodl.layers.butcher_tableau import SCHEMES
from layer_check import check_layer


@keras.saving.register_keras_serializable(package="test_ode_integrator")
class DecayAndGrowth(Dynamics):
    components = 2

    def call(self, state):
        return state * ops.cast([-1.0, 1.0], state.dtype)


@keras.saving.register_keras_serializable(package="test_ode_integrator")
class Oscillator(Dynamics):
    components = 2

    def call(self, state):
        x, y = ops.unstack(state, 2, axis=-1)
        return ops.stack([y, -x], axis=-1)


@keras.saving.register_keras_serializable(package="test_ode_integrator")
class Logistic(Dynamics):
    def call(self, state):
        return state * (1 - state)


@keras.saving.register_keras_serializable(package="test_ode_integrator")
class Swing(Dynamics):
    def call(self, state, time):
        return state * ops.cos(time)


@keras.saving.register_keras_serializable(package="test_ode_integrator")
class Drift(Dynamics):
    parameters = {"speed": 1.0}

    def call(self, state):
        return self.speed + 0.0 * state


class Problem(NamedTuple):
    """An equation whose solution from `start` at time 0 has a closed form; `ends` for schemes up to order 4, and beyond.

    The error constants of the schemes of order 5 are so small that their slope appears over longer times only, and there
    only where the next term of the error does not happen to cancel the first.
    """

    dynamics: type
    start: tuple
    solution: callable
    ends: tuple[float, float]


PROBLEMS = {
    "decay_and_growth": Problem(DecayAndGrowth, (1.0, 1.0), lambda t: np.stack([np.exp(-t), np.exp(t)], -1), (1.0, 2.5)),
    "linear_oscillator": Problem(Oscillator, (1.0, 0.0), lambda t: np.stack([np.cos(t), -np.sin(t)], -1), (1.0, 4.0)),
    "logistic_growth": Problem(Logistic, (0.1,), lambda t: 1 / (1 + 9 * np.exp(-np.stack([t], -1))), (1.0, 6.0)),
    "swing_in_time": Problem(Swing, (1.0,), lambda t: np.exp(np.sin(np.stack([t], -1))), (1.0, 3.0)),
}


def double(dynamics, *args, **kwargs):
    """An integrator all in double precision."""
    return ODEIntegrator(dynamics(dtype="float64"), *args, dtype="float64", **kwargs)


def states63(batch=4, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, 3)) * 5 + [0, 0, 20]


def states96(batch=2, size=10, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, size)) * 3 + 2


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_scheme_shows_its_order(scheme, problem):
    dynamics, start, solution, ends = PROBLEMS[problem]
    order = SCHEMES[scheme].order
    end = ends[order > 4]
    errors = []
    for steps in (64, 128):
        found = double(dynamics, end / steps, steps, scheme=scheme)(np.array([start]))
        errors.append(np.linalg.norm(found[0] / solution(end) - 1))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.1)


def test_lorenz63_agrees_with_dop853():
    def lorenz63(time, state):
        x, y, z = state
        return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]

    start = states63(1)
    expected = solve_ivp(lorenz63, (0, 0.5), start[0], "DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    np.testing.assert_allclose(double(Lorenz63, 0.5 / 400, 400, scheme="dopri5")(start)[0], expected, rtol=1e-9)


def test_ode_integrator_keeps_the_contracts_of_a_layer():
    dynamics = Lorenz63(rho=27.0, estimated=["rho", "sigma"])
    check_layer(ODEIntegrator(dynamics, 0.01, 5), states63().astype("float32"))
    check_layer(ODEIntegrator(Lorenz96(), 0.02, 6, "heun", save_every=2, checkpoint=True), states96().astype("float32"))


def test_trajectory_equals_single_steps():
    state = states63()
    once = double(Lorenz63, 0.01, 1)
    trajectory = np.array(double(Lorenz63, 0.01, 12, save_every=1)(state))
    assert trajectory.shape == (4, 12, 3)
    for i in range(12):
        state = once(state)
        np.testing.assert_allclose(trajectory[:, i], state, rtol=1e-13)


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize(("dynamics", "state"), [(Lorenz63, states63()), (Lorenz96, states96())], ids=["few", "many"])
def test_save_every_picks_its_steps_and_not_the_initial_state(dynamics, state, checkpoint):
    full = np.array(double(dynamics, 0.01, 12, save_every=1)(state))
    for every in (2, 3, 12):
        picked = double(dynamics, 0.01, 12, save_every=every, checkpoint=checkpoint)(state)
        np.testing.assert_allclose(picked, full[:, every - 1 :: every], rtol=1e-13)
    last = double(dynamics, 0.01, 12, checkpoint=checkpoint)(state)
    np.testing.assert_allclose(last, full[:, -1], rtol=1e-13)
    assert np.abs(full - state[:, None]).max(-1).min() > 0


@pytest.mark.parametrize(("dynamics", "state"), [(Lorenz63, states63()), (Lorenz96, states96())], ids=["few", "many"])
def test_time_major_trajectories_have_the_time_first(dynamics, state):
    expected = np.moveaxis(np.array(double(dynamics, 0.01, 6, save_every=2)(state)), 1, 0)
    integrator = double(dynamics, 0.01, 6, save_every=2, time_major=True)
    found = integrator(state)
    assert integrator.compute_output_shape(state.shape) == expected.shape
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(ODEIntegrator.from_config(integrator.get_config())(state), expected)
    np.testing.assert_array_equal(integrator(state[0]), double(dynamics, 0.01, 6, save_every=2)(state[0]))


def test_negative_step_returns_to_the_start():
    state = states63()
    there = double(Lorenz63, 0.005, 40)(state)
    np.testing.assert_allclose(double(Lorenz63, -0.005, 40)(there), state, rtol=1e-4)
    # Backward in time Lorenz63 amplifies errors a thousandfold; the oscillator shows what the scheme itself loses.
    there = double(Oscillator, 0.01, 100)(np.array([[1.0, 2.0]]))
    np.testing.assert_allclose(double(Oscillator, -0.01, 100)(there), [[1.0, 2.0]], rtol=1e-9)


@pytest.mark.parametrize("checkpoint", [False, True])
def test_state_without_a_batch_equals_a_batch_of_one(checkpoint):
    for dynamics, states in ((Lorenz63, states63(1)), (Lorenz96, states96(1))):
        for save_every in (None, 3):
            integrator = double(dynamics, 0.01, 6, save_every=save_every, checkpoint=checkpoint)
            found = integrator(states[0])
            assert tuple(found.shape) == integrator.compute_output_shape(states[0].shape)
            np.testing.assert_allclose(found, integrator(states)[0], rtol=1e-13)


def test_sequential_model_takes_a_state_without_a_batch():
    model = keras.Sequential([keras.layers.Dense(4, "tanh"), keras.layers.Dense(3)])
    assert ODEIntegrator(model, 0.1, 2)(np.ones(3, "float32")).shape == (3,)


@pytest.mark.parametrize("save_every", [None, 2])
def test_maps_of_several_channels_are_states(save_every):
    diffusion = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False, dtype="float64")
    state = np.random.default_rng(0).normal(size=(2, 5, 7, 3))
    found = np.array(ODEIntegrator(diffusion, 0.1, 4, "euler", save_every=save_every, dtype="float64")(state))
    expected = []
    for _ in range(4):
        state = state + 0.1 * np.array(diffusion(state))
        expected.append(state)
    expected = state if save_every is None else np.stack(expected[1::2], 1)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


def test_any_model_is_a_right_hand_side():
    model = keras.Sequential([keras.layers.Dense(16, "tanh", dtype="float64"), keras.layers.Dense(3, dtype="float64")])
    # A model would cast its inputs to single precision.
    model.autocast = False
    integrator = ODEIntegrator(model, 0.1, 3, "midpoint", dtype="float64")
    state = np.random.default_rng(0).normal(size=(4, 3))
    found = integrator(state)
    for _ in range(3):
        state = state + 0.1 * np.array(model(state + 0.05 * np.array(model(state))))
    np.testing.assert_allclose(found, state, rtol=1e-13)
    assert len(integrator.trainable_weights) == 4
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(integrator(state) ** 2)
    assert all(np.abs(g).max() > 0 for g in tape.gradient(loss, [w.value for w in model.trainable_weights]))


def test_training_argument_reaches_the_right_hand_side():
    model = keras.Sequential([keras.layers.Dropout(0.9, seed=0)])
    integrator = ODEIntegrator(model, 0.1, 1, "euler")
    state = np.ones((1, 50), "float32")
    np.testing.assert_allclose(integrator(state), 1.1 * state, rtol=1e-6)
    assert len(np.unique(integrator(state, training=True))) == 2


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("save_every", [None, 1, 5])
def test_time_of_every_step_is_counted_from_the_time_of_the_state(save_every, checkpoint):
    integrator = double(Swing, 0.1, 10, save_every=save_every, checkpoint=checkpoint)
    times = 0.7 + 0.1 * np.arange(1, 11)
    exact = np.exp(np.sin(times) - np.sin(0.7))[None, :, None]
    exact = exact[:, -1] if save_every is None else exact[:, save_every - 1 :: save_every]
    np.testing.assert_allclose(integrator(np.ones((1, 1)), time=0.7), exact, rtol=1e-6)
    np.testing.assert_allclose(tf.function(integrator)(np.ones((1, 1)), time=tf.constant(0.7)), exact, rtol=1e-6)
    assert np.abs(np.array(integrator(np.ones((1, 1)))) - exact).max() > 0.1


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


def differences(function, point, step):
    """Gradient of a scalar function by central differences."""
    gradient = np.empty(point.shape)
    for i in np.ndindex(point.shape):
        ends = []
        for sign in (1, -1):
            moved = point.copy()
            moved[i] += sign * step
            ends.append(float(function(tf.constant(moved))))
        gradient[i] = (ends[0] - ends[1]) / (2 * step)
    return gradient


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


def test_fit_recovers_rho_from_pairs_of_states():
    keras.utils.set_random_seed(0)
    states = np.array(ODEIntegrator(Lorenz63(), 0.01, 200)(states63(128).astype("float32")))
    later = np.array(ODEIntegrator(Lorenz63(), 0.02, 10)(states))
    integrator = ODEIntegrator(Lorenz63(rho=25.0, estimated=["rho"]), 0.02, 10)
    model = keras.Sequential([keras.Input((3,)), integrator])
    model.compile(keras.optimizers.Adam(0.3), "mse", jit_compile=False)
    model.fit(states, later, batch_size=32, epochs=20, verbose=0)
    assert float(integrator.dynamics.rho.numpy()) == pytest.approx(28.0, rel=0.01)
    assert float(integrator.dynamics.sigma.numpy()) == 10.0


@pytest.mark.parametrize("scheme", ["rk4", "trained"])
def test_saved_model_gives_the_same_states(scheme, tmp_path):
    if scheme == "trained":
        scheme = TrainableRungeKutta(3)
        scheme.coupling.assign(np.random.default_rng(0).normal(size=(3, 3)))
    dynamics = Lorenz63(rho=26.0, estimated=["rho"])
    inputs = keras.Input((3,))
    model = keras.Model(inputs, ODEIntegrator(dynamics, 0.02, 4, scheme=scheme, save_every=2)(inputs))
    dynamics.rho.assign(27.0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.output_shape == (None, 2, 3)
    assert type(again.layers[-1].scheme) is type(scheme)
    assert [w.name for w in again.trainable_weights] == [w.name for w in model.trainable_weights]
    state = states63().astype("float32")
    np.testing.assert_allclose(again(state), model(state), rtol=1e-6)


def test_saved_model_keeps_a_network_as_right_hand_side(tmp_path):
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(3)])
    model = keras.Sequential([keras.Input((3,)), ODEIntegrator(network, 0.1, 3, checkpoint=True)])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[-1].checkpoint is True
    np.testing.assert_allclose(again(states63().astype("float32")), model(states63().astype("float32")), rtol=1e-6)


def test_symbolic_shapes_equal_those_of_the_results():
    inputs = keras.Input((3,))
    assert ODEIntegrator(Lorenz63(), 0.01, 4)(inputs).shape == (None, 3)
    assert ODEIntegrator(Lorenz63(), 0.01, 4, save_every=2)(inputs).shape == (None, 2, 3)
    maps = keras.Input((None, 7, 2))
    relaxation = keras.layers.Activation("tanh")
    assert ODEIntegrator(relaxation, 0.01, 4, save_every=1)(maps).shape == (None, 4, None, 7, 2)


def test_half_precision_gives_a_finite_state_in_single_precision():
    integrator = ODEIntegrator(Lorenz63(dtype="mixed_bfloat16"), 0.01, 20, dtype="mixed_bfloat16")
    found = integrator(states63().astype("float32"))
    assert found.dtype == "float32"
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, ODEIntegrator(Lorenz63(), 0.01, 20)(states63().astype("float32")), atol=0.3)


def test_small_steps_are_not_lost_in_half_precision():
    # In bfloat16, 1 + 1e-3 is 1.
    integrator = ODEIntegrator(Drift(dtype="mixed_bfloat16"), 1e-3, 1000, "euler", dtype="mixed_bfloat16")
    np.testing.assert_allclose(integrator(np.ones((1, 2), "float32")), 2.0, rtol=1e-3)


@pytest.mark.parametrize("dt", [0.0, float("nan"), float("inf"), -float("inf")])
def test_step_size_must_be_finite_and_not_zero(dt):
    with pytest.raises(ValueError, match="`dt` must be finite and not zero"):
        ODEIntegrator(Lorenz63(), dt, 10)


@pytest.mark.parametrize("steps", [0, -3, 2.5, float("inf"), float("nan")])
def test_number_of_steps_must_be_a_positive_integer(steps):
    with pytest.raises(ValueError, match=f"`steps` must be a positive integer, found {steps}"):
        ODEIntegrator(Lorenz63(), 0.01, steps)


@pytest.mark.parametrize("save_every", [0, -2, 3, 20])
def test_save_every_must_divide_the_steps(save_every):
    with pytest.raises(ValueError, match=f"`save_every` must divide `steps`, 10; found {save_every}"):
        ODEIntegrator(Lorenz63(), 0.01, 10, save_every=save_every)


def test_save_every_must_be_an_integer():
    with pytest.raises(ValueError, match="save_every"):
        ODEIntegrator(Lorenz63(), 0.01, 5, save_every=2.5)


def test_unknown_scheme_lists_the_known_ones():
    with pytest.raises(ValueError, match=f"{', '.join(SCHEMES)}, found 'leapfrog'"):
        ODEIntegrator(Lorenz63(), 0.01, 10, scheme="leapfrog")


def test_dynamics_must_be_a_layer():
    with pytest.raises(ValueError, match="`dynamics` must be a Keras layer or model .* found function"):
        ODEIntegrator(lambda state: -state, 0.01, 10)


def test_state_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match=r"Lorenz63 expects a state \(..., 3\), found shape \(2, 4\)"):
        ODEIntegrator(Lorenz63(), 0.01, 10)(np.ones((2, 4), "float32"))


def test_tendency_must_have_the_shape_of_the_state():
    for layer, shape in ((keras.layers.Dense(4), r"\(2, 4\)"), (keras.layers.Reshape((3, 1)), r"\(2, 3, 1\)")):
        with pytest.raises(ValueError, match=rf"the shape of the state; .* turned \(2, 3\) into {shape}"):
            ODEIntegrator(layer, 0.01, 10)(np.ones((2, 3), "float32"))


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize(
    "options", [{}, {"checkpoint": True}, {"save_every": 5}, {"save_every": 5, "checkpoint": True}], ids=str
)
def test_blow_up_tells_how_many_steps_were_finite(options, graph):
    state = np.ones((2, 3), "float32")
    finite = 0
    with np.errstate(all="ignore"):
        for _ in range(30):
            step = lambda x: np.array(Lorenz63()(x))  # noqa: E731
            k1 = step(state)
            k2 = step(state + np.float32(0.1) * k1)
            k3 = step(state + np.float32(0.1) * k2)
            state = state + np.float32(0.2 / 6) * (k1 + 2 * k2 + 2 * k3 + step(state + np.float32(0.2) * k3))
            finite += bool(np.isfinite(state).all())
    integrator = ODEIntegrator(Lorenz63(), 0.2, 30, **options)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"of 30 steps, the first so many were finite:\W*{finite}\D"):
        (tf.function(integrator) if graph else integrator)(np.ones((2, 3), "float32"))


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_nan_in_the_state_is_refused(graph):
    integrator = ODEIntegrator(Lorenz63(), 0.01, 5)
    state = np.ones((2, 3), "float32")
    state[1, 2] = np.nan
    with pytest.raises(tf.errors.InvalidArgumentError, match="not finite"):
        (tf.function(integrator) if graph else integrator)(state)


def test_nan_in_the_state_tells_that_no_step_was_finite():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"of 5 steps, the first so many were finite:\W*0\D"):
        ODEIntegrator(Lorenz63(), 0.01, 5)(np.full((2, 3), np.nan, "float32"))
