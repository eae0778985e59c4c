"""What all forecasts of wind fields share: their input and output, as arrays and as xarray."""

import warnings

import keras
import numpy as np
import xarray as xr
from keras import ops
from scipy import ndimage

from geodl.errors import InputError
from geodl.models.base import Variable
from geodl.models.gridded import GriddedModel

PAST, FUTURE = 6, 6
HOUR = np.timedelta64(1, "h")
CHANNELS = 2 * PAST + 4
MEAN_RADIUS = 6_371_000.0  # m, of the earth
GRIDS = (("lat", "lon"), ("latitude", "longitude"))
FASTEST = 75.0  # m s-1, a component of the wind at 10 m

WIND = tuple(
    Variable(name, tuple(("time", *grid) for grid in GRIDS), units="m s-1", valid_range=(-FASTEST, FASTEST))
    for name in ("u10", "v10")
)
STATIC = (
    Variable("orography", GRIDS, units="m", valid_range=(-500.0, 9000.0)),
    Variable("land_sea_mask", GRIDS, units="1", valid_range=(0.0, 1.0)),
)
ATTRIBUTES = {
    "u10": {"standard_name": "eastward_wind", "units": "m s-1"},
    "v10": {"standard_name": "northward_wind", "units": "m s-1"},
    "ws": {"standard_name": "wind_speed", "units": "m s-1"},
}


