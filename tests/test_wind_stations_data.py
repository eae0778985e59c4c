import os
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from geodl import datasets
from geodl.files import read_netcdf
from geodl_datasets.wind_stations.beijing import ARCHIVE, read_archive

ARCHIVES = sorted(Path(os.environ.get("GEODL_SOURCES", os.devnull)).rglob(ARCHIVE))
METEONET = "number_sta,lat,lon,height_sta,date,dd,ff,precip,hu,td,t,psl\n"


@pytest.fixture
def sources(tmp_path, monkeypatch):
    monkeypatch.setenv("GEODL_SOURCES", str(tmp_path))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "built"))
    return tmp_path


@pytest.mark.skipif(not ARCHIVES, reason="needs the archive of Beijing in GEODL_SOURCES")
def test_the_file_that_ships_is_the_archive_rounded():
    shipped = read_netcdf(Path(str(resources.files("geodl_datasets") / "wind_stations" / "beijing.nc")))
    archive = read_archive(ARCHIVES[0])
    steps = {"u": 1e-3, "v": 1e-3, "speed": 0.1, "temperature": 0.1, "dew_point": 0.1, "pressure": 10.0, "rain": 0.1}
    for name, step in steps.items():
        np.testing.assert_allclose(shipped[name], archive[name], atol=0.51 * step)


def test_irish_speeds_are_converted_from_knots(sources):
    (sources / "irish_wind_gstat_complete.csv").write_text(
        "year,month,day,VAL,BEL\n75,12,31,10.0,20.0\n76,6,1,3.0,4.0\n77,1,1,5.0,6.0\n"
    )
    (sources / "irish_wind_station_locations.csv").write_text(
        "Station,Code,lat,lon\nValentia,VAL,51.9,-10.2\nBelmullet,BEL,54.2,-10\n"
    )
    ds = datasets.open_dataset("wind_stations", "ireland", "train")
    np.testing.assert_allclose(ds.speed.values, [[5.14444, 10.28888]], rtol=1e-6)
    assert ds.station.values.tolist() == ["VAL", "BEL"]
    np.testing.assert_allclose(ds.latitude, [51.9, 54.2], rtol=1e-6)


def test_years_of_meteonet_are_split_by_time(sources):
    for year, month in ((2016, 1), (2017, 11), (2018, 3)):
        minutes = 6 * np.arange(100)
        times = [f"{year}{month:02d}01 {minute // 60:02d}:{minute % 60:02d}" for minute in minutes]
        rows = [
            f"{station},48.0,-4.{station},20,{time},270,{step % 7},0.0,80,280,285,101000"
            for step, time in enumerate(times)
            for station in (1, 2)
        ]
        (sources / f"NW_Ground_Stations_{year}.csv").write_text(METEONET + "\n".join(rows) + "\n")
    for split, year in (("train", 2016), ("validation", 2017), ("test", 2018)):
        ds = datasets.open_dataset("wind_stations", "meteonet_nw", split)
        assert set(ds.time.dt.year.values) == {year} and ds.sizes == {"time": 100, "station": 2}
        np.testing.assert_allclose(ds.u.values[:, 0], np.arange(100) % 7, atol=1e-5)
