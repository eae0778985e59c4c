import dataclasses

import numpy as np
import pytest
import xarray as xr

from geodl import datasets, themes
from geodl.baselines import Dineof, FieldClimatology, OptimalInterpolation
from geodl.errors import InputError
from geodl.models import FieldUNet
from geodl.themes import interpolation


@pytest.fixture(scope="module")
def short():
    """Case of the sixty days."""
    sediments = interpolation.CASES["sediments"]
    case = dataclasses.replace(
        sediments, config="osse_short", training="osse_short", grid=(0, 0), modes=0, models={}, example=3
    )
    interpolation.CASES["short"] = case
    yield "short"
    del interpolation.CASES["short"]


def test_days_of_the_simulated_sea_are_in_order_and_observed_with_noise(short):
    ds = datasets.open_dataset("sediments", "osse_short", "train")
    assert ds.sizes["time"] == 40 and np.all(np.diff(ds.time.values) == np.timedelta64(1, "D"))
    assert (ds.truth > 0).where(ds.mask == 1, True).all() and ds.truth.where(ds.mask == 0).isnull().all()
    noise = np.log10(ds.SPM / ds.truth).values
    anomalies = np.log10(ds.truth) - np.log10(ds.truth).mean("time")
    assert np.nanvar(noise) == pytest.approx(0.15 * float((anomalies**2).mean()), rel=0.05)
    x, y = next(iter(datasets.load("sediments", "osse_short", "test", batch_size=4)))
    assert x.shape == y.shape == (4, 64, 64)


def test_scores_are_those_of_the_test_days(short):
    scores = interpolation.evaluate(OptimalInterpolation(), short)
    ds = datasets.open_dataset("sediments", "osse_short", "test")
    found = OptimalInterpolation().predict(ds[["SPM", "mask"]])
    error = np.log10(found.SPM / ds.truth).where(ds.SPM.isnull())
    assert scores.rmse_gaps == pytest.approx(float(np.sqrt((error.astype("float64") ** 2).mean())), rel=1e-4)


def test_comparison_has_a_row_and_a_picture_for_each_approach(short):
    compared = themes.compare("interpolation", short)
    frame = themes.table(compared)
    assert frame.index.tolist() == list(compared) == list(interpolation.approaches(short))
    assert {"rmse_gaps", "crps", "coverage", "seconds_for_100_frames"} <= set(frame)
    figure = interpolation.figure(compared, short)
    assert len(figure.axes) >= 3 * (len(compared) + 1)


def test_cases_of_models_are_those_of_their_grids():
    assert interpolation.case_of(FieldUNet(5, (8,), (1,), grid=(64, 64))) == "sediments"
    with pytest.raises(InputError, match=r"cases sediments, sea_level.*; found FieldUNet with grid \(8, 8\)"):
        interpolation.case_of(FieldUNet(5, (8,), (1,), grid=(8, 8)))


def test_sea_level_has_the_scales_of_its_network_as_a_baseline():
    compared = interpolation.approaches("sea_level")
    assert list(compared) == [*interpolation.CASES["sea_level"].baselines, "4DVarNet without truth", "4DVarNet"]


def test_picture_of_a_users_file(short):
    ds = datasets.open_dataset("sediments", "osse_short", "test")[["SPM", "mask"]]
    figure = interpolation.picture(ds, ds, OptimalInterpolation().predict(ds))
    assert "observed, 2015" in figure.axes[0].get_title()
    single = ds.isel(time=2, drop=True)
    assert len(interpolation.picture(single, single, FieldClimatology().predict(single)).axes) == 2 + 2  # and colour bars


def test_animation_is_a_gif_of_all_days(short, tmp_path):
    ds = datasets.open_dataset("sediments", "osse_short", "test").isel(time=slice(3))
    found = Dineof().predict(ds[["SPM", "mask"]])
    interpolation.film(ds, found)(tmp_path / "days.gif")
    assert (tmp_path / "days.gif").read_bytes().startswith(b"GIF")
    with pytest.raises(InputError, match="series of fields for a film"):
        interpolation.film(ds.isel(time=0, drop=True), found.isel(time=0, drop=True))


def sources_of_sea_level(folder):
    """Small files of the format of the real ones."""
    random = np.random.default_rng(0)
    time = np.datetime64("2005-04-01", "ns") + np.arange(91) * np.timedelta64(1, "D")
    adt = random.standard_normal((91, 12, 20))
    adt[:, :2] = np.nan
    dims = ("time", "latitude", "longitude")
    coordinates = {"time": time, "latitude": np.arange(12.0), "longitude": np.arange(20.0)}
    xr.Dataset({"adt": (dims, adt)}, coordinates).to_netcdf(folder / "dt_med_allsat_phy_l4_2005T2.nc", engine="h5netcdf")
    codes = random.integers(1, 15, (30, 40, 1536)).astype("uint8")
    np.savez(folder / "ct_msg_1024x1536_20210102T1000-1715.npz", ct=codes)


def test_sea_level_is_split_by_month_and_hidden_under_clouds(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    sources_of_sea_level(tmp_path)
    monkeypatch.setenv("GEODL_SOURCES", str(tmp_path))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "data"))
    from geodl_datasets.sea_level.sea_level_dataset_builder import Builder

    builder = Builder(data_dir=tmp_path / "data")
    builder.download_and_prepare()
    june = builder.to_xarray(list(tfds.as_numpy(builder.as_dataset(split="test"))))
    assert june.sizes == {"time": 30, "latitude": 12, "longitude": 20} and (june.time.dt.month == 6).all()
    assert june.mask.sum() == 200
    seen = june.adt.notnull()
    assert 0.1 < float(seen.where(june.mask == 1).mean()) < 0.6
    assert float((june.adt - june.truth).std()) == pytest.approx(0.01, rel=0.1)
