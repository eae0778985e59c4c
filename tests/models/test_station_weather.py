"""Wind at stations with the forecasts of a weather model, made here as the truth with a bias and a slow error."""

import sys

import keras
import numpy as np
import pytest
import xarray as xr
from test_wind_fields import FORMULAS, GRIDS, RUN, write_grib

from geodl import cli, zoo
from geodl.baselines import StationWeatherCorrection, StationWeatherModel
from geodl.errors import InputError
from geodl.grib import read_grib
from geodl.metrics import WindLoss
from geodl.models import WindAttention
from geodl.models.station_features import LEADS, hours_ahead
from geodl.models.station_weather import weather_at_stations
from layer_check import check_layer, check_saving

HOUR = np.timedelta64(1, "h")
NAMES = ("u10", "v10", "t2m", "msl")
TIMES = np.datetime64("2020-01-01T00", "ns") + np.arange(5000) * HOUR


def stations(latitude=(46.35, 46.25), longitude=(1.85, 1.9)):
    places = {"latitude": ("station", list(latitude)), "longitude": ("station", list(longitude))}
    return xr.Dataset(coords={"station": ["A", "B"], **places})


def gridded(hours=8):
    """A weather model that is linear in time and place: u10 = hour + lon, v10 = lat - hour."""
    lat, lon, hour = np.array([47.0, 46.5, 46.0]), np.array([1.0, 1.5, 2.0]), np.arange(hours, dtype=float)
    time, north, east = hour[:, None, None], lat[:, None], lon + np.zeros((hours, 3, 3))
    fields = {"u10": time + east, "v10": north - time + 0 * east, "t2m": 280 + time + 0 * east, "msl": 1e5 + time + 0 * east}
    dims = ("time", "lat", "lon")
    return xr.Dataset({name: (dims, field) for name, field in fields.items()}, {"time": TIMES[:hours], "lat": lat, "lon": lon})


def test_a_grid_is_interpolated_in_place_and_time():
    half = np.timedelta64(30, "m")
    found = weather_at_stations(gridded(), stations(), NAMES, TIMES[:1] + half)
    assert found.shape == (1, 2, LEADS + 1, 4)
    hour = np.arange(LEADS + 1) + 0.5
    np.testing.assert_allclose(found[0, 0], np.stack([hour + 1.85, 46.35 - hour, 280 + hour, 1e5 + hour], axis=-1))
    every_three_hours = gridded(10).isel(time=slice(None, None, 3))
    every_three_hours["time"] = every_three_hours.time.astype("datetime64[s]")
    np.testing.assert_allclose(weather_at_stations(every_three_hours, stations(), NAMES, TIMES[:1] + half), found)


def test_longitudes_may_begin_at_greenwich_or_at_the_date_line():
    west = stations(longitude=(-178.5, -178.4))
    grid = gridded().assign_coords(lon=[181.0, 181.5, 182.0])
    found = weather_at_stations(grid, west, ("u10",), TIMES[:1])
    expected = weather_at_stations(gridded(), stations(longitude=(1.5, 1.6)), ("u10",), TIMES[:1])
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("axis", [[359.0, 0.0, 1.0], [-1.0, 0.0, 1.0], np.arange(360.0), np.arange(-180.0, 181.0)])
def test_stations_beside_the_seam_of_a_longitude_axis_are_found(axis):
    field = np.cos(np.deg2rad(axis)) + np.zeros((8, 2, len(axis)))
    grid = xr.Dataset({"u10": (("time", "lat", "lon"), field)}, {"time": TIMES[:8], "lat": [47.0, 46.0], "lon": axis})
    found = weather_at_stations(grid, stations(longitude=(-0.5, 359.75)), ("u10",), TIMES[:1])[0, :, 0, 0]
    one = np.cos(np.deg2rad(1))
    np.testing.assert_allclose(found, [(1 + one) / 2, 0.75 + 0.25 * one])
    # Where the grid does not go around the earth, nothing is known on its other side.
    opposite = weather_at_stations(grid, stations(longitude=(179.5, -179.5)), ("u10",), TIMES[:1])[0, :, 0, 0]
    np.testing.assert_allclose(opposite, -(1 + one) / 2 if len(axis) > 3 else np.nan)


def test_values_count_at_the_stations_alone():
    grid = gridded()
    grid["u10"][:, 0, 0] = 62.0
    assert np.isfinite(weather_at_stations(grid, stations(), NAMES, TIMES[:1])).all()
    grid["u10"][:] = 62.0
    with pytest.raises(InputError, match="Expected u10 between -60 and 60 m s-1; found 62"):
        weather_at_stations(grid, stations(), NAMES, TIMES[:1])


