import keras
import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Lorenz63
from geodl.layers import (
    BackgroundCost,
    Bilinear,
    DynamicsCost,
    ObservationCost,
    ODEIntegrator,
    PriorCost,
    VariationalCost,
)
from layer_check import check_layer

random = np.random.default_rng(0)
STATE = random.standard_normal((2, 5, 3)).astype("float32")
FULL = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.3], [0.1, 0.3, 1.5]])


def observations(missing=((0, 1, 2), (0, 2, 0), (1, 4, 1))):
    y = random.standard_normal((2, 5, 3)).astype("float32")
    for index in missing:
        y[index] = np.nan
    return y


@pytest.mark.parametrize(
    ("settings", "covariance"),
    [({"variance": 2.0}, 2 * np.eye(3)), ({"variance": [1.0, 2.0, 3.0]}, np.diag([1.0, 2, 3])), ({"covariance": FULL}, FULL)],
    ids=["one variance", "diagonal", "full"],
)
def test_observation_cost_counts_what_is_seen_in_the_metric_of_its_errors(settings, covariance):
    y = observations()
    expected = []
    for sample in range(2):
        total = 0.0
        for time in range(5):
            seen = np.isfinite(y[sample, time])
            d = (y - STATE)[sample, time][seen]
            total += d @ np.linalg.solve(covariance[np.ix_(seen, seen)], d)
        expected.append(total)
    np.testing.assert_allclose(ObservationCost(**settings)(STATE, y), expected, rtol=1e-5)


@pytest.mark.parametrize("settings", [{"variance": 2.0}, {"covariance": FULL}])
def test_nothing_observed_costs_nothing_and_pulls_nowhere(settings):
    state = tf.constant(STATE)
    with tf.GradientTape() as tape:
        tape.watch(state)
        value = ObservationCost(**settings)(state, np.full((2, 5, 3), np.nan, "float32"))
    np.testing.assert_array_equal(value, 0)
    np.testing.assert_array_equal(tape.gradient(value, state), 0)


def test_operator_maps_the_state_to_what_is_observed():
    operator = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    y = np.zeros((2, 5, 1), "float32")
    np.testing.assert_allclose(ObservationCost(operator)(STATE, y), (STATE.sum(-1) ** 2).sum(-1), rtol=1e-5)


def test_background_cost_equals_the_quadratic_form():
    background = observations(missing=())
    d = STATE - background
    expected = np.einsum("bti,ij,btj->b", d, np.linalg.inv(FULL), d)
    np.testing.assert_allclose(BackgroundCost(covariance=FULL)(STATE, background), expected, rtol=1e-5)


def test_dynamics_cost_is_zero_on_a_trajectory_and_the_square_of_one_error():
    step = ODEIntegrator(Lorenz63(), 0.01, 1)
    trajectory = np.array(ODEIntegrator(Lorenz63(), 0.01, 10, save_every=1)(np.float32([[8, 0, 30]])))
    cost = DynamicsCost(step, variance=0.5)
    np.testing.assert_allclose(cost(trajectory), [0], atol=1e-8)
    trajectory[0, -1, 1] += 2
    np.testing.assert_allclose(cost(trajectory), [8], rtol=1e-4)


def test_prior_cost_is_the_squared_distance_to_the_prior():
    prior = Bilinear(3, 2)
    np.testing.assert_allclose(PriorCost(prior)(STATE), ((STATE - np.array(prior(STATE))) ** 2).sum((1, 2)), rtol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        ObservationCost(covariance=FULL),
        BackgroundCost(variance=[1.0, 2.0, 3.0]),
        VariationalCost({"observation": ObservationCost(), "prior": PriorCost(Bilinear(3, 2))}, {"prior": 2.0}, learned=True),
    ],
    ids=["observation", "background", "sum"],
)
def test_costs_keep_the_contracts_of_a_layer(layer):
    check_layer(layer, STATE, np.zeros_like(STATE), policies=("float64",))


def test_dynamics_cost_keeps_the_contracts_of_a_layer():
    check_layer(DynamicsCost(ODEIntegrator(Lorenz63(), 0.01, 1)), STATE, tolerance=1e-4, policies=("float64",))


def test_sum_weighs_its_terms_and_gives_each_what_it_reads():
    cost = VariationalCost(
        {"observation": ObservationCost(), "background": BackgroundCost()}, {"observation": 3.0, "background": 0.5}
    )
    y, background = observations(), observations(missing=())
    expected = 3 * np.nansum((STATE - y) ** 2, (1, 2)) + 0.5 * ((STATE - background) ** 2).sum((1, 2))
    np.testing.assert_allclose(cost(STATE, y, background), expected, rtol=1e-5)


@pytest.mark.parametrize("jit", [False, True], ids=["graph", "jit"])
def test_second_derivative_of_a_quadratic_cost_is_its_matrix(jit):
    cost = VariationalCost({"background": BackgroundCost(covariance=FULL)}, {"background": 2.0})
    state = tf.constant(STATE[:, 0])

    def hessian(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            gradient = cost.value_and_gradient(x, background=tf.zeros_like(x))[1]
        return tape.batch_jacobian(gradient, x)

    np.testing.assert_allclose(
        tf.function(hessian, jit_compile=jit)(state)[0], 2 * 2 * np.linalg.inv(FULL), rtol=1e-4, atol=1e-5
    )


def test_gradient_of_the_gradient_reaches_the_weights():
    cost = VariationalCost({"observation": ObservationCost()}, learned=True)
    state = tf.constant(STATE)
    cost.build(STATE.shape)
    with tf.GradientTape() as tape:
        gradient = cost.value_and_gradient(state, tf.zeros_like(state))[1]
        size = tf.reduce_sum(gradient**2)
    (found,) = tape.gradient(size, [cost.trainable_variables[0].value])
    np.testing.assert_allclose(found, 2 * size, rtol=1e-5)  # the weight is an exponential


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ObservationCost(variance=-1.0), "variances must be positive, found -1"),
        (lambda: BackgroundCost(variance=[1.0, 0.0]), "variances must be positive, found 0"),
        (lambda: ObservationCost(covariance=[[1.0, 2.0], [2.0, 1.0]]), "positive definite; its smallest eigenvalue is -1"),
        (lambda: BackgroundCost(covariance=[[1.0, 2.0], [0.0, 1.0]]), "must be a symmetric matrix"),
        (lambda: VariationalCost({"a": BackgroundCost()}, {"b": 1.0}), "must name terms among a; found b"),
        (lambda: VariationalCost({"a": BackgroundCost()}, {"a": 0.0}), "weight of a must be positive, found 0"),
        (lambda: VariationalCost({"a": BackgroundCost()})(STATE), "The term 'a' of the cost needs `background`"),
    ],
)
def test_wrong_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
