import keras
import numpy as np
import pytest

from geodl.layers import PeriodicPadding
from layer_check import check_layer


@pytest.mark.parametrize("shape", [(2, 7, 1), (2, 5, 6, 3), (1, 4, 5, 6, 2)])
def test_it_is_the_wrap_of_numpy(shape):
    fields = np.random.default_rng(0).standard_normal(shape).astype("float32")
    wrapped = np.pad(fields, [(0, 0)] + [(3, 3)] * (len(shape) - 2) + [(0, 0)], mode="wrap")
    layer = PeriodicPadding(3)
    np.testing.assert_array_equal(layer(fields), wrapped)
    assert layer.compute_output_shape(shape) == wrapped.shape
    check_layer(layer, fields)


def test_a_convolution_after_it_commutes_with_translations():
    fields = np.random.default_rng(0).standard_normal((1, 6, 6, 6, 2)).astype("float32")
    network = keras.Sequential([PeriodicPadding(2), keras.layers.Conv3D(3, 5)])
    shifted = network(np.roll(fields, (1, 2, -1), (1, 2, 3)))
    np.testing.assert_allclose(shifted, np.roll(network(fields), (1, 2, -1), (1, 2, 3)), atol=1e-5)


def test_bad_sizes_are_told():
    for size in (0, 1.5):
        with pytest.raises(ValueError, match=f"`size` must be a positive integer, found {size}"):
            PeriodicPadding(size)
    with pytest.raises(ValueError, match="at least 3 points along each axis, found 2"):
        PeriodicPadding(3)(np.zeros((1, 4, 2, 1)))
