"""Optimal interpolation against ordinary kriging of an independent library."""

import numpy as np
import pytest
import tensorflow as tf

from geodl.layers import GridInterpolation

pykrige = pytest.importorskip("pykrige.ok")

SHARE_SEEN, VARIANCE, NOISE, SCALE = 0.25, 1.5, 0.2, 6.0


def observed_field(shape=(14, 18)):
    random = np.random.default_rng(0)
    y, x = np.ogrid[: shape[0], : shape[1]]
    field = np.sin(x / 4) + np.cos(y / 3) + np.sqrt(NOISE) * random.standard_normal(shape)
    return np.where(random.random(shape) < SHARE_SEEN, field, np.nan)


def kriged(field):
    """Ordinary kriging of what is seen, on the whole grid, with its variance: the variogram is 1 - exp(-h²/L²)."""
    rows, columns = np.nonzero(np.isfinite(field))
    model = pykrige.OrdinaryKriging(
        columns.astype(float),
        rows.astype(float),
        field[rows, columns],
        variogram_model="gaussian",
        # pykrige's range is 7/4 of the scale of the exponent, and its nugget is noise of the data.
        variogram_parameters={"psill": VARIANCE, "range": 7 / 4 * SCALE, "nugget": NOISE},
        exact_values=False,
    )
    mean, variance = model.execute("grid", *(np.arange(size, dtype=float) for size in field.shape[::-1]))
    return np.array(mean), np.array(variance)


def layer():
    return GridInterpolation((0, 1, 1), (0, SCALE, 2), (0, SCALE, 2), VARIANCE, NOISE, tolerance=1e-7, dtype="float64")


def interpolated(field, interpolate):
    """Ordinary kriging by the layer: the mean is the one for which what is left over adds up to nothing."""
    seen = np.isfinite(field)
    ones = np.where(seen, 1.0, np.nan)
    estimate, known = np.array(interpolate(np.stack([field, ones])[:, None]))[:, 0]
    mean = (field - estimate)[seen].sum() / (1 - known)[seen].sum()
    return estimate + mean * (1 - known)


def test_estimate_is_that_of_ordinary_kriging():
    field = observed_field()
    # But for the eigenvectors that the noise hides.
    np.testing.assert_allclose(interpolated(field, layer()), kriged(field)[0], atol=0.02 * np.sqrt(NOISE))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_graph_leaves_out_the_same_eigenvectors(jit_compile):
    field = observed_field()
    compiled = tf.function(layer(), jit_compile=jit_compile)
    np.testing.assert_allclose(interpolated(field, compiled), interpolated(field, layer()), atol=1e-6)


def test_errors_of_random_fields_have_the_variance_of_kriging():
    field = observed_field()
    seen = np.broadcast_to(np.isfinite(field), (500, 1, *field.shape))
    spread = np.array(layer().sampled_errors(seen)).std(axis=(0, 1))
    # That of pykrige knows that the mean is estimated, too, and has the noise of a new observation in it.
    expected = np.sqrt(kriged(field)[1] - NOISE)
    np.testing.assert_allclose(np.sqrt((spread**2).mean()), np.sqrt((expected**2).mean()), rtol=0.1)
    assert np.corrcoef(spread.ravel(), expected.ravel())[0, 1] > 0.95
