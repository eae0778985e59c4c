"""Datasets of files of the user's own."""

import os

import numpy as np
import pytest
import tensorflow_datasets as tfds
import xarray as xr
from foraging_tracks import COLONY, tracks

from geodl import datasets
from geodl.errors import InputError


@pytest.fixture(autouse=True)
def built_elsewhere(tmp_path, monkeypatch):
    """What is built stays out of the other tests' data."""
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "built"))
    monkeypatch.setenv("GEODL_SOURCES", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def product(days=12, first="2017-01-01"):
    """Days of a satellite product with two flags, its latitudes descending."""
    random = np.random.default_rng(0)
    return xr.Dataset(
        {
            "conc_tsm": (("time", "lat", "lon"), random.lognormal(size=(days, 4, 5)).astype("float32"), {"units": "g m-3"}),
            "conc_chl": (("time", "lat", "lon"), random.lognormal(size=(days, 4, 5)).astype("float32"), {"units": "mg m-3"}),
            "quality": (
                ("time", "lat", "lon"),
                random.integers(0, 4, (days, 4, 5)),
                {"flag_meanings": "cloud glint", "flag_masks": [1, 2]},
            ),
        },
        {
            "time": np.datetime64(first, "ns") + np.arange(days) * np.timedelta64(1, "D"),
            "lat": 52.5 - 0.1 * np.arange(4),
            "lon": 0.1 * np.arange(5),
        },
    )


def write(ds, path):
    ds.to_netcdf(path, engine="h5netcdf")


def test_a_variable_of_several_files_is_read_without_what_flags_refuse_and_split_in_time():
    whole = product()
    write(whole.isel(time=slice(5, 12)), "b_1.nc")
    write(whole.isel(time=slice(0, 5)), "b_2.nc")
    options = {"file": "b_*.nc", "variable": "conc_tsm", "flags": "quality", "refused": ("cloud",)}
    found = datasets.open_dataset("sediments", "netcdf", "all", **options)
    expected = whole.conc_tsm.where(whole.quality % 2 == 0)
    xr.testing.assert_equal(found.conc_tsm, expected)
    assert found.conc_tsm.attrs["units"] == "g m-3" and set(found.data_vars) == {"conc_tsm"}
    parts = [datasets.open_dataset("sediments", "netcdf", split, **options) for split in ("train", "validation", "test")]
    assert [part.sizes["time"] for part in parts] == [7, 2, 3]


def test_a_file_that_has_changed_is_read_again():
    write(product(), "own.nc")
    before = datasets.open_dataset("sediments", "netcdf", "test", file="own.nc", variable="conc_chl")
    os.remove("own.nc")
    write(product(days=3) + 1, "own.nc")
    after = datasets.open_dataset("sediments", "netcdf", "test", file="own.nc", variable="conc_chl")
    assert before.sizes["time"] == 3 and after.conc_chl.values.min() > 1 > before.conc_chl.values.min()


def test_tracks_of_a_file_of_any_name_are_read_with_their_colony_and_time_zone():
    tracks(4).to_csv("my_birds[1].csv", index=False)
    tracks(4).to_csv("my_birds_2.csv", index=False)
    options = {"file": "my_birds[1].csv", "colony": COLONY}
    found = datasets.open_dataset("seabirds", "csv", "all", **options)
    later = datasets.open_dataset("seabirds", "csv", "all", **options, time_zone="Etc/GMT+5")
    assert (found.attrs["colony_lon"], found.attrs["colony_lat"]) == COLONY and found.sizes["trip"] == 8
    assert (later.time.values - found.time.values == np.timedelta64(5, "h"))[found.mask.values].all()
    with pytest.raises(InputError, match="Expected one table of tracks; .* names 2 files: join them"):
        datasets.open_dataset("seabirds", "csv", file="my_birds*.csv")


def test_a_series_keeps_its_mask_and_gives_pairs_without_truth():
    ds = product(days=4)[["conc_tsm"]].assign(mask=(("lat", "lon"), np.eye(4, 5, dtype="int8")))
    write(ds, "sediments.nc")  # the name that needs no option
    xr.testing.assert_equal(datasets.open_dataset("sediments", "netcdf").mask, ds.mask)
    observed, truth = next(iter(datasets.load("sediments", "netcdf", "test", batch_size=4, variable="conc_tsm")))
    np.testing.assert_array_equal(observed, ds.conc_tsm)
    assert np.isnan(truth).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"file": "absent.nc"}, "there is no file .*absent.nc"),
        ({"file": "own.nc"}, "Expected one variable with dimensions"),
        ({"file": "own.nc", "variable": "conc_tsm", "flags": "quality", "refused": ("ice",)}, "among cloud, glint of quality"),
        ({"file": "o*n.nc", "variable": "conc_tsm", "flag": "quality"}, "Expected options among .*flags.*; found flag"),
        ({"file": "own*.nc", "variable": "conc_tsm"}, "one grid; found others"),
        ({"file": "o[w-z]n.nc", "variable": "quality_of_all"}, "Expected a variable 'quality_of_all'"),
    ],
)
def test_bad_files_and_options_are_told(options, message):
    write(product(), "own.nc")
    write(product(first="2018-01-01").isel(lat=slice(3)), "own_too.nc")
    with pytest.raises(InputError, match=message):
        datasets.open_dataset("sediments", "netcdf", **options)
