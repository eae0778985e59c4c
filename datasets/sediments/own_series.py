"""A series of fields from files of the user's own."""

from pathlib import Path

import numpy as np
import xarray as xr

from geodl.errors import InputError
from geodl.files import read_netcdf
from geodl.flags import refuse_flags
from geodl.models.field_interpolator import series_of

FEWEST = 10  # days that are split
TRAINING, VALIDATION = 0.6, 0.8  # end of their days, as a share of the series


def read_series(files: list[Path], variable: str | None, flags: str | None, refused: tuple[str, ...]) -> xr.Dataset:
    """One variable (time, y, x) in order of time, NaN where one of the refused flags is set, and `mask` if the files have it.

    Raises:
        InputError: no such variable, dimensions or flags; files of different grids or of the same times.
    """
    read = []
    for file in files:
        ds = read_netcdf(file)
        name = str(series_of(ds, variable).name)
        if flags is not None:
            ds = refuse_flags(ds, name, flags, list(refused))
        read.append(series_of(ds, name).to_dataset().assign({key: ds[key] for key in ("mask",) if key in ds}))
    try:
        series = xr.concat(read, "time", data_vars="minimal", join="exact", combine_attrs="override")
    except ValueError as error:
        raise InputError(f"Expected files on one grid; found others: {str(error).splitlines()[0]}") from error
    times = series.time.values
    if len(np.unique(times)) < len(times):
        raise InputError(f"Expected distinct times; {len(times) - len(np.unique(times))} are repeated.")
    return series.sortby("time")


def splits_of(days: int) -> dict[str, tuple[int, int]]:
    """Training, validation and test in order of time; of fewer than ten days all are for the test."""
    if days < FEWEST:
        return {"test": (0, days)}
    first, second = int(TRAINING * days), int(VALIDATION * days)
    return {"train": (0, first), "validation": (first, second), "test": (second, days)}
