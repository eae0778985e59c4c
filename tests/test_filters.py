import numpy as np
import pytest

from box_flows import axes_of, random_flow
from geodl.errors import InputError
from geodl.filters import FILTERS, coarsened, filtered, subgrid_terms, transfer_function
from geodl.fourier_box import divergence, gradient, regridded


def test_the_box_filter_is_the_mean_over_a_cube():
    x, y, z = axes_of(16)
    width = 0.9
    mean = lambda k, line: np.cos(k * line) * np.sin(k * width / 2) / (k * width / 2)  # noqa: E731
    found = filtered(np.cos(x) * np.cos(2 * y) * np.cos(3 * z), "box", width)
    np.testing.assert_allclose(found, mean(1, x) * mean(2, y) * mean(3, z), atol=1e-12)


def test_the_gaussian_filter_has_the_variance_of_the_box():
    """Both leave 1 − k²Δ²/24 of long waves."""
    box, gaussian = (transfer_function(32, kind, 0.1)[1, 0, 0] for kind in ("box", "gaussian"))
    assert box == pytest.approx(1 - 0.1**2 / 24, abs=1e-6) == pytest.approx(gaussian, abs=1e-6)


def test_the_sharp_filter_keeps_and_cuts():
    x, _, _ = axes_of(16)
    field = np.broadcast_to(np.cos(3 * x) + np.cos(4 * x), (16, 16, 16))
    expected = np.broadcast_to(np.cos(3 * x), (16, 16, 16))
    np.testing.assert_allclose(filtered(field, "sharp", np.pi / 3), expected, atol=1e-12)


@pytest.mark.parametrize("kind", FILTERS)
def test_the_filtered_equation_holds_with_the_subgrid_terms(kind):
    """Filtered advection = advection of what is resolved + divergence of the subgrid flux; the same for the stress."""
    state = random_flow(32, 10)[0]
    terms = subgrid_terms(state, 16, kind)
    coarse, divided = terms["state"], lambda flux: np.array(divergence(flux))
    full = coarsened(divided(state[:3] * state[3]), 16, kind)
    np.testing.assert_allclose(full, divided(coarse[:3] * coarse[3]) + terms["subgrid_flux_divergence"], atol=1e-11)
    np.testing.assert_allclose(divided(terms["subgrid_flux"]), terms["subgrid_flux_divergence"], atol=1e-12)
    stress = terms["subgrid_stress"][[1, 3, 4]]  # xy, yy, yz
    full = coarsened(divided(state[:3] * state[1]), 16, kind)
    np.testing.assert_allclose(full, divided(coarse[:3] * coarse[1]) + divided(stress), atol=1e-11)


def test_with_all_resolved_nothing_is_left():
    terms = subgrid_terms(regridded(random_flow(16, 2)[0], 32), 16)
    assert max(np.abs(terms[name]).max() for name in ("subgrid_flux", "subgrid_stress")) < 1e-12


def test_the_gradient_model_is_the_flux_of_a_narrow_gaussian_filter():
    state, width = random_flow(32, 3)[0], 0.05
    bar = lambda field: np.array(filtered(field, "gaussian", width))  # noqa: E731
    flux = bar(state[:3] * state[3]) - bar(state[:3]) * bar(state[3])
    model = width**2 / 12 * np.einsum("ij...,j...->i...", gradient(state[:3]), gradient(state[3]))
    assert np.abs(flux - model).max() < 0.02 * np.abs(flux).max()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: filtered(x, "sharp", 7.0), "width of a filter between 0 and that of the box, 6.283; found 7"),
        (lambda x: filtered(x, "sharp", 0.0), "width of a filter between 0"),
        (lambda x: filtered(x, "top-hat", 1.0), "one of the filters sharp, box, gaussian; found 'top-hat'"),
        (lambda x: coarsened(x, 2), "at least 4 and fewer than 16 points .* found 2: the filter would be wider than the box"),
        (lambda x: coarsened(x, 16), "fewer than 16 points .* found 16"),
    ],
)
def test_bad_filters_are_told(call, message):
    with pytest.raises(InputError, match=message):
        call(np.zeros((16, 16, 16)))
