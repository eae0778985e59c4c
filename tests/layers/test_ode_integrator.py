"""Steps, trajectories and right-hand sides."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import solve_ivp

from geodl.dynamics import Dynamics, Lorenz63, Lorenz96
from geodl.layers import ODEIntegrator, TrainableRungeKutta
from geodl.layers.butcher_tableau import SCHEMES
from layer_check import check_layer
from ode_problems import PROBLEMS, Oscillator, Swing, double, states63, states96


@keras.saving.register_keras_serializable(package="test_ode_integrator")
class Drift(Dynamics):
    parameters = {"speed": 1.0}

    def call(self, state):
        return self.speed + 0.0 * state


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
