import numpy as np
import pytest

from geodl.baselines import PolynomialMap, SINDy, StatePersistence
from geodl.dynamics import Lorenz63
from geodl.layers import ODEIntegrator
from layer_check import check_layer


@pytest.fixture(scope="module")
def lorenz63_states():
    start = np.array([[8.0, 0.0, 30.0]])
    integrator = ODEIntegrator(Lorenz63(dtype="float64"), 0.01, 3000, save_every=1, dtype="float64")
    return integrator(start).numpy()[:, 500:]


def test_persistence_repeats_the_last_state():
    past = np.random.default_rng(0).normal(size=(2, 8, 3)).astype("float32")
    forecast = StatePersistence(components=3, dt=0.1).forward(past, steps=4)["state"]
    np.testing.assert_array_equal(forecast, np.repeat(past[:, -1:], 4, axis=1))


def test_linear_fit_finds_a_linear_map_exactly():
    matrix, constant = np.array([[0.9, 0.2], [-0.2, 0.9]]), np.array([0.1, -0.3])
    states = [np.array([1.0, 0.0])]
    for _ in range(30):
        states.append(matrix @ states[-1] + constant)
    model = PolynomialMap(components=2, dt=1.0, degree=1, dtype="float64").estimate(np.array(states)[None])
    np.testing.assert_allclose(model.coefficients[0], constant, atol=1e-10)
    np.testing.assert_allclose(np.array(model.coefficients[1:]).T, matrix, atol=1e-10)


def test_quadratic_fit_finds_the_logistic_map():
    states = [np.array([0.3])]
    for _ in range(30):
        states.append(3.7 * states[-1] * (1 - states[-1]))
    model = PolynomialMap(components=1, dt=1.0, degree=2, dtype="float64").estimate(np.array(states)[None])
    np.testing.assert_allclose(np.array(model.coefficients)[:, 0], [0.0, 3.7, -3.7], atol=1e-8)


def test_sindy_finds_the_seven_terms_of_lorenz63(lorenz63_states):
    model = SINDy(components=3, dt=0.01, dtype="float64").estimate(lorenz63_states)
    coefficients = np.array(model.tendency.coefficients)
    # Order: 1, x, y, z, xx, xy, xz, yy, yz, zz.
    expected = np.zeros((10, 3))
    expected[[1, 2], 0] = -10.0, 10.0
    expected[[1, 2, 6], 1] = 28.0, -1.0, -1.0
    expected[[3, 5], 2] = -8.0 / 3.0, 1.0
    assert ((coefficients != 0) == (expected != 0)).all()
    np.testing.assert_allclose(coefficients, expected, rtol=0.01)


def test_baselines_keep_the_contracts_of_a_model(lorenz63_states):
    past = lorenz63_states[0, :16].reshape(2, 8, 3).astype("float32")
    check_layer(StatePersistence(components=3, dt=0.01, horizon=2), past, unknown_sizes=False, policies=("float64",))
    for model in (PolynomialMap(3, 0.01, degree=2, horizon=2), SINDy(3, 0.01, horizon=2)):
        check_layer(model.estimate(lorenz63_states), past, unknown_sizes=False, policies=("float64",), tolerance=1e-4)


def test_degree_is_one_or_two():
    with pytest.raises(ValueError, match="must be 1 or 2, found 3"):
        PolynomialMap(3, 0.01, degree=3)
