import numpy as np
import pytest

from box_flows import axes_of, random_flow
from geodl.baselines import DynamicGradientFlux, DynamicSmagorinskyFlux, GradientFlux, NoSubgridFlux, SmagorinskyFlux
from geodl.fourier_box import filter_width, gradient
from layer_check import check_layer

MODELS = (NoSubgridFlux, SmagorinskyFlux, DynamicSmagorinskyFlux, GradientFlux, DynamicGradientFlux)


@pytest.fixture
def state():
    return random_flow(16, 5, batch=2).astype("float32")


@pytest.mark.parametrize("make", MODELS)
def test_contracts_of_a_model(make, state):
    check_layer(make(), state, tolerance=1e-4, unknown_sizes=False, policies=("mixed_bfloat16",))


@pytest.mark.parametrize("make", MODELS)
def test_each_is_linear_in_the_scalar_and_the_same_in_a_moving_frame(make, state):
    model = make()
    expected = np.array(model(state))
    change = np.float32([0, 0, 0, 3])[:, None, None, None]
    np.testing.assert_allclose(model(state + change), expected, atol=1e-4)
    np.testing.assert_allclose(model(state * np.float32([1, 1, 1, -3])[:, None, None, None]), -3 * expected, atol=1e-4)
    np.testing.assert_allclose(model(state + np.float32([1, -2, 3, 0])[:, None, None, None]), expected, atol=1e-4)
    np.testing.assert_allclose(np.mean(expected, axis=(1, 2, 3)), 0, atol=1e-6)


@pytest.mark.parametrize("make", MODELS)
def test_each_turns_with_the_box(make, state):
    """Axes x → y → z → x, components along with them."""
    turned = np.transpose(state[:, [2, 0, 1, 3]], (0, 1, 4, 2, 3))
    np.testing.assert_allclose(make()(turned), np.transpose(make()(state), (0, 3, 1, 2)), atol=1e-4)


def test_smagorinsky_of_a_pure_strain_is_the_formula():
    x, y, _ = axes_of(16)
    state = np.zeros((1, 4, 16, 16, 16), "float32")
    state[0, 0] = np.sin(y)  # |S| = |cos y|
    state[0, 3] = np.sin(x)
    flux = np.array(SmagorinskyFlux(constant=0.2, prandtl=0.5).flux(state))
    expected = -((0.2 * filter_width(16)) ** 2) / 0.5 * np.abs(np.cos(y)) * np.cos(x)
    np.testing.assert_allclose(flux[0, 0], np.broadcast_to(expected, (16, 16, 16)), atol=1e-6)
    np.testing.assert_allclose(flux[0, 1:], 0, atol=1e-6)


def test_the_prandtl_number_gives_the_dissipation_of_the_training_split(state):
    truth = 1.7 * np.array(SmagorinskyFlux(prandtl=0.4)(state))
    model = SmagorinskyFlux(prandtl=0.9).estimate(state, truth)
    np.testing.assert_allclose(model.prandtl, 0.4 / 1.7, rtol=1e-5)
    np.testing.assert_allclose(model(state), truth, rtol=1e-5, atol=1e-4)


def test_the_gradient_model_is_the_formula(state):
    flux = np.array(GradientFlux().flux(state))
    slopes = np.array(gradient(state))
    expected = filter_width(16) ** 2 / 12 * np.einsum("bijxyz,bjxyz->bixyz", slopes[:, :3], slopes[:, 3])
    np.testing.assert_allclose(flux, expected, atol=1e-5)


def test_the_dynamic_gradient_model_never_makes_variance(state):
    """As the gradient model does at many points."""
    slopes = np.array(gradient(state[:, 3]))
    made = {make: (np.array(make().flux(state)) * slopes).sum(axis=1) for make in (GradientFlux, DynamicGradientFlux)}
    assert made[DynamicGradientFlux].max() < 1e-5 < 0.1 < made[GradientFlux].max()


def test_its_shape_is_that_of_numpys_eigenvalues(state):
    slopes = np.array(gradient(state)).astype("float64")
    strain = (slopes[:, :3] + np.swapaxes(slopes[:, :3], 1, 2)) / 2
    values, vectors = np.linalg.eigh(np.moveaxis(strain, (1, 2), (-2, -1)))
    negative = (vectors * np.minimum(values, 0)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    expected = np.einsum("bxyzij,bjxyz->bixyz", negative, slopes[:, 3])
    np.testing.assert_allclose(DynamicGradientFlux().shape(state), expected, atol=1e-4)
