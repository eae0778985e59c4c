import numpy as np
import pytest
import xarray as xr
from scipy import stats

from geodl.baselines import DailySpeedAutoregression, DailySpeedPersistence, DailySpeedProcess, VectorAutoregression
from geodl.errors import InputError
from geodl.metrics import DailySpeedScores
from geodl.metrics.wind_station_scores import LEVELS

TIMES = np.datetime64("2001-01-01", "ns") + np.arange(6000) * np.timedelta64(1, "D")
ROTATION = np.array([[0.6, 0.5], [-0.5, 0.6]])


def spiral(noise=0.1, season=0.0, seed=0):
    """A series of two components that turns and decays, is kicked, and has a season."""
    kicks = noise * np.random.default_rng(seed).standard_normal((len(TIMES), 2))
    series = np.zeros_like(kicks)
    for day in range(1, len(TIMES)):
        series[day] = ROTATION @ series[day - 1] + kicks[day]
    year = (TIMES - np.datetime64("1970-01-01")) / np.timedelta64(31_556_952, "s")
    return 3 + series + season * np.cos(2 * np.pi * year)[:, None]


def network(days=40, stations=3):
    speed = np.random.default_rng(0).gamma(4.0, 1.5, (days, stations))
    coordinates = {"time": TIMES[:days], "station": [f"S{i}" for i in range(stations)]}
    return xr.Dataset({"speed": (("time", "station"), speed, {"units": "m s-1"})}, coordinates)


# Vector autoregression


def test_the_matrix_of_a_series_that_turns_is_found():
    model = VectorAutoregression(order=2, harmonics=0).estimate(spiral(), TIMES)
    np.testing.assert_allclose(model.matrix[:2].T, ROTATION, atol=0.04)
    np.testing.assert_allclose(model.matrix[2:], 0, atol=0.04)
    np.testing.assert_allclose(model.deviation, 0.1, rtol=0.03)


def test_the_season_is_that_of_the_series():
    model = VectorAutoregression(order=0, harmonics=1).estimate(spiral(season=2.0), TIMES)
    year = (TIMES + np.timedelta64(1, "D") - np.datetime64("1970-01-01")) / np.timedelta64(31_556_952, "s")
    np.testing.assert_allclose(model.following(spiral(), TIMES)[:, 0], 3 + 2 * np.cos(2 * np.pi * year), atol=0.02)


def test_components_that_are_not_coupled_have_the_correlation_of_their_own_past():
    series = spiral()
    model = VectorAutoregression(order=1, harmonics=0, coupled=False).estimate(series, TIMES)
    expected = [stats.linregress(series[:-1, i], series[1:, i]).slope for i in range(2)]
    np.testing.assert_allclose(model.matrix[:2], np.diag(expected), atol=1e-4)


def test_a_forecast_does_not_know_what_follows_and_does_with_missing_values():
    series = spiral()
    series[np.random.default_rng(1).random(series.shape) < 0.1] = np.nan
    model = VectorAutoregression(order=3, harmonics=2).estimate(series, TIMES)
    whole, cut = model.following(series, TIMES), model.following(series[:100], TIMES[:100])
    np.testing.assert_allclose(whole[:100], cut)
    assert np.isfinite(whole).all()
    # A little worse than the error of a perfect forecast, .1.
    assert np.nanstd(series[1:] - whole[:-1]) < 0.13


def test_a_series_that_is_too_short_is_refused():
    with pytest.raises(InputError, match="Expected 12 values of each component at least; found 5"):
        VectorAutoregression(order=3, harmonics=2).estimate(spiral()[:5], TIMES[:5])


# Daily speeds


def test_quantiles_and_mean_of_root_speed_are_those_of_a_gaussian():
    speed = network(2000).speed.values
    model = DailySpeedAutoregression(order=1).estimate(speed, TIMES[:2000])
    fields = model.forecast(speed, TIMES[:2000], LEVELS)
    mean, deviation = model.root_speed.following(np.sqrt(speed), TIMES[:2000])[-1], model.root_speed.deviation
    drawn = (mean + deviation * np.random.default_rng(0).standard_normal((200_000, 3))) ** 2
    np.testing.assert_allclose(fields["speed"][-1], drawn.mean(axis=0), rtol=0.01)
    np.testing.assert_allclose(fields["quantiles"][-1].T, np.quantile(drawn, LEVELS, axis=0), rtol=0.05)
    np.testing.assert_allclose(np.mean(speed[1:] < fields["quantiles"][:-1, :, 1]), 0.95, atol=0.01)


