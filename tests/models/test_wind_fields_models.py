import warnings

import numpy as np
import pytest
import xarray as xr

from geodl import zoo
from geodl.baselines import WindPersistence
from geodl.errors import InputError
from geodl.models import WindConvLSTM, WindFieldForecaster
from geodl.models.gridded import _tiles
from layer_check import check_layer, check_saving

HOUR = np.timedelta64(1, "h")


@pytest.fixture
def wind():
    """Eight hours of wind on a grid of 9 by 12 points, from north to south, with relief and a coast."""
    random = np.random.default_rng(0)
    dims, attributes = ("time", "lat", "lon"), {"units": "m s-1"}
    return xr.Dataset(
        {
            "u10": (dims, random.normal(5, 2, (8, 9, 12)).astype("float32"), attributes),
            "v10": (dims, random.normal(0, 2, (8, 9, 12)).astype("float32"), attributes),
            "orography": (dims[1:], random.uniform(0, 500, (9, 12))),
            "land_sea_mask": (dims[1:], np.tile(np.arange(12) > 5, (9, 1)).astype("float32")),
        },
        {
            "time": np.datetime64("2020-05-01T00:00", "ns") + HOUR * np.arange(8),
            "lat": ("lat", 50 - 0.1 * np.arange(9), {"units": "degrees_north"}),
            "lon": ("lon", -2 + 0.1 * np.arange(12), {"units": "degrees_east"}),
        },
        {"institution": "synthetic"},
    )


# === What is read ===


def test_a_sample_holds_the_last_six_hours_the_ground_and_the_spacing(wind):
    (sample,) = WindFieldForecaster().encode(wind)
    np.testing.assert_array_equal(sample[:6], wind.u10[2:])
    np.testing.assert_array_equal(sample[6:12], wind.v10[2:])
    np.testing.assert_allclose(sample[12], wind.orography, rtol=1e-6)
    np.testing.assert_array_equal(sample[13], wind.land_sea_mask)
    degree = 2 * np.pi * 6371e3 / 360
    np.testing.assert_allclose(sample[14], -0.1 * degree, rtol=1e-5)  # rows go to the south
    np.testing.assert_allclose(sample[15, :, 0], 0.1 * degree * np.cos(np.radians(wind.lat)), rtol=1e-5)


def test_order_of_dimensions_and_hours_does_not_matter(wind):
    model = WindFieldForecaster()
    shuffled = wind.isel(time=[3, 0, 7, 1, 2, 4, 6, 5]).transpose("lon", "time", "lat")
    np.testing.assert_array_equal(model.encode(shuffled), model.encode(wind))
    np.testing.assert_array_equal(model.encode(wind.rename(lat="latitude", lon="longitude")), model.encode(wind))


@pytest.mark.parametrize("turned", [["lat"], ["lon"], ["lat", "lon"]])
def test_a_network_sees_north_above_and_east_on_the_right_however_rows_and_columns_are_ordered(wind, turned):
    model = zoo.load("wind_convlstm")
    expected = model.predict(wind)
    found = model.predict(wind.isel({dim: slice(None, None, -1) for dim in turned}))
    np.testing.assert_array_equal(found.lat, wind.lat[::-1] if "lat" in turned else wind.lat)
    back = found.sortby("lat", ascending=False).sortby("lon")
    xr.testing.assert_allclose(back, expected, atol=1e-5)


def test_longitudes_go_on_across_the_date_line(wind):
    shifted = wind.assign_coords(lon=(wind.lon + 181.5) % 360 - 180)
    np.testing.assert_allclose(
        WindFieldForecaster().encode(shifted)[:, 15], WindFieldForecaster().encode(wind)[:, 15], rtol=1e-5
    )


def test_without_relief_and_mask_all_is_flat_sea(wind):
    assert not WindFieldForecaster().encode(wind[["u10", "v10"]])[:, 12:14].any()


def test_gaps_are_filled_from_before_else_after_else_the_nearest_point(wind):
    gappy = wind.copy(deep=True)
    u, v = gappy.u10.values, gappy.v10.values
    u[-1, 0, 0] = np.nan  # known an hour before
    v[2, 1, 1] = np.nan  # the first hour of the window
    u[:, 4:7, 4:7] = 7.0
    u[:, 5, 5] = np.nan
    with pytest.warns(UserWarning, match=r"1\.2% of the wind is missing: filled"):
        (sample,) = WindFieldForecaster().encode(gappy)
    assert sample[5, 0, 0] == wind.u10[-2, 0, 0] and sample[11, 0, 0] == wind.v10[-2, 0, 0]
    assert sample[6, 1, 1] == wind.v10[3, 1, 1]
    np.testing.assert_array_equal(sample[:6, 5, 5], 7.0)


