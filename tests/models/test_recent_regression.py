import numpy as np
import pytest

from geodl.models.recent_regression import NEIGHBOURS, OWN, SAMPLES, STEP, TARGETS, RecentRegression, _neighbours
from geodl.models.station_features import LEADS, hours_ahead
from geodl.models.wind_attention import FEATURES, WindAttention

HOURS = 24 * 40
TIMES = np.datetime64("2020-01-01T00", "h") + np.arange(HOURS)


def follower(delay=3, seed=0):
    """Values of two stations: the second one has the wind that the first one had some hours before."""
    random = np.random.default_rng(seed)
    values = np.zeros((HOURS, 2, 7))
    wind = random.normal(0, 2, (HOURS + delay, 2))
    values[:, 0, :2], values[:, 1, :2] = wind[delay:], wind[:HOURS]
    values[..., 2] = np.hypot(values[..., 0], values[..., 1])
    return values


def fitted(values):
    return RecentRegression.of(values, TIMES, values[..., :3])


def forecast(model, values, hours, **options):
    return model.forecast(values, TIMES[: len(values)], hours, **options).reshape(len(hours), -1, LEADS, 3)


def test_a_station_downwind_is_forecast_from_the_one_upwind():
    values, hours = follower(), np.arange(HOURS - 48, HOURS - LEADS)
    model = fitted(values)
    found, truth = forecast(model, values, hours), hours_ahead(values, hours)
    error = np.abs(found[..., 1] - truth[..., 0]).mean(axis=0)
    # The winds of two and three hours later are known, from the mean of the hour before and from upwind; the others are noise.
    unknown = np.delete(error[1], [1, 2])
    assert max(error[1, 1:3]) < 0.5 * min(unknown.min(), error[0].min())


def test_regression_of_a_station_is_ridge_regression_around_what_all_stations_share():
    values, hour = follower(), HOURS - 5
    values[..., 3:] = np.nan
    model = fitted(values)
    samples = np.arange(HOURS - 24 - LEADS - 1, -1, -STEP)
    own, network = model._predictors(values, TIMES, np.arange(HOURS))
    x = np.concatenate([own[:, 0], network.reshape(HOURS, -1)], axis=1).astype("float64")
    root = np.stack([np.sqrt(values[..., 2]), values[..., 0], values[..., 1]], axis=-1)
    residuals = hours_ahead(root, samples)[:, 0].reshape(-1, TARGETS) - own[samples, 0] @ model.shared
    # The penalty as so many more samples.
    design = np.concatenate([x[samples], np.sqrt(SAMPLES) * np.eye(x.shape[1])])
    padded = np.concatenate([residuals, np.zeros((x.shape[1], TARGETS))])
    expected = own[hour, 0] @ model.shared + x[hour] @ np.linalg.lstsq(design, padded, rcond=None)[0]
    np.testing.assert_allclose(model.forecast(values, TIMES, np.array([hour]))[0, 0], expected, atol=1e-4)


def test_forecasts_do_not_know_what_follows_and_are_the_same_one_by_one():
    values = follower()
    values[np.random.default_rng(1).random(values.shape) < 0.1] = np.nan
    model, hours = fitted(values), np.arange(HOURS - 60, HOURS - 30)
    together = model.forecast(values, TIMES, hours)
    for place in (0, 17, 29):
        end = hours[place] + 1
        alone = model.forecast(values[:end], TIMES[:end], hours[place : place + 1])
        np.testing.assert_allclose(alone[0], together[place], atol=1e-4)


def test_a_short_past_leaves_what_all_stations_share():
    values = follower()
    model, hour = fitted(values), np.array([20])
    own, _ = model._predictors(values, TIMES, hour)
    np.testing.assert_allclose(model.forecast(values[:21], TIMES[:21], hour), own @ model.shared, atol=1e-5)
    own, _ = model._predictors(values, TIMES, np.array([600]))
    np.testing.assert_allclose(model.forecast(values, TIMES, np.array([600]), days=0), own @ model.shared, atol=1e-5)


def test_a_silent_station_has_a_forecast():
    values = follower()
    model, hours = fitted(values), np.array([HOURS - 10])
    values[:, 0, :3] = np.nan
    assert np.isfinite(forecast(model, values, hours)).all()


def test_neighbours_are_the_stations_most_alike():
    random = np.random.default_rng(0)
    kinds = random.standard_normal((500, 2))
    speeds = kinds[:, np.arange(2 * NEIGHBOURS) % 2] + 0.3 * random.standard_normal((500, 2 * NEIGHBOURS))
    for station, neighbours in enumerate(_neighbours(speeds)):
        assert neighbours[0] == station and set(neighbours % 2) == {station % 2} and len(neighbours) == NEIGHBOURS


def test_errors_of_stations_are_correlated_as_those_of_recent_weeks_were():
    random = np.random.default_rng(0)
    shared, alone = random.normal(size=(HOURS, 1, 2)), random.normal(size=(HOURS, 3, 2))
    values = np.full((HOURS, 3, 7), np.nan)
    values[..., :2] = np.where([[[True], [True], [False]]], 2 * shared + alone, 2 * alone)
    values[..., 2] = np.hypot(values[..., 0], values[..., 1])
    model = fitted(values)
    found = model.correlation(values, TIMES, np.array([10, HOURS - 5]))
    np.testing.assert_array_equal(found[0], np.eye(3))  # nothing is known yet
    np.testing.assert_allclose(found[1], found[1].T)
    np.testing.assert_allclose(np.diagonal(found[1]), 1)
    root = np.sqrt(values[..., 2])
    # White noise is its own error; independent samples make the correlation smaller.
    assert 0.5 * np.corrcoef(root[:, :2], rowvar=False)[0, 1] < found[1, 0, 1] < np.corrcoef(root[:, :2], rowvar=False)[0, 1]
    assert abs(found[1, 0, 2]) < 0.1
    values[:, 2] = np.nan
    assert np.isfinite(np.linalg.cholesky(model.correlation(values, TIMES, np.array([HOURS - 5])))).all()


def test_the_model_takes_scales_and_regressions_from_its_training_series():
    values = follower()
    model = WindAttention(members=1, width=8, blocks=1)
    features = model.adapt(values, TIMES, values[..., :3])
    assert features.shape == (HOURS - LEADS, 2, FEATURES) and model.shared.shape == (OWN, TARGETS)
    np.testing.assert_allclose(
        features[-1:, :, -TARGETS:], fitted(values).forecast(values, TIMES, np.array([HOURS - LEADS - 1])), rtol=1e-4, atol=1e-4
    )
    standard = np.asarray(model.standardised(features))
    np.testing.assert_allclose(standard[..., -TARGETS:].mean(axis=(0, 1)), 0, atol=0.05)
    assert model.memory == pytest.approx(24 * 120)
