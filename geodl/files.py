"""Reading and writing files so that errors are clear and nothing is left half-written."""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xarray as xr

from geodl.errors import InputError

CALENDARS = ("standard", "gregorian", "proleptic_gregorian")


def read_netcdf(path: str | Path) -> xr.Dataset:
    """The dataset of a NetCDF file, in memory; a dimension `valid_time`, as in ERA5, is renamed `time`.

    Raises:
        InputError: no such file, neither NetCDF-4 / HDF5 nor NetCDF-3, or times of another calendar than the standard one.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"Expected a NetCDF file; there is no file {path}.")
    try:
        with path.open("rb") as file:
            engine = "scipy" if file.read(4) in (b"CDF\x01", b"CDF\x02") else "h5netcdf"
        with xr.open_dataset(path, engine=engine, decode_cf=False) as ds:
            ds.load()
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(f"Expected a NetCDF-4 or NetCDF-3 file; {path} cannot be read as one ({_reason(error)}).") from error
    for name, variable in ds.variables.items():
        if str(variable.attrs.get("calendar", "standard")).lower() not in CALENDARS:
            raise InputError(
                f"Expected dates of the standard calendar; {name} of {path} has {variable.attrs['calendar']}: "
                "convert it, as with xarray's convert_calendar."
            )
    try:
        ds = xr.decode_cf(ds).load()
    except (ValueError, OverflowError) as error:
        raise InputError(f"Expected variables and times as in the CF conventions in {path}; {_reason(error)}") from error
    return ds.rename(valid_time="time") if "valid_time" in ds.dims and "time" not in ds.variables else ds


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def read_observations(path: str | Path) -> xr.Dataset:
    """The dataset of a NetCDF file, of GRIB (`.grib`, `.grb`, `.grib2`, `.grb2`) or of a table (`.csv`, `.csv.gz`), in memory.

    A table of tracks of birds, which has a column for the bird, individual or trip, becomes trips; another one is of stations.

    Raises:
        InputError: what `read_netcdf`, `geodl.grib.read_grib`, `geodl.track_cutting.read_trips` and
            `geodl.stations.read_stations` refuse.
    """
    suffix = Path(str(path).removesuffix(".gz")).suffix.lower()
    if suffix in (".grib", ".grb", ".grib2", ".grb2"):
        from geodl.grib import read_grib

        return read_grib(path)
    if suffix == ".csv":
        from geodl.stations import read_stations
        from geodl.track_cutting import read_trips
        from geodl.tracks import is_track_table

        return read_trips(path) if is_track_table(path) else read_stations(path)
    return read_netcdf(path)


def read_table(path: str | Path, what: str, **options) -> pd.DataFrame:
    """The table in a CSV file, between commas, semicolons or tabs.

    Args:
        path: the file, possibly compressed (`.gz`).
        what: its rows are about, for messages.
        options: of `pandas.read_csv`.

    Raises:
        InputError: no such file, or not such a table.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"Expected a CSV file of {what}; there is no file {path}.")
    widths = {separator: len(_read_csv(path, sep=separator, nrows=0).columns) for separator in ",;\t"}
    return _read_csv(path, sep=max(widths, key=widths.get), **options)


def _read_csv(path: Path, **options) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            # Rows longer than the header, as decimal commas make them, would be cut.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, index_col=False, skipinitialspace=True, **options)
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        raise InputError(f"Expected a CSV file in UTF-8 with decimal points; {path} is not: {str(error).strip()}") from error


def writable(path: str | Path) -> Path:
    """The path of a file that can be written.

    Raises:
        InputError: the directory of `path` does not exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise InputError(f"Expected an existing directory to write {path.name} in; there is no {path.parent}.")
    return path


def write_whole(path: str | Path, write: Callable[[Path], object]) -> Path:
    """Writes a file by `write(temporary path)` and moves it to `path` when it is complete.

    Raises:
        InputError: the directory of `path` does not exist.
    """
    path = writable(path)
    with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        write(temporary)
        temporary.replace(path)
    return path


def write_netcdf(ds: xr.Dataset, path: str | Path) -> Path:
    """Writes a dataset as compressed NetCDF-4, complete or not at all."""
    encoding = {name: {"zlib": True, "complevel": 4} for name, field in ds.data_vars.items() if field.ndim > 1}
    return write_whole(path, lambda temporary: ds.to_netcdf(temporary, engine="h5netcdf", encoding=encoding))


def write_picture(figure, path: str | Path) -> Path:
    """Writes a figure of matplotlib, by default as PNG, complete or not at all, and closes it, which pyplot does not."""
    from matplotlib import pyplot as plt

    try:
        return write_whole(path, lambda file: figure.savefig(file, dpi=110, format=file.suffix[1:] or "png"))
    finally:
        plt.close(figure)
