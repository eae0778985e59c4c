"""Classical closures of Burgers' equation: what they take away, and where."""

import numpy as np
import pytest

from geodl.baselines import BurgersDynamicSmagorinsky, BurgersGradientModel, BurgersSmagorinsky
from layer_check import check_layer

RANDOM = np.random.default_rng(0)
CLOSURES = pytest.mark.parametrize("closure", [BurgersSmagorinsky, BurgersDynamicSmagorinsky, BurgersGradientModel])


@CLOSURES
def test_contract_of_layers(closure):
    u = RANDOM.normal(size=(2, 16)).astype("float32")
    check_layer(closure(), u, tolerance=1e-3, unknown_sizes=False)
    check_layer(closure(ends="zero"), np.stack([u, u, u], axis=1), tolerance=1e-3, unknown_sizes=False)


@CLOSURES
def test_the_mean_is_kept_and_a_moving_frame_changes_nothing(closure):
    u = RANDOM.normal(size=(3, 32))
    tendency = np.array(closure(dtype="float64")(u))
    np.testing.assert_allclose(tendency.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(closure(dtype="float64")(u + 3.0), tendency, atol=1e-8)


@pytest.mark.parametrize("closure", [BurgersSmagorinsky, BurgersDynamicSmagorinsky])
def test_eddy_viscosity_takes_energy(closure):
    u = np.cumsum(RANDOM.normal(size=(8, 32)), axis=-1)
    assert ((u * np.array(closure(dtype="float64")(u))).mean(axis=-1) <= 0).all()


def test_smagorinsky_is_a_diffusion_with_the_viscosity_of_its_formula():
    points = 4096
    x, spacing = np.arange(points) / points, 1 / points
    u = np.sin(2 * np.pi * x)[None]
    tendency = np.array(BurgersSmagorinsky(coefficient=20.0, dtype="float64")(u))
    # −½ ∂τ/∂x with τ = −2 (C Δ)² |u_x| u_x is (C Δ)² ∂(|u_x| u_x)/∂x.
    gradient = 2 * np.pi * np.cos(2 * np.pi * x)
    expected = 2 * (20 * spacing) ** 2 * np.abs(gradient) * -((2 * np.pi) ** 2) * np.sin(2 * np.pi * x)
    np.testing.assert_allclose(tendency[0], expected, atol=2e-3 * np.abs(expected).max())


def test_the_dynamic_coefficient_is_zero_where_the_smallest_waves_lose_nothing():
    front = (np.arange(64) / 64)[None]  # falls at the end of the domain
    closure = BurgersDynamicSmagorinsky(dtype="float64")
    assert np.abs(closure(front)).max() > 1
    assert np.abs(closure(-front)).max() == 0  # the cliff spreads: the smallest scales would give energy back


def test_the_gradient_model_is_the_stress_of_smooth_states():
    fine = np.arange(4096) / 4096
    u = np.sin(2 * np.pi * fine)
    means = lambda field: field.reshape(64, 64).mean(axis=-1)  # noqa: E731
    stress = means(u**2) - means(u) ** 2
    at_faces = np.array(BurgersGradientModel(dtype="float64").stress(means(u)[None], 1 / 64))[0]
    np.testing.assert_allclose(at_faces, (stress + np.roll(stress, -1)) / 2, atol=0.02 * stress.max())
