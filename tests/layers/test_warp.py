import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from geodl.layers import Warp
from layer_check import check_layer


def test_warp_keeps_the_contracts_of_a_layer():
    random = np.random.default_rng(0)
    image = random.normal(size=(2, 9, 7, 3)).astype("float32")
    check_layer(Warp(), image, random.normal(size=(2, 9, 7, 2)).astype("float32"))
    check_layer(Warp(interpolation="nearest"), image, random.normal(size=(2, 9, 7, 2)).astype("float32"))


def test_bilinear_warp_equals_scipy():
    random = np.random.default_rng(1)
    image = random.normal(size=(1, 20, 30, 1)).astype("float32")
    displacement = random.uniform(-4, 4, size=(1, 20, 30, 2)).astype("float32")
    y, x = np.mgrid[:20, :30] + np.moveaxis(displacement[0], -1, 0)
    expected = map_coordinates(image[0, ..., 0], [y, x], order=1, mode="nearest")
    np.testing.assert_allclose(np.array(Warp()(image, displacement))[0, ..., 0], expected, atol=1e-5)


def test_nearest_warp_keeps_codes_and_their_type():
    codes = np.arange(12, dtype="int32").reshape(1, 3, 4, 1)
    moved = np.array(Warp("nearest")(codes, np.full((1, 3, 4, 2), 0.4, "float32")))
    assert moved.dtype == np.int32
    np.testing.assert_array_equal(moved, codes)


def test_positions_keep_their_precision_in_half_precision():
    image = np.zeros((1, 1, 600, 1), "float32")
    image[0, 0, 501] = 1
    east = np.broadcast_to(np.float32([0, 1]), (1, 1, 600, 2))
    moved = np.array(Warp(dtype="mixed_bfloat16")(image, east)).astype("float32")
    assert moved[0, 0, :, 0].argmax() == 500


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match='"bilinear" or "nearest", found \'cubic\''):
        Warp("cubic")
    with pytest.raises(ValueError, match="axis of 2"):
        Warp()(np.zeros((1, 4, 4, 1), "float32"), np.zeros((1, 4, 4, 3), "float32"))
