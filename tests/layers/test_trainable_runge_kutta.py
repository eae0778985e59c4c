import keras
import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Lorenz63
from geodl.layers import ODEIntegrator, TrainableRungeKutta


def drawn(stages, seed):
    """A scheme of random weights."""
    scheme = TrainableRungeKutta(stages, dtype="float64")
    random = np.random.default_rng(seed)
    for weight in scheme.trainable_weights:
        weight.assign(random.normal(size=weight.shape) * 3)
    return scheme


def coefficients(scheme, dtype="float64"):
    tableau = scheme.tableau(dtype)
    a = np.zeros((scheme.stages, scheme.stages))
    for i, row in enumerate(tableau.a):
        a[i, : len(row)] = [float(x) for x in row]
    return a, np.array([float(x) for x in tableau.b]), np.array([float(x) for x in tableau.c])


@pytest.mark.parametrize("stages", [2, 3, 6])
@pytest.mark.parametrize("seed", range(3))
def test_scheme_is_consistent_whatever_its_weights(stages, seed):
    scheme = drawn(stages, seed)
    assert [len(row) for row in scheme.tableau("float64").a] == list(range(stages))
    a, b, c = coefficients(scheme)
    np.testing.assert_allclose(a.sum(1), c, atol=1e-13)
    assert c[0] == 0.0
    assert (np.diff(c) >= 0).all()
    assert c[-1] <= 1.0
    assert (b >= 0).all()
    assert b.sum() == pytest.approx(1.0, abs=1e-14)


def test_start_has_equal_weights_and_equally_spaced_times():
    a, b, c = coefficients(TrainableRungeKutta(4, dtype="float64"))
    np.testing.assert_allclose(b, 0.25)
    np.testing.assert_allclose(c, [0, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(a, [[0] * 4, [0.25, 0, 0, 0], [0.25, 0.25, 0, 0], [0.25, 0.25, 0.25, 0]])


def test_one_stage_is_euler():
    state = np.random.default_rng(0).normal(size=(4, 3))
    one = ODEIntegrator(Lorenz63(dtype="float64"), 0.01, 3, TrainableRungeKutta(1), dtype="float64")
    euler = ODEIntegrator(Lorenz63(dtype="float64"), 0.01, 3, "euler", dtype="float64")
    np.testing.assert_allclose(one(state), euler(state), rtol=1e-14)


def test_random_scheme_is_of_first_order_at_least():
    decay = keras.layers.Rescaling(-1.0, dtype="float64")
    errors = []
    for steps in (100, 200):
        found = ODEIntegrator(decay, 1 / steps, steps, drawn(3, 0), dtype="float64")(np.ones((1, 1)))
        errors.append(abs(float(found[0, 0]) - np.exp(-1)))
    assert np.log2(errors[0] / errors[1]) > 0.9


def test_step_equals_its_coefficients():
    scheme = drawn(3, 1)
    a, b, _ = coefficients(scheme)
    dynamics = Lorenz63(dtype="float64")
    state = np.random.default_rng(0).normal(size=(4, 3))
    tendencies = []
    for i in range(3):
        tendencies.append(np.array(dynamics(state + 0.05 * sum(a[i, j] * tendencies[j] for j in range(i)))))
    expected = state + 0.05 * sum(w * k for w, k in zip(b, tendencies, strict=True))
    np.testing.assert_allclose(ODEIntegrator(dynamics, 0.05, 1, scheme, dtype="float64")(state), expected, rtol=1e-12)


def test_gradients_of_the_coefficients_equal_finite_differences_in_every_mode():
    scheme = drawn(3, 2)
    integrator, saving = (
        ODEIntegrator(Lorenz63(dtype="float64"), 0.02, 4, scheme, checkpoint=checkpoint, dtype="float64")
        for checkpoint in (False, True)
    )
    state = tf.constant(np.random.default_rng(0).normal(size=(4, 3)) * 5)

    def gradients(layer):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(layer(state) ** 2)
        return [loss, *tape.gradient(loss, [w.value for w in scheme.trainable_weights])]

    expected = gradients(integrator)
    for layer, jit in ((integrator, True), (saving, False), (saving, True)):
        layer.build(state.shape)
        for found, wanted in zip(tf.function(gradients, jit_compile=jit)(layer), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)
    for weight, gradient in zip(scheme.trainable_weights, expected[1:], strict=True):
        value = np.array(weight.value)
        for i in np.ndindex(value.shape):
            ends = []
            for change in (1e-5, -1e-5):
                moved = value.copy()
                moved[i] += change
                weight.assign(moved)
                ends.append(float(tf.reduce_mean(integrator(state) ** 2)))
            np.testing.assert_allclose(gradient[i], (ends[0] - ends[1]) / 2e-5, rtol=1e-5, atol=1e-6)
        weight.assign(value)


def test_training_lowers_the_error_of_a_big_step_below_rk4():
    keras.utils.set_random_seed(0)
    start = (np.random.default_rng(0).normal(size=(512, 3)) * 8 + [0, 0, 25]).astype("float32")
    states = np.array(ODEIntegrator(Lorenz63(), 0.01, 200)(start))
    later = np.array(ODEIntegrator(Lorenz63(), 0.005, 20, "dopri5")(states))
    error = lambda step: np.sqrt(np.mean((np.array(step(states)) - later) ** 2))  # noqa: E731

    step = ODEIntegrator(Lorenz63(), 0.1, 1, TrainableRungeKutta(4))
    before = error(step)
    model = keras.Sequential([keras.Input((3,)), step])
    model.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=False)
    model.fit(states, later, batch_size=64, epochs=40, verbose=0)
    assert error(step) < before / 5
    assert error(step) < error(ODEIntegrator(Lorenz63(), 0.1, 1, "rk4"))


@pytest.mark.filterwarnings("error")
def test_config_round_trip():
    scheme = TrainableRungeKutta(5, name="learned")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(scheme))
    assert (type(again), again.stages, again.name) == (TrainableRungeKutta, 5, "learned")
    again.set_weights(drawn(5, 3).get_weights())
    for a, b in zip(coefficients(again, "float32"), coefficients(drawn(5, 3)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_integrator_with_a_trained_scheme_keeps_it_through_its_config():
    integrator = ODEIntegrator(Lorenz63(), 0.1, 2, TrainableRungeKutta(3))
    integrator.scheme.set_weights(drawn(3, 4).get_weights())
    again = ODEIntegrator.from_config(integrator.get_config())
    state = np.ones((2, 3), "float32")
    again(state)
    assert isinstance(again.scheme, TrainableRungeKutta)
    assert len(again.trainable_weights) == 3
    again.set_weights(integrator.get_weights())
    np.testing.assert_array_equal(again(state), integrator(state))


def test_number_of_stages_must_be_positive():
    with pytest.raises(ValueError, match="`stages` must be at least 1, found 0"):
        TrainableRungeKutta(0)
