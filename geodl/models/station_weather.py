"""Forecasts of a weather model at stations, on a grid or already there."""

import numpy as np
import xarray as xr

from geodl.errors import InputError
from geodl.models.base import Variable
from geodl.models.station_checks import HOUR, select_quantity
from geodl.models.station_features import LEADS
from geodl.stations import QUANTITIES

# What a weather model may tell, as `geodl.grib` names it, and which of the quantities of stations each is.
QUANTITY_OF = {"u10": "u", "v10": "v", "t2m": "temperature", "msl": "pressure"}
GRID = {"latitude": "lat", "longitude": "lon"}


def weather_at_stations(weather: xr.Dataset, stations: xr.Dataset, names: tuple[str, ...], times: np.ndarray) -> np.ndarray:
    """What a weather model forecasts at each of the times and one to six hours later: (time, station, 7, name).

    Between grid points and between times it is interpolated; beyond the grid it is NaN.

    Args:
        weather: variables `names` (time, lat, lon), as `geodl.grib.read_grib` gives them, or (time, station), at valid times.
        stations: with coordinates `latitude` and `longitude` (station,), or `station` for a weather model that is there.
        names: some of u10, v10 (m s-1), t2m (K) and msl (Pa).
        times: (time,), datetime64, from which forecasts start.

    Raises:
        InputError: a variable is missing, or has other dimensions or units, or implausible values at the stations; stations
            that have no place; times that the weather model does not cover.

    Example:
        >>> hours = np.datetime64("2020-01-01T00", "ns") + np.arange(7) * np.timedelta64(1, "h")
        >>> wind = np.broadcast_to(np.arange(3.0), (7, 2, 3))
        >>> weather = xr.Dataset({"u10": (("time", "lat", "lon"), wind)}, {"time": hours, "lat": [48, 47], "lon": [0, 1, 2]})
        >>> stations = xr.Dataset(coords={"latitude": ("station", [47.5]), "longitude": ("station", [1.5])})
        >>> print(weather_at_stations(weather, stations, ("u10",), hours[:1]).ravel())
        [1.5 1.5 1.5 1.5 1.5 1.5 1.5]
    """
    weather = weather.rename({name: short for name, short in GRID.items() if name in weather.dims})
    dims = (("time", "lat", "lon"), ("time", "station"))
    anything = (-np.inf, np.inf)  # far from the stations
    fields = xr.merge([Variable(name, dims, QUANTITIES[QUANTITY_OF[name]][0], anything).select(weather) for name in names])
    if not (np.issubdtype(fields.time.dtype, np.datetime64) and (np.diff(fields.time.values) > np.timedelta64(0)).all()):
        raise InputError("Expected a weather model at increasing times, dates at which it is valid; found others: sort them.")
    # Interpolation wants times of one resolution.
    fields, times = fields.assign_coords(time=fields.time.astype("datetime64[ns]")), times.astype("datetime64[ns]")
    valid = times[:, None] + np.arange(LEADS + 1) * HOUR
    wanted = np.unique(valid)
    if not (fields.time.min() <= wanted[0] and wanted[-1] <= fields.time.max()):
        first, last = (str(time)[:16] for time in fields.time.values[[0, -1]])
        found = f"found {first} to {last}: give its latest run"
        raise InputError(f"Expected a weather model from {str(wanted[0])[:16]} to {str(wanted[-1])[:16]}; {found}.")
    if "station" in fields.dims:
        if not ("station" in fields.coords and "station" in stations.coords):
            raise InputError("Expected a coordinate `station` of the weather model and of the observations: name the stations.")
        fields = fields.reindex(station=stations.station).interp(time=wanted)
    else:
        fields = _at_places(fields, stations).interp(time=wanted)
    series = np.stack([select_quantity(fields, name, QUANTITY_OF[name]).values for name in names], axis=-1)
    return np.moveaxis(series[np.searchsorted(wanted, valid)], 1, 2)


def _at_places(grid, stations):
    """The grid, whose longitudes begin anywhere, interpolated to the stations."""
    if not set(GRID) <= set(stations.coords) or not all(np.isfinite(stations[name]).all() for name in GRID):
        raise InputError("Expected latitude and longitude of each station, to find it on the weather model's grid: add them.")
    longitudes, columns = np.unique(grid.lon.values.astype("float64") % 360, return_index=True)
    gaps = np.diff(longitudes, prepend=longitudes[-1] - 360)
    # Eastward from the widest gap, so that the seam of the axis is no gap.
    first = gaps.argmax()
    eastward = lambda degrees: (degrees % 360 - longitudes[first]) % 360  # noqa: E731
    east, columns = eastward(np.roll(longitudes, -first)), np.roll(columns, -first)
    if gaps.max() < min(1.5 * gaps.min(), 360):  # around the earth
        east, columns = np.append(east, 360), np.append(columns, columns[0])
    places = {"lat": ("station", stations.latitude.values), "lon": ("station", eastward(stations.longitude.values))}
    return grid.isel(lon=columns).assign_coords(lon=east).interp(places)
