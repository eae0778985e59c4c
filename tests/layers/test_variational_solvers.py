import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize

from geodl.dynamics import Lorenz63
from geodl.layers import (
    LBFGS,
    BackgroundCost,
    DynamicsCost,
    GradientDescent,
    ObservationCost,
    ODEIntegrator,
    RecurrentSolver,
    VariationalCost,
    WindowTokens,
)
from layer_check import check_layer

B = np.array([[2.0, 0.6], [0.6, 1.0]])
R = 0.5
BACKGROUND = np.float32([[1.0, -1.0], [0.0, 2.0]])
OBSERVATIONS = np.float32([[2.0, np.nan], [np.nan, np.nan]])


def gaussian_cost():
    return VariationalCost({"observation": ObservationCost(variance=R), "background": BackgroundCost(covariance=B)})


def best_linear_estimate():
    found = BACKGROUND.astype("float64").copy()
    found[0] += B[:, 0] / (B[0, 0] + R) * (OBSERVATIONS[0, 0] - BACKGROUND[0, 0])
    return found


@pytest.mark.parametrize("jit", [False, True], ids=["graph", "jit"])
@pytest.mark.parametrize(
    "solver",
    [
        lambda cost: GradientDescent(cost, 400, step_size=0.1),
        lambda cost: GradientDescent(cost, 150, step_size=0.05, momentum=0.8),
        lambda cost: LBFGS(cost, 30),
    ],
    ids=["gradient descent", "momentum", "L-BFGS"],
)
def test_solvers_find_the_best_linear_estimate_of_a_gaussian_state(solver, jit):
    run = tf.function(solver(gaussian_cost()), jit_compile=jit)
    np.testing.assert_allclose(run(np.zeros((2, 2), "float32"), OBSERVATIONS, BACKGROUND), best_linear_estimate(), atol=1e-4)


def test_lbfgs_finds_the_minimum_that_scipy_finds_with_the_model_as_weak_constraint():
    step = ODEIntegrator(Lorenz63(dtype="float64"), 0.05, 1, dtype="float64")
    truth = ODEIntegrator(Lorenz63(dtype="float64"), 0.05, 8, save_every=1, dtype="float64")(np.array([[8.0, 0.0, 30.0]]))
    y = np.array(truth) + np.random.default_rng(0).standard_normal(truth.shape)
    cost = VariationalCost(
        {"observation": ObservationCost(dtype="float64"), "dynamics": DynamicsCost(step, 0.1, dtype="float64")}, dtype="float64"
    )

    def flat(x):
        value, gradient = cost.value_and_gradient(tf.reshape(tf.constant(x), y.shape), y)
        return float(value[0]), gradient.numpy().ravel()

    expected = optimize.minimize(flat, y.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-14}).x
    found = LBFGS(cost, 300, tolerance=1e-9, dtype="float64")(y, y)
    np.testing.assert_allclose(tf.reshape(found, -1), expected, atol=1e-3)


def test_gradient_through_gradient_descent_reaches_the_weights_of_the_cost():
    cost = VariationalCost(
        {"observation": ObservationCost(variance=R), "background": BackgroundCost(covariance=B)}, learned=True
    )
    solver = GradientDescent(cost, 5, step_size=0.05)
    solver(BACKGROUND, OBSERVATIONS, BACKGROUND)
    weight = cost.log_observation

    def first_component():
        return solver(BACKGROUND, OBSERVATIONS, BACKGROUND)[0, 0]

    with tf.GradientTape() as tape:
        value = first_component()
    found = tape.gradient(value, weight.value)
    weight.assign(0.01)
    above = float(first_component())
    weight.assign(-0.01)
    np.testing.assert_allclose(found, (above - float(first_component())) / 0.02, rtol=1e-3)


@pytest.mark.parametrize("solver", [GradientDescent, LBFGS])
def test_solvers_come_back_from_their_configuration(solver):
    settings = {"step_size": 0.1, "momentum": 0.5} if solver is GradientDescent else {"pairs": 5}
    first = solver(gaussian_cost(), 4, **settings)
    again = solver.from_config(first.get_config())
    np.testing.assert_allclose(
        again(BACKGROUND, OBSERVATIONS, BACKGROUND), first(BACKGROUND, OBSERVATIONS, BACKGROUND), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GradientDescent(gaussian_cost(), 0, 0.1), "`iterations` must be positive, found 0"),
        (lambda: GradientDescent(gaussian_cost(), 5, -0.1), "Expected step_size > 0"),
        (lambda: GradientDescent(gaussian_cost(), 5, 0.1, momentum=1.0), "0 ≤ momentum < 1"),
    ],
)
def test_wrong_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def window_solver(reach=None):
    tokens, width = WindowTokens(4, ring=reach is not None), 1 if reach is None else 2 * reach + 1
    cost = VariationalCost({"observation": ObservationCost()}, learned=True)
    return RecurrentSolver(cost, 3, tokens, hidden=8, kernel_size=(3, width))


@pytest.mark.parametrize(("reach", "components"), [(None, 3), (1, 6)], ids=["vector", "ring"])
def test_recurrent_solver_keeps_the_contracts_of_a_layer(reach, components):
    solver = window_solver(reach)
    window = np.random.default_rng(0).standard_normal((2, 10, components)).astype("float32")
    solver(window, window)
    solver.set_weights([w + 0.05 for w in solver.get_weights()])
    check_layer(solver, window, np.zeros_like(window), tolerance=1e-3)


def test_recurrent_solver_starts_as_the_identity_and_learns_to_descend():
    solver = window_solver()
    random = np.random.default_rng(0)
    guess, truth = (random.standard_normal((64, 12, 3)).astype("float32") for _ in range(2))
    np.testing.assert_array_equal(solver(guess, truth), guess)
    optimizer = keras.optimizers.Adam(1e-2)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((solver(guess, truth) - truth) ** 2)
        optimizer.apply(
            tape.gradient(loss, [v.value for v in solver.trainable_variables], unconnected_gradients="zero"),
            solver.trainable_variables,
        )
        return loss

    first = float(step())
    for _ in range(60):
        last = float(step())
    assert last < 0.5 * first
