import numpy as np

from geodl.metrics import attractor_distance, relative_rmse, valid_prediction_time


def test_relative_rmse_of_a_climatological_error_is_one():
    random = np.random.default_rng(0)
    truth = random.normal(size=(4000, 2, 3)) * [1.0, 2.0, 3.0]
    np.testing.assert_allclose(relative_rmse(np.zeros_like(truth), truth, truth.std(axis=(0, 1))), 1.0, rtol=0.03)


def test_valid_prediction_time_counts_to_the_first_crossing():
    truth = np.zeros((3, 5, 1))
    forecast = truth.copy()
    forecast[0, 2:] = 0.5
    forecast[1, :, 0] = [0.0, 9.0, 0.0, 0.0, 0.0]
    np.testing.assert_allclose(valid_prediction_time(forecast, truth, np.ones(1), dt=0.1), [0.2, 0.1, 0.5])


def test_a_forecast_that_blows_up_is_valid_until_then():
    forecast = np.array([[[0.0], [0.1], [np.nan], [np.nan]]])
    np.testing.assert_allclose(valid_prediction_time(forecast, np.zeros((1, 4, 1)), np.ones(1), dt=1.0), [2.0])
    assert np.isnan(relative_rmse(forecast, np.zeros((1, 4, 1)), np.ones(1))[2:]).all()


def test_distance_of_distributions():
    truth = np.random.default_rng(0).normal(size=(2000, 2))
    assert attractor_distance(truth[::-1], truth) == 0.0
    np.testing.assert_allclose(attractor_distance(truth + [0.5, 0.0] * truth.std(axis=0), truth), 0.25, rtol=1e-6)
    assert attractor_distance(truth * np.inf, truth) == np.inf
