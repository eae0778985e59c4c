"""The piecewise linear encoding is that of its definition, between quantiles of the data."""

import numpy as np
import pytest

from geodl.layers import PiecewiseLinear
from layer_check import check_layer


@pytest.fixture
def samples():
    x = np.random.default_rng(0).normal(size=(500, 3)).astype("float32")
    x[::7, 0], x[:, 2] = np.nan, np.nan
    return x


def test_it_is_a_layer_like_the_others():
    check_layer(PiecewiseLinear(bins=3), np.random.default_rng(0).normal(size=(2, 4, 5)).astype("float32"))


def test_each_bin_goes_from_minus_half_to_half_between_quantiles(samples):
    layer = PiecewiseLinear(bins=4)
    layer.adapt(samples)
    x = np.linspace(-4, 4, 50, dtype="float32")
    found = np.array(layer(np.stack([x, x, x], axis=-1))).reshape(50, 5, 3)
    np.testing.assert_array_equal(found[:, 0], np.stack([x, x, x], axis=-1))
    for feature in range(2):
        knots = np.nanquantile(samples[:, feature], np.linspace(0, 1, 5))
        for i in range(4):
            expected = np.interp(x, knots[i : i + 2], [-0.5, 0.5])
            np.testing.assert_allclose(found[:, 1 + i, feature], expected, atol=1e-5)


def test_a_feature_that_is_never_known_keeps_its_knots_and_equal_values_make_no_step(samples):
    layer = PiecewiseLinear(bins=4)
    samples[:, 1] = 2.0
    layer.adapt(samples)
    np.testing.assert_allclose(layer.knots[:, 2], [-1, -0.5, 0, 0.5, 1])
    near = np.array([[0.0, 2.0, 0.0], [0.0, 2.001, 0.0]], "float32")
    assert np.abs(np.diff(layer(near), axis=0)).max() < 0.03
