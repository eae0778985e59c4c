import os
import sys
from pathlib import Path

import eccodes
import numpy as np
import pytest
import tensorflow_datasets as tfds
import xarray as xr

from geodl import datasets
from geodl.errors import InputError
from geodl.grib import read_grib

NAMES = ("arpege_10m_NW_20180501000000.grib", "arpege_2m_NW_20180501000000.grib", "gfs_10m_wind_1deg_20161120_20161122.nc")
REAL = {name: path for name in NAMES for path in Path(os.environ.get("GEODL_SOURCES", os.devnull)).rglob(name)}
real = pytest.mark.skipif(len(REAL) < len(NAMES), reason="needs the wind fields in GEODL_SOURCES")

HOUR, RUN = np.timedelta64(1, "h"), np.datetime64("2018-05-01T00", "ns")
# Step, northern latitude and western longitude, in degrees, of the corners where the two zones meet.
GRIDS = {
    ("arpege", "NW"): (0.1, 46.896, 1.358),
    ("arpege", "SE"): (0.1, 46.25, 2.0),
    ("arome", "NW"): (0.025, 46.421, 1.783),
    ("arome", "SE"): (0.025, 46.25, 2.0),
}
# What the fields made here hold, by their short names, from hour, latitude and longitude.
FORMULAS = {
    "10u": lambda hour, lat, lon: hour + lon,
    "10v": lambda hour, lat, lon: lat - hour,
    "2t": lambda hour, lat, lon: 280 + hour,
    "2d": lambda hour, lat, lon: 270 + hour,
    "r": lambda hour, lat, lon: 50 + hour,
    "msl": lambda hour, lat, lon: 1e5 + hour,
    "h": lambda hour, lat, lon: 100 * (lat - 45) + lon,
    "lsm": lambda hour, lat, lon: 0.7 * (lon > 1.9),
    "tp": lambda hour, lat, lon: 0.0,
}


def axes(grid, shape=(8, 8)):
    """Latitudes from north to south (lat, 1) and longitudes (lon,), whole thousandths of a degree as in GRIB."""
    step, north, west = grid
    return np.round(north - step * np.arange(shape[0]), 3)[:, None], np.round(west + step * np.arange(shape[1]), 3)


def write_grib(path, short_names, grid=GRIDS["arome", "NW"], hours=range(25), level=("heightAboveGround", 2), shape=(8, 8)):
    """Adds fields to a GRIB file, one message a variable and hour; NaN is missing."""
    lat, lon = axes(grid, shape)
    keys = {"Ni": lon.size, "Nj": lat.size, "iDirectionIncrementInDegrees": grid[0], "jDirectionIncrementInDegrees": grid[0]}
    for name, line in (("latitude", lat[:, 0]), ("longitude", lon)):
        keys |= {f"{name}OfFirstGridPointInDegrees": line[0], f"{name}OfLastGridPointInDegrees": line[-1]}
    with open(path, "ab") as file:
        for short_name in short_names:
            for hour in hours:
                message = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib1")
                time = {"dataDate": 20180501, "dataTime": 0, "stepRange": hour}
                named = {"shortName": short_name, "typeOfLevel": level[0], "level": level[1]}
                for key, value in {**keys, **time, **named, "bitsPerValue": 24, "bitmapPresent": 1}.items():
                    eccodes.codes_set(message, key, value)
                values = np.broadcast_to(FORMULAS[short_name](hour, lat, lon), (lat.size, lon.size))
                eccodes.codes_set_values(message, np.where(np.isnan(values), 9999, values).ravel())
                eccodes.codes_write(message, file)
                eccodes.codes_release(message)
    return path