BAD = {
    "no v10": (lambda ds: ds.drop_vars("v10"), "Expected a variable 'v10'"),
    "other dimensions": (lambda ds: ds.rename(lat="row"), r"Expected u10 with dimensions \(time, lat, lon\)"),
    "one sample": (lambda ds: ds.assign(u10=ds.u10.expand_dims(sample=2)), "Expected the dimensions of u10 for v10"),
    "no dates": (lambda ds: ds.drop_vars("time"), "Expected dates in a coordinate `time`"),
    "too few": (lambda ds: ds.isel(time=slice(5)), "at least 6 hourly fields of u10; found 5"),
    "repeated": (lambda ds: ds.isel(time=[0, 1, 2, 3, 4, 5, 6, 6]), "some times are repeated"),
    "missing hour": (lambda ds: ds.isel(time=[0, 1, 2, 3, 5, 6, 7]), "none 3 hours before it. Steps of `time` are 1, 2 hours"),
    "three-hourly": (
        lambda ds: ds.assign_coords(time=ds.time.values[0] + 3 * HOUR * np.arange(8)),
        "Steps of `time` are 3 hours",
    ),
    "no wind": (lambda ds: ds.assign(u10=ds.u10 * np.nan), "all values of u10 or of v10 are missing"),
    "knots": (lambda ds: ds.assign(u10=ds.u10 + 80), "u10 between -75 and 75 m s-1; found .*: mask or convert it"),
    "units": (lambda ds: ds.assign(v10=ds.v10.assign_attrs(units="knots")), "Expected v10 in m s-1; found knots: convert it"),
    "no grid": (lambda ds: ds.drop_vars("lat"), "Expected a coordinate `lat` in degrees"),
    "one column": (lambda ds: ds.isel(lon=[0]), "Expected two values of `lon` or more, in order"),
    "no order": (lambda ds: ds.isel(lat=[0, 2, 1]), "Expected two values of `lat` or more, in order"),
    "relief": (lambda ds: ds.assign(orography=ds.orography * 100), "Expected orography between -500 and 9000 m; found"),
    "mask": (lambda ds: ds.assign(land_sea_mask=100 * ds.land_sea_mask), "Expected land_sea_mask between 0 and 1; found 100"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_winds_are_told(wind, change, message):
    with warnings.catch_warnings(action="ignore"), pytest.raises(InputError, match=message):
        WindPersistence().predict(change(wind))


# === What is given ===


def test_the_forecast_carries_the_next_six_hours_and_the_speed(wind):
    forecast = WindPersistence().predict(wind)
    np.testing.assert_array_equal(forecast.time, wind.time.values[-1] + HOUR * np.arange(1, 7))
    assert forecast.forecast_reference_time == wind.time[-1]
    assert forecast.ws.dims == ("time", "lat", "lon") and forecast.attrs["institution"] == "synthetic"
    np.testing.assert_allclose(forecast.ws, np.hypot(forecast.u10, forecast.v10), rtol=1e-6)
    names = {"u10": "eastward_wind", "v10": "northward_wind", "ws": "wind_speed"}
    assert {name: field.attrs["standard_name"] for name, field in forecast.items()} == names
    xr.testing.assert_identical(forecast.lat.variable, wind.lat.variable)


def test_a_leading_sample_is_a_batch(wind):
    both = wind[["u10", "v10"]].expand_dims(sample=2) + xr.DataArray([0, 1], dims="sample")
    forecast = WindPersistence().predict(both)
    assert forecast.u10.dims == ("sample", "time", "lat", "lon")
    np.testing.assert_array_equal(forecast.u10[0, 2], wind.u10[-1])
    np.testing.assert_allclose(forecast.u10[1, 2], wind.u10[-1] + 1, rtol=1e-6)


def test_where_no_wind_is_known_none_is_forecast(wind):
    with pytest.warns(UserWarning, match="filled"):
        forecast = WindPersistence().predict(wind.where(wind.lon > -1.95))
    assert forecast.u10[..., 0].isnull().all() and forecast.u10[..., 1:].notnull().all()


# === The network ===


def _network(**options):
    model = WindConvLSTM(filters=4, **options)
    model.build((None, 16, None, None))
    random = np.random.default_rng(0)  # the head starts at zero
    model.set_weights([w + 0.2 * random.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


def test_convlstm_keeps_the_contracts_of_a_model(wind, tmp_path):
    model, samples = _network(), WindFieldForecaster().encode(wind)
    check_layer(model, samples, tolerance=1e-4, policies=("mixed_bfloat16",))
    check_saving(model, samples, tmp_path, tolerance=1e-4)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_an_untrained_convlstm_is_persistence_to_the_last_digit(wind, policy):
    expected = WindPersistence().predict(wind)
    np.testing.assert_array_equal(WindConvLSTM(filters=4, dtype=policy).predict(wind).u10, expected.u10)


def test_the_network_is_small():
    model = WindConvLSTM()
    model.build((None, 16, None, None))
    assert model.count_params() < 300_000


def test_tiles_agree_with_the_whole_field(wind):
    whole, tiled = _network(), _network()
    tiled.set_weights(whole.get_weights())
    tiled.tile = 120
    samples = np.tile(WindFieldForecaster().encode(wind), (1, 1, 4, 36))
    assert len(_tiles(samples.shape[-1], tiled)) == 4
    np.testing.assert_allclose(tiled.forward(samples)["u10"], whole.forward(samples)["u10"], atol=1e-4)


def test_scales_are_those_of_the_wind_and_of_its_changes():
    model = _network()
    time = np.arange(12.0).reshape(1, 12, 1, 1, 1)
    model.adapt(np.broadcast_to(0.5 * time, (2, 12, 4, 4, 2)))
    assert float(model.change_scale) == pytest.approx(3.0)
    assert float(model.wind_scale) == pytest.approx(np.sqrt(np.mean((0.5 * time) ** 2)))


# === Its recipe ===


def test_a_wind_that_is_turned_blows_along_the_field_that_is_turned():
    """To the east on the northern row, turned to the left: to the north on the western column."""
    wind, ground = np.zeros((1, 3, 3, 2), "float32"), np.zeros((3, 3, 2), "float32")
    wind[0, 0, :, 0] = 1.0
    turned = zoo.recipe("wind_convlstm").turned
    north, _ = turned(wind, ground, quarters=1, mirror=False)
    np.testing.assert_array_equal(north[0, :, 0], [[0, 1]] * 3)
    assert not north[0, :, 1:].any()
    west, _ = turned(wind, ground, quarters=0, mirror=True)
    np.testing.assert_array_equal(west[0, 0], [[-1, 0]] * 3)
