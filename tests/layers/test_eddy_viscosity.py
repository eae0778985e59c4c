import numpy as np
import pytest
import tensorflow as tf

from box_flows import axes_of, random_flow
from geodl.baselines import NoSubgridFlux, SmagorinskyFlux
from geodl.dynamics import NavierStokes3D
from geodl.filters import filtered
from geodl.fourier_box import filter_width
from geodl.layers import EddyViscosity, ScalarClosure, SpectralIntegrator, germano_constant
from geodl.layers.eddy_viscosity import magnitude, strain_rate
from layer_check import check_layer


def test_strain_of_a_shear():
    _, y, _ = axes_of(16)
    velocity = np.zeros((1, 3, 16, 16, 16))
    velocity[0, 0] = np.sin(y)
    strain = np.array(strain_rate(velocity))
    half = np.broadcast_to(np.cos(y) / 2, (16, 16, 16))
    np.testing.assert_allclose(strain[0, 0, 1], half, atol=1e-12)
    np.testing.assert_allclose(strain[0, 1, 0], half, atol=1e-12)
    np.testing.assert_allclose(magnitude(strain)[0], 2 * np.abs(half), atol=1e-7)


def test_the_dynamic_constant_is_exact_where_the_model_is():
    """A product that is C Δ² times a linear function of the state, for any width of the filter."""
    state = random_flow(16, 5, batch=2)
    shape = lambda x: x[:, :1] * 2.0  # noqa: E731
    # p(x̄) is 0 where the hat is, so L = Δ̂² C m(x̂) − Δ² C m̂ holds if p = −C Δ² m on the grid and −C Δ̂² m above it.
    width, test_width = filter_width(16), np.pi / 2
    products = iter([-0.3 * width**2 * shape(state), -0.3 * test_width**2 * shape(_test_filtered(state))])
    found = germano_constant(state, lambda x: next(products), shape)
    np.testing.assert_allclose(found, [0.3, 0.3], rtol=1e-6)


def _test_filtered(state):
    return filtered(state, "sharp", np.pi / 2)


def test_eddy_viscosity_takes_energy_and_no_momentum():
    velocity = random_flow(16, 5, batch=3)[:, :3]
    tendency = EddyViscosity(dtype="float64")(velocity).numpy()
    assert (np.mean((velocity * tendency).sum(axis=1), axis=(1, 2, 3)) <= 0).all()
    np.testing.assert_allclose(tendency.mean(axis=(2, 3, 4)), 0, atol=1e-12)
    check_layer(EddyViscosity(), velocity.astype("float32"), tolerance=1e-4, unknown_sizes=False)


def test_eddy_viscosity_has_the_dimension_of_an_acceleration():
    """Twice the velocity: four times the stress."""
    velocity = random_flow(16, 5)[:, :3]
    layer = EddyViscosity(dtype="float64")
    assert np.abs(layer(velocity)).max() > 0
    np.testing.assert_allclose(layer(2 * velocity), 4 * layer(velocity), rtol=1e-6, atol=1e-9)


def test_the_closure_adds_the_flux_of_the_scalar():
    state = random_flow(16, 5).astype("float32")
    model = SmagorinskyFlux()
    tendency = ScalarClosure(model)(state).numpy()
    np.testing.assert_allclose(tendency[:, 3], -np.array(model(state)), atol=1e-6)
    np.testing.assert_allclose(tendency[:, :3], EddyViscosity()(state[:, :3]), atol=1e-6)
    check_layer(ScalarClosure(model), state, tolerance=1e-4, unknown_sizes=False)


def test_it_closes_a_simulation():
    state = random_flow(12, 3).astype("float32")
    closed, open_ = (
        SpectralIntegrator(NavierStokes3D(viscosity=0.01, diffusivity=0.01), 0.05, 10, closure=ScalarClosure(model))(state)
        for model in (SmagorinskyFlux(), NoSubgridFlux())
    )
    np.testing.assert_allclose(closed[:, :3], open_[:, :3], atol=1e-5)  # the scalar is passive
    assert float(tf.math.reduce_variance(closed[:, 3])) < 0.95 * float(tf.math.reduce_variance(open_[:, 3]))
    np.testing.assert_allclose(np.mean(closed[:, 3]), np.mean(open_[:, 3]), atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not finite"):
        wild = ScalarClosure(SmagorinskyFlux(constant=30.0))
        SpectralIntegrator(NavierStokes3D(), 0.05, 100, closure=wild)(state)