def write_run(folder, model, zone):
    """The files of a run over one zone, in MeteoNet's layout."""
    kinds = {"10m": ("10u", "10v"), "2m": ("2t", "2d", "r"), "P_sea_level": ("msl",)}
    for kind, short_names in kinds.items():
        write_grib(folder / f"{model}_{kind}_{zone}_20180501000000.grib", short_names, GRIDS[model, zone])
    # Masks are on AROME's grid, which ends before that of ARPEGE does.
    step, north, west = GRIDS[model, zone]
    shape = tuple(1 + round((7 * step - step / 2) / 0.025) for _ in range(2)) if model == "arpege" else (8, 8)
    write_grib(folder / f"{zone}_masks.grib", ("h", "lsm"), (0.025, north, west), [0], ("surface", 0), shape)


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A directory of source files made by the test; what is built from them stays out of the other tests' data."""
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setenv("GEODL_SOURCES", str(folder))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "built"))
    return folder


def targets(ds):
    """Times and places (time, lat, lon) of the targets of a split."""
    times = (ds.reference_time + ds.time.where(ds.time > np.timedelta64(0), drop=True)).values.ravel()
    return {(time, lat, lon) for time in times for lat in ds.lat.values for lon in ds.lon.values}


# === GRIB ===


def test_variables_have_their_names_units_and_the_time_they_are_valid(tmp_path):
    path = write_grib(tmp_path / "all.grib", ("10u", "2t", "r", "tp"), hours=range(3))
    write_grib(path, ("r",), hours=range(3), level=("isobaricInhPa", 850))
    write_grib(path, ("h", "lsm"), hours=[0], level=("surface", 0))
    ds = read_grib(path)
    assert {name: field.dims for name, field in ds.items()} == {
        **dict.fromkeys(("u10", "t2m", "r"), ("time", "lat", "lon")),
        **dict.fromkeys(("orography", "land_sea_mask"), ("lat", "lon")),
    }
    assert ds.u10.attrs == {"standard_name": "eastward_wind", "units": "m s-1"}
    np.testing.assert_array_equal(ds.time, RUN + HOUR * np.arange(3))
    lat, lon = axes(GRIDS["arome", "NW"])
    np.testing.assert_allclose(ds.lat, lat[:, 0])
    np.testing.assert_allclose(ds.lon, lon)
    np.testing.assert_allclose(ds.u10[2], np.broadcast_to(2 + lon, (8, 8)), atol=1e-5)
    assert [file.name for file in tmp_path.iterdir()] == ["all.grib"]


def test_missing_values_are_nan(tmp_path, monkeypatch):
    monkeypatch.setitem(FORMULAS, "10u", lambda hour, lat, lon: np.where(lon > 1.9, np.nan, hour))
    ds = read_grib(write_grib(tmp_path / "holes.grib", ("10u",), hours=[1]))
    np.testing.assert_array_equal(np.isnan(ds.u10[0]), np.broadcast_to(ds.lon > 1.9, (8, 8)))


@pytest.mark.parametrize("cut", [-1, -4000, 2, 400])
def test_a_truncated_file_is_told(tmp_path, cut):
    path = write_grib(tmp_path / "whole.grib", ("10u", "10v"))
    content = path.read_bytes()
    message = len(content) // 50
    end = 30 * message + cut if cut > 0 else cut
    (tmp_path / "cut.grib").write_bytes(content[:end])
    count = len(content[:end]) // message
    with pytest.raises(InputError, match=rf"cut.grib has {count}, which are {count * message} of its .* truncated or damaged"):
        read_grib(tmp_path / "cut.grib")


def test_messages_lost_within_a_file_are_told(tmp_path):
    path = write_grib(tmp_path / "holes.grib", ("10u",))
    content = path.read_bytes()
    message = len(content) // 25
    path.write_bytes(content[: 10 * message] + bytes(2 * message) + content[12 * message :])
    with pytest.raises(InputError, match="has 23, which are .* truncated or damaged"):
        read_grib(path)


def test_what_is_no_grib_is_told(tmp_path):
    xr.Dataset({"u10": ("time", np.zeros(3))}).to_netcdf(tmp_path / "wind.grib", engine="h5netcdf")
    with pytest.raises(InputError, match="Expected a GRIB file; .*wind.grib does not begin as one"):
        read_grib(tmp_path / "wind.grib")
    with pytest.raises(InputError, match="there is no file .*absent.grib"):
        read_grib(tmp_path / "absent.grib")