@keras.saving.register_keras_serializable(package="geodl")
class WindFieldForecaster(GriddedModel):
    """Six hourly fields of the wind at 10 m → the wind of the next six hours.

    Subclasses define `call(samples)`: (batch, 16, y, x) → wind (batch, 6, y, x, 2), u10 then v10, in m s⁻¹. The channels of a
    sample are u10 at six hours, v10 at six hours, relief (m), land (1) or sea (0), and the metres from one row to the next one,
    counted to the north, and from one column to the next one, to the east.

    `predict(ds)` reads `u10` and `v10` (time, lat, lon), optionally with a leading `sample`, at the six hours that end with the
    last time of `ds`, and `orography` and `land_sea_mask` (lat, lon) where they are there: without them, all is flat sea. Gaps
    are filled, with a warning: from the hours before, else after, else from the nearest point. It returns `u10`, `v10` and
    the speed `ws` at the six hours that follow, NaN where none of the six hours has a wind.

    Raises:
        InputError: from `predict`: `u10` or `v10` are missing, or have other dimensions, other units, implausible values or no
            value at all; hours that are missing or repeat; a grid that is not in order; relief or land of another shape or
            range.
    """

    theme = "forecasting"
    input_variable = WIND[0]
    multiple = 1

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)  # half precision would round the wind to .03 m/s

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        ds = ds.isel(_turns(WIND[0].select(ds)))
        u, v = _components(ds)
        hours = last_hours(u)
        values = np.stack([field.values for field in (u, v)], axis=-4)  # components before time
        wind = (values if "sample" in u.dims else values[None])[:, :, hours]
        count, _, _, height, width = wind.shape
        wind = _filled(wind).reshape(count, 2 * PAST, height, width)
        rest = np.stack(np.broadcast_arrays(*(_static(ds, variable, wind) for variable in STATIC), *_spacing(u)))
        return np.concatenate([wind, np.broadcast_to(rest, (count, 4, height, width))], axis=1).astype("float32")

    def pairs(self, ds: xr.Dataset, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """All samples of a series (time, lat, lon) or of several (sample, time, lat, lon), and the six hours that follow each.

        Gaps of the past are filled, as by `predict`; a future that has some is left out.

        Raises:
            InputError: what `predict` refuses, or no twelve hours of which the last six are known.
        """
        ds = ds.isel(_turns(WIND[0].select(ds))).sortby("time")
        last_hours(WIND[0].select(ds))
        wind = np.stack([component.values for component in _components(ds)], axis=-1)
        wind = wind if "sample" in ds.u10.dims else wind[None]
        hourly = np.abs(np.diff(ds.time.values) - HOUR) <= np.timedelta64(1, "m")
        samples, futures = [], []
        for first in range(len(hourly) - PAST - FUTURE + 2):
            future = wind[:, first + PAST : first + PAST + FUTURE]
            whole = np.isfinite(future).all(axis=(1, 2, 3, 4))
            if hourly[first : first + PAST + FUTURE - 1].all() and whole.any():
                samples.append(self.encode(ds.isel(time=slice(first, first + PAST)))[whole])
                futures.append(future[whole])
        if not samples:
            raise InputError(f"Expected {PAST + FUTURE} hourly fields in a row, the last {FUTURE} without gaps; found none.")
        return np.concatenate(samples), np.concatenate(futures).astype("float32")

    def summarise(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        u, v = np.moveaxis(np.asarray(outputs, "float32"), -1, 0)
        return {"u10": u, "v10": v, "ws": np.hypot(u, v)}

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        u, v = (variable.select(ds) for variable in WIND)
        last = u.time.values.max()
        coordinates = {name: c for name, c in u.coords.items() if "time" not in c.dims and name != "time"}
        coordinates["time"] = ("time", last + HOUR * np.arange(1, FUTURE + 1), {"standard_name": "time"})
        if np.issubdtype(last.dtype, np.datetime64):
            coordinates["forecast_reference_time"] = ((), last, {"standard_name": "forecast_reference_time"})
        known = (u.notnull() & v.notnull()).isel(time=last_hours(u)).any("time").values
        known = np.expand_dims(known, -3)
        turned = (..., *(_turns(u).get(dim, slice(None)) for dim in u.dims[-2:]))
        variables = {}
        for name, values in fields.items():
            values = (values if "sample" in u.dims else values[0])[turned]
            variables[name] = (u.dims, np.where(known, values, np.float32(np.nan)), ATTRIBUTES[name])
        return xr.Dataset(variables, coordinates, {**ds.attrs, "Conventions": "CF-1.11"})

    def compute_output_shape(self, input_shape):
        batch, _, height, width = input_shape
        return (batch, FUTURE, height, width, 2)

    def compute_output_spec(self, samples, training=None):
        return keras.KerasTensor(self.compute_output_shape(samples.shape), dtype=self.variable_dtype)


def _components(ds: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """u10 and v10, on the same dimensions."""
    u, v = (variable.select(ds) for variable in WIND)
    if u.dims != v.dims:
        raise InputError(f"Expected the dimensions of u10 for v10, {u.dims}; found {v.dims}.")
    return u, v


def wind_of(samples):
    """Wind (batch, 6, y, x, 2) of samples (batch, 16, y, x)."""
    return ops.stack([samples[:, :PAST], samples[:, PAST : 2 * PAST]], axis=-1)


def static_of(samples):
    """Relief, in m, and land or sea (batch, y, x, 2) of samples (batch, 16, y, x)."""
    return ops.moveaxis(samples[:, 2 * PAST : 2 * PAST + 2], 1, -1)


def spacing_of(samples):
    """Metres between rows, to the north, and columns, to the east (batch, y, x, 2), of samples (batch, 16, y, x)."""
    return ops.moveaxis(samples[:, 2 * PAST + 2 :], 1, -1)


def last_hours(field: xr.DataArray) -> np.ndarray:
    """Indices in `field` of the six hours that end with its last time.

    Raises:
        InputError: there is no time coordinate, times repeat, or one of the hours is missing.
    """
    if "time" not in field.coords or field.time.dtype.kind not in "mM":
        raise InputError(f"Expected dates in a coordinate `time` of {field.name}; found none.")
    times = field.time.values
    if len(times) < PAST:
        raise InputError(f"Expected at least {PAST} hourly fields of {field.name}; found {len(times)}.")
    if len(np.unique(times)) < len(times):
        raise InputError("Expected distinct values of `time`; some times are repeated.")
    wanted = times.max() - HOUR * np.arange(PAST - 1, -1, -1)
    distance = np.abs(times[:, None] - wanted)
    absent = distance.min(axis=0) > np.timedelta64(1, "m")  # dates decoded from fractions of a day are not exact
    if absent.any():
        steps = ", ".join(f"{step / HOUR:g}" for step in np.unique(np.diff(np.sort(times))))
        lags = ", ".join(f"{lag:g}" for lag in (times.max() - wanted[absent]) / HOUR)
        raise InputError(
            f"Expected {PAST} fields one hour apart, up to the last one; there is none {lags} hours before it. "
            f"Steps of `time` are {steps} hours."
        )
    return distance.argmin(axis=0)


def _filled(wind: np.ndarray) -> np.ndarray:
    """Wind (sample, component, time, y, x) without gaps: from hours before, else after, else from the nearest point."""
    known = np.isfinite(wind).all(axis=1)
    if known.all():
        return wind
    if not known.any(axis=(1, 2, 3)).all():
        raise InputError("Expected some wind in each sample; all values of u10 or of v10 are missing.")
    warnings.warn(
        f"{1 - known.mean():.1%} of the wind is missing: filled from the hours before, else after, else the nearest point.",
        stacklevel=4,
    )
    wind = wind.copy()
    hours = range(1, PAST)
    for now, other in [(hour, hour - 1) for hour in hours] + [(PAST - 1 - hour, PAST - hour) for hour in hours]:
        taken = ~known[:, now] & known[:, other]
        wind[:, :, now] = np.where(taken[:, None], wind[:, :, other], wind[:, :, now])
        known[:, now] |= taken
    for sample, seen in zip(wind, known[:, 0], strict=True):
        rows, columns = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
        sample[:] = sample[..., rows, columns]
    return wind


def _static(ds: xr.Dataset, variable: Variable, wind: np.ndarray) -> np.ndarray:
    """A static field (y, x), 0 where missing."""
    if variable.name not in ds:
        return np.zeros(wind.shape[-2:])
    values = np.nan_to_num(variable.select(ds).values)
    if values.shape != wind.shape[-2:]:
        raise InputError(f"Expected {variable.name} of shape {wind.shape[-2:]}, as the wind; found {values.shape}.")
    return values


def _turns(field: xr.DataArray) -> dict[str, slice]:
    """What turns rows and columns that do not go from north to south, and from west to east, as a network has learned them."""
    wanted = dict(zip(field.dims[-2:], (-1, 1), strict=True))
    ends = {dim: field[dim].values[:2].astype("float64") for dim in wanted if dim in field.coords}
    steps = {dim: np.diff(np.unwrap(pair, period=360.0)) for dim, pair in ends.items()}
    return {dim: slice(None, None, -1) for dim, step in steps.items() if (wanted[dim] * step < 0).any()}


def _spacing(field: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Metres from a row to the next one, to the north (y, 1), and from a column to the next one, to the east (y, x)."""
    lines = []
    for dim in field.dims[-2:]:
        if dim not in field.coords:
            raise InputError(f"Expected a coordinate `{dim}` in degrees; the dataset has none.")
        line = np.unwrap(field[dim].values.astype("float64"), period=360.0)
        steps = np.diff(line)
        if len(line) < 2 or not (np.all(steps > 0) or np.all(steps < 0)):
            raise InputError(f"Expected two values of `{dim}` or more, in order; found {field[dim].values}.")
        lines.append(np.radians(line))
    lat, lon = lines
    # At the poles columns meet: a floor keeps their distance from vanishing.
    parallel = np.maximum(np.cos(lat), 0.01)[:, None]
    return MEAN_RADIUS * np.gradient(lat)[:, None], MEAN_RADIUS * parallel * np.gradient(lon)