def test_beyond_the_grid_and_at_other_stations_nothing_is_known():
    found = weather_at_stations(gridded(), stations(latitude=(46.3, 50.0)), NAMES, TIMES[:2])
    assert np.isfinite(found[:, 0]).all() and np.isnan(found[:, 1]).all()
    there = xr.Dataset({"u10": (("time", "station"), np.ones((8, 1)))}, {"time": TIMES[:8], "station": ["B"]})
    found = weather_at_stations(there, stations(), ("u10",), TIMES[:1])
    assert np.isnan(found[:, 0]).all() and (found[:, 1] == 1).all()


def test_fields_are_read_from_grib(tmp_path):
    for names, level in ((("10u", "10v"), ("heightAboveGround", 10)), (("2t",), ("heightAboveGround", 2))):
        write_grib(tmp_path / "arome.grib", names, level=level, hours=range(8))
    _, north, west = GRIDS["arome", "NW"]
    place = stations(latitude=(north - 0.06,) * 2, longitude=(west + 0.06,) * 2)
    found = weather_at_stations(read_grib(tmp_path / "arome.grib"), place, ("u10", "v10", "t2m"), np.array([RUN]))
    for k, name in enumerate(("10u", "10v", "2t")):
        expected = FORMULAS[name](np.arange(7.0), north - 0.06, west + 0.06)
        np.testing.assert_allclose(found[0, 0, :, k], expected, atol=1e-3)


@pytest.mark.parametrize(
    ("weather", "place", "message"),
    [
        (gridded().drop_vars("v10"), stations(), "Expected a variable 'v10'"),
        (gridded().isel(lat=0), stations(), r"Expected u10 with dimensions \(time, lat, lon\) or \(time, station\)"),
        (gridded().assign(u10=gridded().u10.assign_attrs(units="km/h")), stations(), "Expected u10 in m s-1; found km/h"),
        (gridded().assign(t2m=gridded().t2m - 273), stations(), "Expected t2m between 180 and 340 K"),
        (
            gridded(6),
            stations(),
            "Expected a weather model from 2020-01-01T00:00 to 2020-01-01T06:00; "
            "found 2020-01-01T00:00 to 2020-01-01T05:00: give its",
        ),
        (gridded().isel(time=slice(None, None, -1)), stations(), "increasing times"),
        (gridded(), stations().drop_vars("latitude"), "Expected latitude and longitude of each station"),
        (gridded(), stations(latitude=(46.0, np.nan)), "Expected latitude and longitude of each station"),
        (gridded().isel(lat=0, lon=0).expand_dims("station"), stations(), "Expected a coordinate `station`"),
    ],
)
def test_a_weather_model_that_does_not_fit_is_told(weather, place, message):
    with pytest.raises(InputError, match=message):
        weather_at_stations(weather, place, NAMES, TIMES[:1])


# The model


def slow(random, shape, memory):
    """A first-order autoregression of unit variance in time."""
    noise, found = random.standard_normal((len(TIMES) + LEADS, *shape)), []
    for step in noise:
        found.append(step if not found else memory * found[-1] + np.sqrt(1 - memory**2) * step)
    return np.stack(found)


@pytest.fixture(scope="module")
def winds():
    """Values (time, station, variable), and forecasts of the weather model (hour, station, 7, 2) from each hour."""
    random = np.random.default_rng(0)
    truth = np.array([3.0, 1.0]) + 2 * slow(random, (3, 2), memory=0.8)
    model = 0.7 * truth + np.array([1.0, -0.5]) + 0.8 * slow(random, (3, 2), memory=0.97)
    values = np.full((len(TIMES), 3, 7), np.nan)
    values[..., :2] = truth[: len(TIMES)]
    values[..., 2] = np.hypot(values[..., 0], values[..., 1])
    forecasts = np.stack([model[lead : len(TIMES) + lead] for lead in range(LEADS + 1)], axis=2)
    return values, forecasts


@pytest.fixture(scope="module")
def trained(winds):
    """A small model that has learned from the first four thousand hours."""
    values, weather = winds
    keras.utils.set_random_seed(0)
    hours = np.arange(24, 4000)
    model = WindAttention(members=1, width=16, blocks=1, covariates=("u10", "v10"))
    features = model.adapt(values[:4006], TIMES[:4006], values[:4006, :, :3], hours, weather[hours])
    following = hours_ahead(values[..., :3], hours)
    truth = np.concatenate([following, np.ones_like(following[..., :1])], axis=-1).astype("float32")
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=WindLoss())
    model.fit(features, truth, batch_size=128, epochs=3, verbose=0)
    return model


def error(fields, values, hours):
    return np.sqrt(np.mean((fields["speed"] - hours_ahead(values[..., 2], hours)) ** 2))