def test_variables_that_cannot_be_used_are_told(tmp_path):
    with pytest.raises(InputError, match="Expected one of the variables 10u, 10v, .* found tp"):
        read_grib(write_grib(tmp_path / "rain.grib", ("tp",), hours=[0]))
    path = write_grib(tmp_path / "levels.grib", ("r",), hours=[0])
    with pytest.raises(InputError, match="Expected r of .* on one level .* found dimensions heightAboveGround"):
        read_grib(write_grib(path, ("r",), hours=[0], level=("heightAboveGround", 100)))
    for second in ("10u", "10v"):
        path = write_grib(tmp_path / f"grids_{second}.grib", ("10u",), hours=[0])
        with pytest.raises(InputError, match="on one grid; found several"):
            read_grib(write_grib(path, (second,), GRIDS["arpege", "NW"], hours=[0], shape=(6, 6)))


def test_without_cfgrib_the_extra_is_named(tmp_path, monkeypatch):
    path = write_grib(tmp_path / "wind.grib", ("10u",), hours=[0])
    monkeypatch.setitem(sys.modules, "cfgrib", None)
    with pytest.raises(InputError, match=r"not installed: pip install geodl\[grib\]"):
        read_grib(path)


@real
def test_components_agree_with_speed_and_direction():
    ds = read_grib(REAL["arpege_10m_NW_20180501000000.grib"])
    np.testing.assert_allclose(np.hypot(ds.u10, ds.v10), ds.ws, atol=0.01)
    from_direction = np.rad2deg(np.arctan2(-ds.u10, -ds.v10))
    turn = abs((from_direction - ds.wdir + 180) % 360 - 180)
    assert turn.where(ds.ws > 3).max() < 0.2


# === The dataset ===


@pytest.mark.parametrize("model", ["arpege", "arome"])
def test_splits_share_no_target(sources, model):
    for zone in ("NW", "SE"):
        write_run(sources, model, zone)
    train, validation = (datasets.open_dataset("wind_fields", f"{model}_nw", split) for split in ("train", "validation"))
    test = datasets.open_dataset("wind_fields", f"{model}_se", "test")
    assert [ds.sizes["sample"] for ds in (train, validation, test)] == [8, 1, 14]
    assert not targets(train) & targets(validation)
    assert max(targets(train))[0] < min(targets(validation))[0] == RUN + 19 * HOUR
    # Grids differ: no point of the south-east lies within the north-west.
    assert test.lat.max() < train.lat.min()


def test_a_window_holds_each_hour_in_its_place(sources):
    write_run(sources, "arpege", "NW")
    ds = datasets.open_dataset("wind_fields", "arpege_nw", "train")
    np.testing.assert_array_equal(ds.time, HOUR * np.arange(-5, 7))
    np.testing.assert_array_equal(ds.reference_time, RUN + HOUR * np.arange(5, 13))
    hour = (ds.reference_time + ds.time - RUN) / HOUR
    for name, expected in {"u10": hour + ds.lon, "v10": ds.lat - hour, "t2m": 280 + hour, "msl": 1e5 + hour}.items():
        np.testing.assert_allclose(ds[name], expected.broadcast_like(ds[name]).transpose(*ds[name].dims), atol=0.01)
        assert ds[name].attrs["standard_name"] and ds[name].attrs["units"]
    assert set(ds) == {"u10", "v10", "t2m", "d2m", "r", "msl", "orography", "land_sea_mask"}


def test_static_fields_reach_the_edge_of_the_wind(sources):
    write_run(sources, "arpege", "NW")
    ds = datasets.open_dataset("wind_fields", "arpege_nw", "train")
    inside = {"lat": slice(None, -1), "lon": slice(None, -1)}
    expected = (100 * (ds.lat - 45) + ds.lon).isel(inside)
    np.testing.assert_allclose(ds.orography.isel(inside), expected, atol=0.01)
    assert ds.orography.notnull().all()
    np.testing.assert_array_equal(ds.land_sea_mask, np.broadcast_to(ds.lon > 1.9, (8, 8)))


