import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from geodl.layers import GaussianBlur
from layer_check import check_layer


def test_gaussian_blur_keeps_the_contracts_of_a_layer():
    check_layer(GaussianBlur(1.5), np.random.default_rng(0).normal(size=(2, 9, 12, 3)).astype("float32"))


def test_equals_scipy_away_from_the_edges():
    image = np.random.default_rng(0).normal(size=(40, 50))
    blurred = np.array(GaussianBlur(2.0, dtype="float64")(image[None, ..., None]))[0, ..., 0]
    expected = gaussian_filter(image, 2.0, truncate=8)
    np.testing.assert_allclose(blurred[17:-17, 17:-17], expected[17:-17, 17:-17], atol=1e-5)


def test_keeps_a_constant_up_to_the_edge():
    np.testing.assert_allclose(np.array(GaussianBlur(3.0)(np.ones((1, 8, 9, 2), "float32"))), 1.0, atol=1e-6)


def test_refuses_a_width_that_is_not_positive():
    with pytest.raises(ValueError, match="must be positive, found 0"):
        GaussianBlur(0)
