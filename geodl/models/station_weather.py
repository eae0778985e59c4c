"""Forecasts of a weather model at stations, on a grid or already there."""

import numpy as np
import xarray as xr

from geodl.errors import InputError
from geodl.models.station_checks import HOUR, select_quantity
from geodl.models.station_features import LEADS

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
        InputError: a variable is missing, or has other dimensions, units or values; stations that have no place; times that the
            weather model does not cover.

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
    fields = xr.merge([select_quantity(weather, name, QUANTITY_OF[name], dims) for name in names])
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
        fields = fields.interp(time=wanted, **_places(fields, stations))
    series = np.stack([fields[name].transpose("time", "station").values for name in names], axis=-1)
    return np.moveaxis(series[np.searchsorted(wanted, valid)], 1, 2)


def _places(grid, stations):
    """Latitude and longitude of the stations, on a grid whose longitudes begin anywhere."""
    if not set(GRID) <= set(stations.coords) or not all(np.isfinite(stations[name]).all() for name in GRID):
        raise InputError("Expected latitude and longitude of each station, to find it on the weather model's grid: add them.")
    west = float(grid.lon.min())
    longitude = (stations.longitude.values - west) % 360 + west
    return {"lat": ("station", stations.latitude.values), "lon": ("station", longitude)}
