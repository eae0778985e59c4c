import numpy as np
import pytest

from geodl.dynamics import Lorenz63, Lorenz96
from geodl.layers import ODEIntegrator
from geodl.metrics import kaplan_yorke_dimension, lyapunov_spectrum


def test_exponents_of_a_linear_map_are_the_logarithms_of_its_eigenvalues():
    random = np.random.default_rng(0)
    basis = random.normal(size=(4, 4))
    values = np.array([1.5, 1.1, 0.6, 0.2])
    matrix = basis @ np.diag(values) @ np.linalg.inv(basis)
    found = lyapunov_spectrum(lambda x: x @ matrix.T, random.normal(size=(1, 4)), dt=0.5, steps=50, spin_up=50)
    np.testing.assert_allclose(found, np.log(values) / 0.5, atol=1e-6)


def _settled(dynamics, dt, states):
    return ODEIntegrator(dynamics, dt, round(20 / dt), dtype="float64")(states).numpy()


def test_lorenz63_has_its_known_spectrum():
    dynamics = Lorenz63(dtype="float64")
    states = _settled(dynamics, 0.01, np.random.default_rng(0).normal(size=(100, 3)) * 5 + [0, 0, 25])
    found = lyapunov_spectrum(ODEIntegrator(dynamics, 0.01, 1, dtype="float64"), states, 0.01, 5000, spin_up=500)
    np.testing.assert_allclose(found, [0.906, 0.0, -14.57], atol=0.015)
    np.testing.assert_allclose(found.sum(), -(10 + 1 + 8 / 3), rtol=1e-4)  # the divergence of the flow
    np.testing.assert_allclose(kaplan_yorke_dimension(found), 2.062, atol=0.002)


@pytest.mark.slow
def test_lorenz96_has_its_known_leading_exponent_and_dimension():
    dynamics = Lorenz96(dtype="float64")
    states = _settled(dynamics, 0.05, np.random.default_rng(0).normal(size=(16, 40)) * 3 + 2)
    found = lyapunov_spectrum(ODEIntegrator(dynamics, 0.05, 1, dtype="float64"), states, 0.05, 2000, spin_up=200)
    assert abs(found[0] - 1.68) < 0.05
    assert abs(kaplan_yorke_dimension(found) - 27) < 0.5
    np.testing.assert_allclose(found.sum(), -40.0, rtol=1e-3)


def test_kaplan_yorke_dimension_at_its_limits():
    assert kaplan_yorke_dimension(np.array([-1.0, -2.0])) == 0.0
    assert kaplan_yorke_dimension(np.array([1.0, -0.5])) == 2.0
    assert kaplan_yorke_dimension(np.array([0.0, -1.0])) == 1.0
    assert np.isnan(kaplan_yorke_dimension(np.array([np.nan, -1.0])))


def test_a_map_that_blows_up_has_no_exponents():
    found = lyapunov_spectrum(lambda x: x**3, np.full((1, 2), 10.0), dt=1.0, steps=20)
    assert np.isnan(found).all()