def test_load_gives_the_past_and_the_future_wind(sources):
    write_run(sources, "arome", "SE")
    x, y = next(iter(datasets.load("wind_fields", "arome_se", "test", batch_size=3)))
    assert x.shape == y.shape == (3, 6, 5, 8, 2) and x.dtype == y.dtype == "float32"
    np.testing.assert_allclose(y[..., 0] - x[..., 0], 6, atol=1e-4)
    np.testing.assert_allclose(y[..., 1] - x[..., 1], -6, atol=1e-4)


def test_gfs_is_one_window_of_six_hourly_fields(sources):
    number = np.arange(9.0)[:, None, None] + np.zeros((9, 4, 6))
    xr.Dataset(
        {"u10": (("time", "latitude", "longitude"), number), "v10": (("time", "latitude", "longitude"), -number)},
        {
            "time": np.datetime64("2016-11-20", "ns") + 6 * HOUR * np.arange(9),
            "latitude": np.linspace(90, -89, 4),
            "longitude": np.linspace(-180, 179, 6),
        },
    ).to_netcdf(sources / "gfs_10m_wind_1deg_20161120_20161122.nc", engine="h5netcdf")
    x, y = next(iter(datasets.load("wind_fields", "gfs", "test")))
    np.testing.assert_array_equal(x[0, :, 0, 0], np.stack([np.arange(6), -np.arange(6)], axis=-1))
    np.testing.assert_array_equal(y[0, :, 0, 0], [[6, -6], [7, -7], [8, -8]])
    ds = datasets.open_dataset("wind_fields", "gfs")
    assert ds.sizes == {"sample": 1, "time": 9, "lat": 4, "lon": 6}
    np.testing.assert_array_equal(ds.reference_time + ds.time[-1], [np.datetime64("2016-11-22", "ns")])


def test_an_absent_source_is_told(sources):
    for config, filename in {"arome_nw": "arome_10m_NW_20180501000000.grib", "gfs": "gfs_10m_wind_1deg_20161120"}.items():
        with pytest.raises(InputError, match=f"Expected the source file {filename}.* of wind_fields .* set GEODL_SOURCES"):
            datasets.load("wind_fields", config)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"short_names": ["10u"]}, "Expected u10, v10 in .*arome_10m_NW_.* there is no v10"),
        ({"grid": GRIDS["arpege", "NW"]}, "Expected one grid for arome_10m_NW_.*; found several"),
        ({"hours": range(11)}, "Expected 12 fields of arome_nw, 1 hours apart; there are fewer"),
    ],
)
def test_a_source_that_is_not_what_it_should_be_is_told(sources, content, message):
    write_run(sources, "arome", "NW")
    wind = sources / "arome_10m_NW_20180501000000.grib"
    wind.unlink()
    write_grib(wind, **{"short_names": ["10u", "10v"], **content})
    with pytest.raises(InputError, match=message):
        datasets.load("wind_fields", "arome_nw")


@real
def test_real_fields_have_their_shapes_and_plausible_values(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    shapes = {"arpege_nw": (8, 12, 58, 80), "arpege_se": (14, 12, 52, 80), "gfs": (1, 9, 180, 360)}
    bounds = {"u10": (-40, 40), "v10": (-40, 40), "t2m": (230, 320), "d2m": (220, 310), "r": (0, 102), "msl": (95e3, 106e3)}
    bounds |= {"orography": (-10, 4900), "land_sea_mask": (0, 1)}
    for config, shape in shapes.items():
        ds = datasets.open_dataset("wind_fields", config, "train" if config.endswith("_nw") else "test")
        assert ds.u10.shape == ds.v10.shape == shape
        for name, field in ds.items():
            low, high = bounds[name]
            assert low <= field.min() and field.max() <= high and field.notnull().all(), name
