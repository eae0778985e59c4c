"""Forecasts at leads of six minutes to six hours, from a past every six minutes."""

import numpy as np
import pytest
import xarray as xr

from geodl.errors import InputError
from geodl.models import WindAttention
from geodl.models.station_features import VARIABLES, hourly_series, station_features
from geodl.models.wind_attention import FEATURES

MINUTES = np.datetime64("2020-01-01T00", "ns") + np.arange(4000) * np.timedelta64(6, "m")


def small():
    return WindAttention(members=2, width=8, blocks=1, step=6)


def series(times=800, stations=3, seed=0):
    values = np.random.default_rng(seed).random((times, stations, len(VARIABLES)))
    return np.where(np.random.default_rng(seed + 1).random(values.shape) < 0.1, np.nan, values)


def observed(times=800):
    values = series(times)
    winds = {name: (("time", "station"), values[..., place]) for place, name in enumerate("uv")}
    return xr.Dataset(winds, {"time": MINUTES[:times], "station": ["A", "B", "C"]})


@pytest.mark.parametrize("last", [9, 10, 15, 799])
def test_hours_end_at_the_time_of_the_forecast_and_are_means_and_amounts_of_rain(last):
    values = series()
    means, times, index = hourly_series(values, MINUTES[:800], np.array([last]), every=10)
    hour = values[max(last - 9, 0) : last + 1]
    np.testing.assert_allclose(means[index[0], :, :6], np.nanmean(hour, axis=0)[:, :6])
    # Its amount, what is missing being like the rest.
    np.testing.assert_allclose(means[index[0], :, 6], 10 * np.nanmean(hour, axis=0)[:, 6])
    assert times[index[0]] == MINUTES[last] and len(times) == len(means)
    assert (np.diff(times) == np.timedelta64(1, "h")).all()


def test_features_are_those_of_the_hours_then_the_wind_within_the_last_one():
    model, values, hours = small(), series(), np.array([555, 556, 700])
    found = model.features(values, MINUTES[:800], hours)
    for place, hour in enumerate(hours):
        hourly = hourly_series(values, MINUTES[:800], np.array([hour]), every=10)
        np.testing.assert_allclose(found[place, :, :152], station_features(*hourly)[0], atol=1e-5)
        latest = values[hour : hour - 9 : -1]
        np.testing.assert_allclose(found[place, :, FEATURES::3], np.sqrt(latest[..., 2]).T, rtol=1e-5)
        np.testing.assert_allclose(found[place, :, FEATURES + 1 :: 3], latest[..., 0].T, rtol=1e-5)


def test_features_do_not_know_what_follows():
    model, values = small(), series()
    whole = model.features(values, MINUTES[:800], np.arange(300, 330))
    cut = model.features(values[:318], MINUTES[:318], np.array([317]))
    np.testing.assert_allclose(whole[17], cut[0], atol=1e-4)


def test_sixty_lead_times_share_the_parameters_of_nine_knots():
    model = small()
    found = np.array(model(np.random.default_rng(0).normal(size=(2, 3, model.size)).astype("float32")))
    assert found.shape == (2, 2, 3, 60, 3, 5)
    np.testing.assert_allclose(model.shares.sum(axis=1), 1, rtol=1e-6)
    # Between three and four hours, as between other knots, they are linear.
    between = (found[..., 29, :, :] + found[..., 39, :, :]) / 2
    np.testing.assert_allclose(found[..., 34, :, :], between, atol=1e-5)


def test_forecasts_every_six_minutes_need_a_past_every_six_minutes():
    ds = observed()
    found = small().predict(ds)
    np.testing.assert_array_equal(found.time, ds.time.values[-1] + np.arange(1, 61) * np.timedelta64(6, "m"))
    assert np.isfinite(found.speed).all() and found.speed.shape == (60, 3)
    with pytest.raises(InputError, match="Expected 6-minute times, in order; found a step of 1 h"):
        small().predict(ds.isel(time=slice(None, None, 10)))
    with pytest.raises(InputError, match="last 24 hours"):
        small().predict(ds.assign(u=ds.u.where(ds.time < ds.time[500])))


def hourly_means(ds):
    """Winds averaged, and rain summed, over the ten times that end with each tenth one from the last on, by hand."""
    ds = ds.isel(time=slice(ds.sizes["time"] % 10, None)).assign(speed=np.hypot(ds.u, ds.v))
    means = ds.coarsen(time=10).mean().assign_coords(time=ds.time[9::10])
    return means.assign(rain=10 * means.rain)


@pytest.mark.parametrize("last", [500, 503])
def test_an_hourly_model_averages_finer_times(last):
    ds = observed()
    ds = ds.assign(rain=abs(ds.u), temperature=280 + ds.v).isel(time=slice(last))
    model = WindAttention(members=2, width=8, blocks=1)
    with pytest.warns(UserWarning, match="^Times 6 minutes apart are averaged to hourly ones, up to the last one.$"):
        found = model.predict(ds)
    assert found.time.values[0] == ds.time.values[-1] + np.timedelta64(1, "h") and found.sizes["time"] == 6
    expected = hourly_means(ds)
    with pytest.warns(UserWarning, match="averaged"):
        np.testing.assert_allclose(model.encode(ds)[-50:], model.encode(expected)[-50:])


def test_times_that_do_not_divide_an_hour_or_are_out_of_order_are_told():
    model, ds = WindAttention(members=1, width=8, blocks=1), observed()
    for change, step in [(slice(None, None, 7), "0.7"), (slice(None, None, -1), "-0.1"), ([0, 1, 2, 5], "0.3")]:
        with pytest.raises(InputError, match=f"Expected hourly times, in order; found a step of {step} h"):
            model.predict(ds.isel(time=change))


def test_a_few_minutes_of_the_past_suffice():
    assert np.isfinite(small().predict(observed(times=5)).speed).all()


def test_the_step_is_kept():
    model = small()
    again = WindAttention.from_config(model.get_config())
    assert (again.step, again.leads, again.size) == (6, 60, model.size)
