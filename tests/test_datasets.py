import hashlib

import numpy as np
import pytest
import tensorflow_datasets as tfds
import xarray as xr

from geodl import datasets
from geodl.errors import InputError
from geodl_datasets.clouds import clouds_dataset_builder as clouds


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A directory of source files made by the test; what is built from them stays out of the other tests' data."""
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setenv("GEODL_SOURCES", str(folder))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "built"))
    return folder


def test_the_sample_ships_and_has_no_target_in_both_splits():
    targets = {}
    for split in ("train", "test"):
        ds = datasets.open_dataset("clouds", "meteonet_sample", split)
        future = ds.sel(time=ds.time > np.timedelta64(0))
        seen = future.CT.any(["lat", "lon"])
        times = (future.reference_time + future.time).values[seen.values]
        targets[split] = set(times)
    assert targets["train"] and targets["test"] and not targets["train"] & targets["test"]
    assert targets["test"] == {np.datetime64("2016-01-01T02:15", "ns")}


def test_load_gives_what_fit_takes():
    x, y = next(iter(datasets.load("clouds", batch_size=2, patch=64, augment=True, max_missing=2)))
    assert x.shape == (2, 6, 64, 64) and y.shape == (2, 4, 64, 64) and x.dtype == "uint8"


def test_missing_time_is_a_frame_of_no_data_in_its_place():
    ds = datasets.open_dataset("clouds", "meteonet_sample", "test").isel(sample=0)
    empty = ~ds.CT.any(["lat", "lon"]).values
    missing = (ds.reference_time + ds.time).values[empty]
    assert np.datetime64("2016-01-01T01:15", "ns") in missing


def test_meteonet_years_are_split_and_read_in_time_order(sources):
    random = np.random.default_rng(0)
    for year in (2016, 2017, 2018):
        times = np.datetime64(f"{year}-03-01T00:00", "ns") + np.timedelta64(15, "m") * np.arange(11)
        codes = random.integers(1, 16, (11, 8, 10)).astype("uint8")
        ds = xr.Dataset(
            {"CT": (("time", "lat", "lon"), codes)},
            {"time": times, "lat": np.linspace(50, 49, 8), "lon": np.linspace(-2, 0, 10)},
        ).isel(time=[2, 0, 1, *range(3, 11)])
        ds.time.encoding.update(units="hours since 1901-01-01", dtype="float64")
        ds.to_netcdf(sources / f"CT_SE_{year}.nc", engine="h5netcdf")
    for split, years in (("train", {2016, 2017}), ("test", {2018})):
        opened = datasets.open_dataset("clouds", "meteonet_se", split)
        assert set(opened.reference_time.dt.year.values) == years
        np.testing.assert_array_equal(np.unique(np.diff(opened.time)), np.timedelta64(15, "m"))


def test_scene_splits_share_no_target(sources):
    frames, height, width = 30, 8, clouds.MSG_TRAIN_COLUMNS + 16
    codes = np.broadcast_to(1 + np.arange(frames) % 15, (height, width, frames)).transpose(2, 0, 1).astype("uint8")
    times = np.datetime64("2021-01-02T10:00", "m") + np.timedelta64(15, "m") * np.arange(frames)
    np.savez(sources / clouds.MSG_FILE, ct=codes, time=times, row0=100, col0=900)
    scene = {split: datasets.open_dataset("clouds", "msg_europe", split) for split in ("train", "validation", "test")}
    assert {split: ds.sizes["sample"] for split, ds in scene.items()} == {"train": 13, "validation": 13, "test": 5}
    assert scene["train"].sizes["x"] == clouds.MSG_TRAIN_COLUMNS and scene["validation"].sizes["x"] == 16
    assert scene["validation"].x.min() > scene["train"].x.max()
    latest_seen = (scene["train"].reference_time + scene["train"].time.max()).max()
    test = scene["test"]
    first_target = (test.reference_time + np.timedelta64(15, "m")).min()
    assert first_target > latest_seen


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("cloud",),
            "Expected one of the datasets burgers, clouds, lorenz63, .*, wind_stations; found 'cloud'",
        ),
        (("clouds", "meteonet"), "Expected one of the configs meteonet_sample, .* found 'meteonet'"),
        (("clouds", None, "dev"), "Expected a split among .* found 'dev'"),
    ],
)
def test_unknown_names_are_told(arguments, message):
    with pytest.raises(InputError, match=message):
        datasets.load(*arguments)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("clouds", {"batch_size": 0}, "batch size of 1 at least; found 0"),
        ("clouds", {"augment": True}, "the size of a patch with augment"),
        ("clouds", {"patch": 64, "max_missing": 2}, "augment with max_missing"),
        ("clouds", {"patch": 0}, "a patch of one pixel at least; .* patch 0"),
        ("lorenz63", {"patch": 8}, r"images \(time, y, x\)"),
    ],
)
def test_options_that_do_not_fit_are_told(name, options, message):
    with pytest.raises(InputError, match=message):
        datasets.load(name, **options)


def test_a_source_that_is_nowhere_says_where_to_put_it(sources):
    with pytest.raises(InputError, match="CT_NW_2017.nc .* set GEODL_SOURCES"):
        datasets.find_source("clouds", "CT_NW_2017.nc")


def test_download_keeps_only_what_has_the_right_checksum(tmp_path, monkeypatch):
    def stop_halfway(url, path):
        path.write_bytes(b"con")
        raise KeyboardInterrupt

    origin = tmp_path / "origin.nc"
    origin.write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    assert datasets._download(origin.as_uri(), sha256, tmp_path / "in" / "copy.nc").read_bytes() == b"content"
    with pytest.raises(InputError, match="Expected sha256 0000"):
        datasets._download(origin.as_uri(), "0000", tmp_path / "in" / "other.nc")
    with pytest.raises(InputError, match="Could not download"):
        datasets._download((tmp_path / "absent.nc").as_uri(), sha256, tmp_path / "in" / "other.nc")
    monkeypatch.setattr(datasets.urllib.request, "urlretrieve", stop_halfway)
    with pytest.raises(KeyboardInterrupt):
        datasets._download(origin.as_uri(), sha256, tmp_path / "in" / "other.nc")
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["copy.nc"]