def test_forecast_is_of_the_next_day():
    ds = network()
    for model in (DailySpeedPersistence(), DailySpeedAutoregression(order=1).estimate(ds.speed.values, ds.time.values)):
        found = model.predict(ds)
        assert dict(found.speed.sizes) == {"time": 1, "station": 3} and found.speed.attrs["units"] == "m s-1"
        assert found.time.values[0] - ds.time.values[-1] == np.timedelta64(1, "D")
        xr.testing.assert_equal(found.station.reset_coords(drop=True), ds.station.reset_coords(drop=True))
    assert (np.diff(found.speed_quantile, axis=-1) > 0).all()


def test_persistence_takes_the_last_known_speed_of_a_week():
    ds = network()
    ds.speed[-3:, 0], ds.speed[-8:, 1] = np.nan, np.nan
    found = DailySpeedPersistence().predict(ds).speed.values[0]
    np.testing.assert_allclose(found, [ds.speed[-4, 0], np.nan, ds.speed[-1, 2]], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.rename(speed="wind"), "Expected a variable 'speed'"),
        (lambda ds: ds.isel(time=[0, 1, 3]), "Expected daily times, in order; found a step of 48 h"),
        (lambda ds: ds.isel(time=[0]), "Expected two days at least; found 1"),
        (lambda ds: ds.where(ds.time < ds.time[-1]), "missing at every station"),
        (lambda ds: ds.assign(speed=ds.speed.assign_attrs(units="knots")), "Expected speed in m s-1; found knots"),
        (lambda ds: ds.assign(speed=ds.speed + 60), "Expected speed between 0 and 60"),
        (lambda ds: ds.isel(station=[0]), "Expected as many stations as DailySpeedAutoregression has learned from, 3; found 1"),
    ],
)
def test_what_is_not_a_past_of_daily_speeds_is_refused(change, message):
    ds = network()
    model = DailySpeedAutoregression(order=1).estimate(ds.speed.values, ds.time.values)
    with pytest.raises(InputError, match=message):
        model.predict(change(ds))


def test_the_process_learns_what_is_not_linear():
    """The deviation of tomorrow is the square of that of today, which a line cannot tell."""
    random = np.random.default_rng(0)
    root = np.full((1500, 1), 2.0)
    for day in range(1, 1500):
        root[day] = 2 + 0.9 * (2 * (root[day - 1] - 2) ** 2 - 1) + random.uniform(-0.1, 0.1)
    speed, times = root**2, TIMES[:1500]
    errors = []
    for model in (DailySpeedAutoregression(order=1, harmonics=0), DailySpeedProcess(noise=0.1, order=1, harmonics=0)):
        found = model.estimate(speed[:1000], times[:1000]).forecast(speed, times)["speed"]
        errors.append(np.std(found[1000:-1] - speed[1001:]))
    assert errors[1] < 0.7 * errors[0]


def test_the_spread_of_the_process_is_that_of_days_left_out():
    speed, times = network(60).speed.values, TIMES[:60]
    model = DailySpeedProcess(order=1, harmonics=0).estimate(speed, times)
    errors = (
        np.sqrt(speed[1:]) - VectorAutoregression(1, 0).estimate(np.sqrt(speed), times).following(np.sqrt(speed), times)[:-1]
    )
    covariance = model._covariance(model.known)
    left_out = []
    for day in range(59):
        others = np.arange(59) != day
        dual = np.linalg.solve(covariance[np.ix_(others, others)] + model.noise * np.eye(58), errors[others])
        left_out.append(errors[day] - covariance[day, others] @ dual)
    np.testing.assert_allclose(model.deviation, np.std(left_out, axis=0), rtol=1e-6)


# Scores


def test_scores_are_those_of_their_definitions():
    random = np.random.default_rng(0)
    truth = random.gamma(4.0, 1.0, (3000, 4))
    fields = {"speed": np.full(truth.shape, 4.0), "quantiles": np.tile(stats.gamma(4).ppf(LEVELS), (*truth.shape, 1))}
    scores = DailySpeedScores.of(fields, truth, seconds=0.0)
    assert scores.speed_rmse == pytest.approx(2, rel=0.03) and scores.coverage == pytest.approx(0.9, abs=0.01)
    drawn = stats.gamma(4).rvs((2, 20_000), random_state=0)
    assert scores.crps == pytest.approx(abs(drawn[0] - drawn[1]).mean() / 2, rel=0.04)
    assert DailySpeedScores.of({"speed": fields["speed"]}, truth, 0.0).result()["coverage"] == [None]