def test_the_model_learns_to_correct_the_weather_model(winds, trained):
    values, weather = winds
    hours, past = np.arange(4030, len(TIMES) - LEADS), np.arange(4000)
    raw = error(StationWeatherModel().forecast(values, TIMES, hours, weather=weather[hours]), values, hours)
    linear = StationWeatherCorrection().estimate(values, past, weather[past])
    corrected = error(linear.forecast(values, TIMES, hours, weather=weather[hours]), values, hours)
    ours = error(trained.forecast(values, TIMES, hours, weather=weather[hours]), values, hours)
    without = error(trained.forecast(values, TIMES, hours), values, hours)
    assert ours < 0.8 * corrected and corrected < raw
    # Without it, the past is all that is known.
    assert ours < without < values[..., 2].std()


def test_a_station_without_a_weather_model_is_forecast_from_its_past(winds, trained):
    values, weather = winds
    hours = np.arange(4030, 4036)
    nowhere = np.full_like(weather[hours], np.nan)
    alone, missing = (trained.forecast(values, TIMES, hours, weather=given)["speed"] for given in (None, nowhere))
    np.testing.assert_array_equal(alone, missing)
    partly = weather[hours].copy()
    partly[:, 0] = np.nan
    assert np.isfinite(trained.forecast(values, TIMES, hours, weather=partly)["speed"]).all()


def observed(values, hours=4500):
    places = {"latitude": ("station", [46.35, 46.25, 46.1]), "longitude": ("station", [1.85, 1.9, 1.95])}
    winds = {name: (("time", "station"), values[:hours, :, place]) for place, name in enumerate("uv")}
    return xr.Dataset(winds, {"time": TIMES[:hours], "station": ["A", "B", "C"], **places})


def test_covariates_are_learned_where_they_are_known_at_all(winds):
    values, weather = winds
    model, hours = WindAttention(members=1, width=8, blocks=1, covariates=("u10", "v10")), np.arange(24, 100)
    with pytest.raises(InputError, match="Expected u10, v10 of a weather model"):
        model.adapt(values[:200], TIMES[:200], values[:200, :, :3], hours, np.full_like(weather[hours], np.nan))


def test_predict_takes_a_grid_beside_the_observations(winds, trained):
    values, _ = winds
    ds, grid = observed(values), gridded().assign_coords(time=TIMES[4499:4507])
    found = trained.predict(ds, weather=grid)
    assert dict(found.sizes) == {"time": 6, "station": 3, "quantile": 5} and np.isfinite(found.speed).all()
    assert abs(found.speed - trained.predict(ds).speed).max() > 0.1
    with pytest.raises(InputError, match="this model was trained without"):
        WindAttention(members=1, width=8, blocks=1).predict(ds, weather=grid)
    with pytest.raises(InputError, match="give `weather`"):
        StationWeatherModel().predict(ds)
    np.testing.assert_allclose(StationWeatherModel().predict(ds, weather=grid).u[:, 0], np.arange(1, 7) + 1.85, rtol=1e-5)
    linear = StationWeatherCorrection().estimate(values[:400, :2], np.arange(300), winds[1][:300, :2])
    with pytest.raises(InputError, match="Expected as many stations as StationWeatherCorrection has learned from, 2; found 3"):
        linear.predict(ds, weather=grid)


def test_stations_that_a_weather_model_does_not_cover_are_told(winds, trained):
    ds, grid = observed(winds[0]), gridded().assign_coords(time=TIMES[4499:4507])
    away = ds.assign_coords(latitude=("station", [46.35, 50.0, 46.1]))
    with pytest.warns(UserWarning, match="lacks values at the stations B: they are forecast without"):
        found = trained.predict(away, weather=grid)
    assert np.isfinite(found.speed).all()
    with pytest.raises(InputError, match="Expected a weather model that covers the stations; it has values at none"):
        trained.predict(ds, weather=grid.assign_coords(lat=[7.0, 6.5, 6.0]))


def test_the_command_takes_the_file_of_a_weather_model(winds, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zoo.save(trained, "mine")
    ds, grid = observed(winds[0]), gridded().assign_coords(time=TIMES[4499:4507])
    for name, file in (("stations", ds), ("weather", grid)):
        file.to_netcdf(f"{name}.nc", engine="h5netcdf")
    monkeypatch.setattr(sys, "argv", "geodl predict mine stations.nc --weather weather.nc -o wind.nc".split())
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    np.testing.assert_allclose(xr.open_dataset("wind.nc").speed, trained.predict(ds, weather=grid).speed, rtol=1e-5)


def test_a_model_with_covariates_is_a_layer_like_the_others(tmp_path):
    model = WindAttention(members=1, width=8, blocks=1, dropout=0, covariates=NAMES)
    x = np.random.default_rng(0).normal(size=(2, 3, model.size)).astype("float32")
    x[0, 1, model.own :] = np.nan
    check_layer(model, x, tolerance=1e-4, unknown_sizes=False, policies=("mixed_bfloat16",))
    check_saving(model, x, tmp_path, tolerance=1e-4)


@pytest.mark.parametrize("settings", [{"covariates": ("v10", "u10")}, {"covariates": ("u10", "v10", "t")}, {"step": 7}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(ValueError, match="Expected"):
        WindAttention(**settings)
