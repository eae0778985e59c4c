"""Reading and writing files so that errors are clear and nothing is left half-written."""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xarray as xr

from geodl.errors import InputError


def read_netcdf(path: str | Path) -> xr.Dataset:
    """The dataset of a NetCDF-4 file, in memory.

    Raises:
        InputError: no such file, or not NetCDF-4 / HDF5.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"Expected a NetCDF file; there is no file {path}.")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as ds:
            return ds.load()
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"Expected a NetCDF-4 file; {path} cannot be read as one ({reason}).") from error


def read_observations(path: str | Path) -> xr.Dataset:
    """The dataset of a NetCDF-4 file, of a GRIB file (`.grib`, `.grb`, `.grib2`) or of a table (`.csv`, `.csv.gz`), in memory.

    A table of tracks of birds, which has a column for the bird, individual or trip, becomes trips; another one is of stations.

    Raises:
        InputError: what `read_netcdf`, `geodl.grib.read_grib`, `geodl.track_cutting.read_trips` and
            `geodl.stations.read_stations` refuse.
    """
    suffix = Path(str(path).removesuffix(".gz")).suffix.lower()
    if suffix in (".grib", ".grb", ".grib2"):
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
