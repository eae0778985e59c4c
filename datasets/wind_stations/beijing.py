"""Makes `beijing.nc`, which ships with the package, from the columns on weather of the archive of the Beijing stations."""

from pathlib import Path

import numpy as np
import xarray as xr

from geodl.files import write_whole
from geodl.stations import attributes_of, wind_components

ARCHIVE = "beijing_multisite_met_2013-03-01_2016-08-31.npz"
# Of stations that share one series throughout, one.
STATIONS = ("Aotizhongxin", "Changping", "Dongsi", "Gucheng", "Huairou", "Shunyi", "Wanliu", "Wanshouxigong")
SECTOR = 22.5  # degrees
UNKNOWN = 255


def read_archive(path: Path) -> xr.Dataset:
    """Hourly weather (time, station) of eight stations, in SI units, NaN where missing."""
    with np.load(path) as archive:
        rows = [list(archive["station"]).index(name) for name in STATIONS]
        sector, *values = (archive[name][rows].T for name in ("wd_sector", "WSPM", "TEMP", "PRES", "DEWP", "RAIN"))
        time = archive["time"].astype("datetime64[ns]")
    speed, temperature, pressure, dew_point, rain = (value.astype("float64") for value in values)
    u, v = wind_components(speed, np.where(sector == UNKNOWN, np.nan, SECTOR * sector))
    variables = {"u": u, "v": v, "speed": speed, "temperature": temperature + 273.15, "pressure": 100 * pressure}
    variables |= {"dew_point": dew_point + 273.15, "rain": rain}
    ds = xr.Dataset(
        {name: (("time", "station"), field, attributes_of(name)) for name, field in variables.items()},
        {"time": time, "station": list(STATIONS)},
        {"title": "Hourly weather at eight stations of Beijing", "source": "UCI 501, Zhang et al. (2017), CC BY 4.0"},
    )
    return ds.astype("float32", keep_attrs=True)


def write_beijing(archive: Path, path: Path) -> None:
    """Writes the file that ships: rounded to what the stations report, so that it is small."""
    ds = read_archive(archive)
    steps = {"u": 1e-3, "v": 1e-3, "speed": 0.1, "temperature": 0.1, "dew_point": 0.1, "pressure": 10.0, "rain": 0.1}
    offsets = {"temperature": 273.15, "dew_point": 273.15, "pressure": 1e5}
    for name, step in steps.items():
        packing = {"dtype": "int16", "scale_factor": step, "add_offset": offsets.get(name, 0.0), "_FillValue": -32768}
        ds[name].encoding = {**packing, "zlib": True, "complevel": 9, "shuffle": True, "chunksizes": (ds.sizes["time"], 1)}
    write_whole(path, lambda temporary: ds.to_netcdf(temporary, engine="h5netcdf"))
