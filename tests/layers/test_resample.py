import numpy as np
import tensorflow as tf

from geodl.layers.resample import double, halve


def test_doubling_equals_bilinear_resize():
    image = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype("float32")
    np.testing.assert_allclose(np.array(double(image)), tf.image.resize(image, (10, 14)), atol=1e-6)


def test_halving_equals_average_pooling():
    image = np.random.default_rng(0).normal(size=(2, 6, 8, 3)).astype("float32")
    np.testing.assert_allclose(np.array(halve(image)), tf.nn.avg_pool2d(image, 2, 2, "VALID"), atol=1e-6)
