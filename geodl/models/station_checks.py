"""What a dataset of stations must be, before a model reads it."""

import numpy as np
import xarray as xr

from geodl.errors import InputError, check_fitted
from geodl.models.base import Variable
from geodl.stations import QUANTITIES

HOUR = np.timedelta64(1, "h")


def select_quantity(ds: xr.Dataset, name: str, quantity: str | None = None) -> xr.DataArray:
    """A variable (time, station) of a dataset that is one of the `QUANTITIES`, by default that of its name.

    Raises:
        InputError: it is missing, or has other dimensions, other units or values that weather never has.
    """
    units, _, low, high = QUANTITIES[quantity or name]
    return Variable(name, (("time", "station"),), units, (low, high), samples=False).select(ds)


def check_times(ds: xr.Dataset, step: np.timedelta64, name: str) -> None:
    """Raises an InputError unless the times are `step` apart, in words `name`: "6-minute", "hourly" or "daily"."""
    if "time" not in ds.coords or not np.issubdtype(ds.time.dtype, np.datetime64):
        raise InputError(f"Expected a coordinate `time` of dates, {name}.")
    steps = np.diff(ds.time.values)
    if len(steps) and (steps != step).any():
        wrong = steps[steps != step][0] / HOUR
        raise InputError(
            f"Expected {name} times, in order; found a step of {wrong:g} h: fill missing ones with NaN, or resample."
        )


def check_stations(model, learned: int | None, found: int) -> None:
    """Raises an InputError unless a model has learned from as many stations, `None` before it has, as it is given now."""
    check_fitted(model, learned is not None)
    if learned != found:
        expected = f"Expected as many stations as {type(model).__name__} has learned from, {learned}"
        raise InputError(f"{expected}; found {found}: call `estimate` with their past.")
