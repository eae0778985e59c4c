import numpy as np
import pytest
from scipy import integrate, stats

from geodl.metrics import WindowLoss, gaussian_crps, window_mse


@pytest.mark.parametrize(("mean", "deviation", "truth"), [(0.0, 1.0, 0.3), (2.0, 0.5, -1.0), (-1.0, 3.0, -1.0)])
def test_crps_is_the_integral_of_the_squared_difference_of_the_distributions(mean, deviation, truth):
    def integrand(x):
        return (stats.norm.cdf(x, mean, deviation) - (x >= truth)) ** 2

    expected = sum(integrate.quad(integrand, *bounds)[0] for bounds in ((-40, truth), (truth, 40)))
    np.testing.assert_allclose(gaussian_crps(np.float64(mean), np.float64(deviation), np.float64(truth)), expected, rtol=1e-6)


def test_the_loss_teaches_the_mean_by_its_square_and_the_deviation_by_the_crps():
    import tensorflow as tf

    truth = tf.zeros((1, 4, 3))
    mean, deviation = tf.fill((1, 4, 3), 2.0), tf.fill((1, 4, 3), 0.5)
    with tf.GradientTape() as tape:
        tape.watch((mean, deviation))
        loss = WindowLoss(scale=2.0)(truth, tf.stack([mean, deviation], axis=-1))
    slopes = tape.gradient(loss, (mean, deviation))
    np.testing.assert_allclose(slopes[0], 2 * 2.0 / 2.0**2 / 12, rtol=1e-5)
    assert (slopes[1].numpy() < 0).all()  # the error is larger than the deviation says


def test_mse_is_that_of_the_mean():
    estimate = np.stack([np.full((2, 4, 3), 3.0), np.ones((2, 4, 3))], axis=-1)
    np.testing.assert_allclose(window_mse(np.zeros((2, 4, 3)), estimate), [9, 9])


def test_the_deviation_of_a_state_is_learned_without_the_errors_of_the_observations():
    truth, estimate = np.ones((1, 4, 3)), np.stack([np.zeros((1, 4, 3)), np.full((1, 4, 3), 3.0)], axis=-1)
    of_both = np.stack([np.zeros((1, 4, 3)), np.full((1, 4, 3), 5.0)], axis=-1)
    np.testing.assert_allclose(WindowLoss(noise=16.0)(truth, estimate), WindowLoss()(truth, of_both), rtol=1e-6)
