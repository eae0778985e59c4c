import keras
import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Dynamics, Lorenz63, Lorenz96
from layer_check import check_layer


@keras.saving.register_keras_serializable(package="test_dynamics")
class Relaxation(Dynamics):
    parameters = {"rate": 0.5, "target": 2.0}

    def call(self, state):
        return self.rate * (self.target - state)


def lorenz63(state, sigma=10.0, rho=28.0, beta=8 / 3):
    x, y, z = np.moveaxis(state, -1, 0)
    return np.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z], axis=-1)


def lorenz96(state, forcing=8.0):
    tendency = np.empty_like(state)
    size = state.shape[-1]
    for j in range(size):
        ahead, behind, two_behind = (state[..., (j + shift) % size] for shift in (1, -1, -2))
        tendency[..., j] = (ahead - two_behind) * behind - state[..., j] + forcing
    return tendency


def states(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape) * 5


@pytest.mark.parametrize("lead", [(), (1,), (4,), (2, 3), (2, 1, 5)])
def test_lorenz63_equals_the_formula_for_any_leading_dimensions(lead):
    state = states(*lead, 3)
    found = Lorenz63(dtype="float64")(state)
    assert found.shape == state.shape
    np.testing.assert_allclose(found, lorenz63(state), rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize("lead", [(), (1,), (4,), (2, 3), (2, 1, 5)])
@pytest.mark.parametrize("size", [4, 7, 40])
def test_lorenz96_equals_the_formula_for_any_leading_dimensions(lead, size):
    state = states(*lead, size)
    found = Lorenz96(dtype="float64")(state)
    assert found.shape == state.shape
    np.testing.assert_allclose(found, lorenz96(state), rtol=1e-14, atol=1e-13)


def test_parameters_may_be_given():
    state = states(5, 3)
    found = Lorenz63(sigma=9.0, rho=20.0, beta=2.0, dtype="float64")(state)
    np.testing.assert_allclose(found, lorenz63(state, 9.0, 20.0, 2.0), rtol=1e-14, atol=1e-13)
    state = states(5, 6)
    np.testing.assert_allclose(Lorenz96(forcing=5.0, dtype="float64")(state), lorenz96(state, 5.0), rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize("shift", [1, -1, 3])
def test_lorenz96_commutes_with_a_rotation_of_the_components(shift):
    state = states(3, 9)
    dynamics = Lorenz96(dtype="float64")
    np.testing.assert_array_equal(dynamics(np.roll(state, shift, -1)), np.roll(dynamics(state), shift, -1))


def test_fixed_points_of_lorenz63_are_at_rest():
    side = np.sqrt(8 / 3 * 27)
    state = np.array([[0, 0, 0], [side, side, 27], [-side, -side, 27]])
    np.testing.assert_allclose(Lorenz63(dtype="float64")(state), 0.0, atol=1e-13)


def test_advection_of_lorenz96_keeps_the_energy():
    state = states(4, 12)
    tendency = Lorenz96(forcing=0.0, dtype="float64")(state) + state
    np.testing.assert_allclose(np.sum(state * tendency, -1), 0.0, atol=1e-11)


def test_first_and_second_derivatives_of_lorenz96_are_those_of_its_formula():
    state, weights, direction = (states(2, 7, seed=seed) for seed in range(3))
    x = tf.constant(state)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            loss = tf.reduce_sum(weights * Lorenz96(dtype="float64")(x))
        first = inner.gradient(loss, x)
    second = outer.gradient(first, x, output_gradients=tf.constant(direction))
    # Of a quadratic, differences are exact.
    at = lambda y: np.sum(weights * lorenz96(y))  # noqa: E731
    unit = np.eye(14).reshape(14, 2, 7)
    expected = np.reshape([(at(state + e) - at(state - e)) / 2 for e in unit], (2, 7))
    np.testing.assert_allclose(first, expected, atol=1e-10)
    curved = np.reshape([at(direction + e) - at(direction) - at(e) + at(0 * e) for e in unit], (2, 7))
    np.testing.assert_allclose(second, curved, atol=1e-10)


def test_parameters_are_exact_in_double_precision():
    dynamics = Lorenz63(dtype="float64")
    assert dynamics.beta.dtype == "float64"
    assert float(dynamics.beta.numpy()) == 8 / 3
    assert float(Lorenz96(forcing=0.1, dtype="float64").forcing.numpy()) == 0.1
    assert Lorenz63().beta.numpy() == np.float32(8 / 3)


def test_dynamics_keep_the_contracts_of_a_layer():
    check_layer(Lorenz63(rho=27.0, estimated=["rho", "beta"]), states(4, 3).astype("float32"))
    check_layer(Lorenz96(forcing=7.5, estimated=["forcing"]), states(4, 8).astype("float32"))


def test_only_the_estimated_parameters_are_trained():
    assert Lorenz63().trainable_variables == []
    dynamics = Lorenz63(estimated=["rho"])
    assert [variable.name for variable in dynamics.trainable_variables] == ["rho"]
    state = tf.constant(states(5, 3), "float32")
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(dynamics(state))
    np.testing.assert_allclose(tape.gradient(total, dynamics.rho.value), np.sum(state[:, 0]), rtol=1e-5)


def test_config_round_trip_keeps_values_and_estimated_names():
    again = Lorenz63.from_config(Lorenz63(rho=25.0, estimated=["rho", "sigma"], name="convection").get_config())
    assert (again.name, again.estimated) == ("convection", ("rho", "sigma"))
    assert [float(v.numpy()) for v in (again.sigma, again.rho)] == [10.0, 25.0]


def test_dynamics_of_the_user_have_their_own_parameters():
    dynamics = Relaxation(rate=2.0, estimated=["target"], dtype="float64")
    np.testing.assert_allclose(dynamics(np.array([[0.0, 3.0]])), [[4.0, -2.0]], rtol=1e-15)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(dynamics))
    np.testing.assert_array_equal(again(np.array([[0.0, 3.0]])), dynamics(np.array([[0.0, 3.0]])))
    assert [variable.name for variable in again.trainable_variables] == ["target"]


def test_unknown_name_in_estimated_lists_the_parameters():
    with pytest.raises(ValueError, match="among sigma, rho, beta of Lorenz63, found r0"):
        Lorenz63(estimated=["r0"])
    with pytest.raises(ValueError, match="among forcing of Lorenz96, found rho"):
        Lorenz96(estimated=["forcing", "rho"])


def test_unknown_parameter_is_named():
    with pytest.raises(ValueError, match="roh"):
        Lorenz63(roh=28.0)


def test_state_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match=r"Lorenz63 expects a state \(..., 3\), found shape \(2, 4\)"):
        Lorenz63()(np.zeros((2, 4), "float32"))
    with pytest.raises(ValueError, match=r"J at least 4, found shape \(2, 3\)"):
        Lorenz96()(np.zeros((2, 3), "float32"))
