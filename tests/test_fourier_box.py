import numpy as np
import pytest
import tensorflow as tf

from box_flows import axes_of
from geodl.fourier_box import AXES, divergence, gradient, regridded, resolved, to_fields, to_modes


def test_derivatives_are_those_of_the_functions():
    x, y, z = axes_of(16)
    field = np.sin(2 * x) * np.cos(3 * y) + np.cos(z)
    slopes = [
        2 * np.cos(2 * x) * np.cos(3 * y) + 0 * z,
        -3 * np.sin(2 * x) * np.sin(3 * y) + 0 * z,
        -np.sin(z) + 0 * x + 0 * y,
    ]
    np.testing.assert_allclose(gradient(field), np.stack(np.broadcast_arrays(*slopes)), atol=1e-12)
    laplacian = -13 * np.sin(2 * x) * np.cos(3 * y) - np.cos(z)
    np.testing.assert_allclose(divergence(gradient(field)), laplacian, atol=1e-11)


def test_what_is_shorter_than_the_grid_resolves_and_the_mean_go():
    noise = np.random.default_rng(0).standard_normal((2, 12, 12, 12))
    modes = np.abs(np.fft.fftn(resolved(noise), axes=AXES))
    k = np.abs(np.fft.fftfreq(12, 1 / 12))
    kept = (k[:, None, None] <= 3) & (k[:, None] <= 3) & (k <= 3)
    kept[0, 0, 0] = False
    assert modes[:, ~kept].max() < 1e-10 < modes[:, kept].min()
    np.testing.assert_allclose(resolved(resolved(noise)), resolved(noise), atol=1e-12)


def test_products_of_what_is_resolved_have_no_aliases():
    """A product computed on the grid is, as far as it is resolved, that on a grid twice as fine."""
    a, b = np.array(resolved(np.random.default_rng(0).standard_normal((2, 16, 16, 16))))
    fine = regridded(a, 32) * regridded(b, 32)
    np.testing.assert_allclose(regridded(a * b, 16), regridded(fine, 16), atol=1e-12)


@pytest.mark.parametrize("transform", [lambda x: to_fields(to_modes(x) ** 2), lambda x: tf.abs(to_modes(x)) ** 3])
def test_gradients_of_the_transforms_are_those_of_finite_differences(transform):
    x, direction = np.random.default_rng(0).standard_normal((2, 4, 4, 4))
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(tf.square(transform(x)))
    slope = float(tf.reduce_sum(tape.gradient(loss, x) * direction))
    ahead, behind = (float(tf.reduce_sum(tf.square(transform(x + sign * 1e-6 * direction)))) for sign in (1, -1))
    assert slope == pytest.approx((ahead - behind) / 2e-6, rel=1e-6)
