"""What all interpolation of fields with gaps shares: its input and output, as xarray."""

import dataclasses
import warnings

import numpy as np
import xarray as xr

from geodl.errors import InputError
from geodl.models.base import GeoModel, Variable
from geodl.models.field import Field
from geodl.units import factor

NAMES = ("SPM", "adt")  # read where no variable is named
GRIDS = (("y", "x"), ("lat", "lon"), ("latitude", "longitude"))
DAY = np.timedelta64(1, "D")
# Of so many days with observations, a pixel that is seen on none is land.
DAYS_THAT_SHOW_LAND = 60
# A concentration is log-normal: what is interpolated is its logarithm. Without units, it has one of these names.
CONCENTRATIONS = ("spm", "tsm", "chl", "chlor_a")
# Over the variance in time: without any noise an analysis does not converge.
LEAST_NOISE = 1e-3
LARGEST = 1e30  # beyond are fill values that the file does not declare


class FieldInterpolator(GeoModel):
    """A series of daily fields with gaps → the fields everywhere on sea, with their standard deviation.

    Subclasses define `analyse(field)`: `Field` → mean and standard deviation (day, y, x); a method that does not know its error
    gives NaN.

    `predict(ds, variable=None)` reads one variable, by default `SPM` or `adt` or the only one on a grid, with dimensions
    (time, lat, lon), any number of days from one up, also days without any observation. It returns the variable filled, and
    `<variable>_standard_deviation`: of the logarithm to base 10, where the variable is a concentration, as its units tell, or
    without units a name such as `SPM`. Sea is where the variable `mask` is 1, at any time if it has times; without `mask`, all
    pixels but those that are never seen in 60 observed days or more.
    """

    theme = "interpolation"
    input_variable = Variable(
        "SPM or adt", tuple(("time", *grid) for grid in GRIDS), units="of the variable", valid_range=(-np.inf, np.inf)
    )

    def analyse(self, field: Field) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (day, y, x) of a field, in its units or of its logarithm."""
        raise NotImplementedError(f"{type(self).__name__} does not define `analyse`.")

    def predict(self, x, variable: str | None = None, **options):
        """Fills the gaps of an `xarray.Dataset`; arrays are treated as in Keras.

        Raises:
            InputError: no such variable, other dimensions, times that repeat or share a day, no valid value on sea at all,
                values that are all the same, or fill values that are not declared.
        """
        if not isinstance(x, xr.Dataset):
            return super().predict(x, **options)
        field = self.encode(x, variable)
        return self.decode(dict(zip(("mean", "deviation"), self.analyse(field, **options), strict=True)), x, field)

    def encode(self, ds: xr.Dataset, variable: str | None = None) -> Field:
        array = series_of(ds, variable)
        logarithmic = _is_concentration(array)
        values = array.values.astype("float64")
        values[~np.isfinite(values)] = np.nan
        if (np.abs(values) > LARGEST).any():
            raise InputError(f"Expected missing values of {array.name} as NaN; found {np.nanmax(np.abs(values)):g}: mask them.")
        if logarithmic:
            refused = int((values <= 0).sum())
            if refused:
                warnings.warn(f"{refused} values of {array.name} are zero or negative, which no concentration is: masked.",
                              stacklevel=3)  # fmt: skip
            values = np.log10(np.where(values > 0, values, np.nan))
        seen = np.isfinite(values)
        sea = _sea(ds, array, seen)
        known = values[seen & sea]
        if not known.size:
            raise InputError(f"Expected some valid values of {array.name} on sea; found none.")
        if np.ptp(known) == 0:
            raise InputError(f"Expected values of {array.name} that differ; all are {array.values[seen & sea][0]:g}.")
        days = _days(array)
        series = np.full((days.max() + 1, *values.shape[1:]), np.nan, "float32")
        series[days] = values
        rows, columns = (_coordinate(array, dim) for dim in array.dims[1:])
        units = str(array.attrs.get("units", ""))
        return Field(str(array.name), series, sea, days, logarithmic, (rows, columns), units)

    def with_truth(self, ds: xr.Dataset, variable: str | None = None) -> tuple[Field, np.ndarray | None]:
        """A field, and the variable `truth` of the dataset in the same form (day, y, x), NaN on land; None without it."""
        field = self.encode(ds.drop_vars("truth", errors="ignore"), variable)
        if "truth" not in ds:
            return field, None
        told = str(ds.truth.attrs.get("units", ""))
        size = factor(told, field.units) if told and field.units else 1.0
        if size is None:
            raise InputError(f"Expected `truth` in {field.units}, as {field.name}; found {told}.")
        truth = self.encode(ds.assign({field.name: (size * ds.truth).assign_attrs(ds[field.name].attrs)}), field.name)
        return field, np.where(field.sea, truth.values, np.nan)

    def series(self, ds: xr.Dataset, variable: str | None = None) -> tuple[Field, np.ndarray, float | None]:
        """What is learned from a dataset: grid and units, a series (day, y, x), NaN where missing, and the variance of errors.

        The series is `truth`, where the dataset has it, or else what is observed, whose errors are not known. It is the
        logarithm to base 10 of a concentration, NaN on land.

        Raises:
            InputError: what `predict` refuses, or truth that is nowhere observed.
        """
        field, truth = self.with_truth(ds, variable)
        learned = dataclasses.replace(field, values=field.values[:0])
        if truth is None:
            return learned, np.where(field.sea, field.values, np.nan), None
        errors = field.values - truth
        if not np.isfinite(errors).any():
            raise InputError(f"Expected some values of {field.name} where `truth` is known; found none.")
        least = LEAST_NOISE * np.nanvar(truth[:, field.sea], axis=0).mean()
        return learned, truth, float(max(np.nanvar(errors), least))

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset, field: Field) -> xr.Dataset:
        array, series = ds[field.name], series_of(ds, field.name)
        order = series.dims
        mean, deviation = (np.where(field.sea, fields[name][field.days], np.nan) for name in ("mean", "deviation"))
        if field.logarithmic:
            mean = 10.0**mean
        of = "the logarithm to base 10 of " if field.logarithmic else ""
        units = "1" if field.logarithmic else array.attrs.get("units", "1")
        attributes = {"long_name": f"standard deviation of {of}{field.name}", "units": units}
        variables = {field.name: (order, mean.astype("float32"), array.attrs)}
        if np.isfinite(deviation).any():
            variables[f"{field.name}_standard_deviation"] = (order, deviation.astype("float32"), attributes)
        found = xr.Dataset(variables, series.coords, {**ds.attrs, "Conventions": "CF-1.11"})
        return found.squeeze("time") if "time" not in array.dims else found.transpose(*array.dims, ...)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2)


def series_of(ds: xr.Dataset, variable: str | None) -> xr.DataArray:
    """A variable, its dimensions in the order time, rows, columns; a single field becomes a series of one.

    Raises:
        InputError: no such variable, several of them and none named, other dimensions, or no numbers.
    """
    gridded = {str(name): grid for name, array in ds.data_vars.items() for grid in GRIDS if {*array.dims} - {"time"} == {*grid}}
    if variable is None:
        named = [name for name in NAMES if name in gridded] or [name for name in gridded if name not in ("mask", "truth")]
        if len(named) != 1:
            raise InputError(
                f"Expected one variable with dimensions (time, lat, lon), or its name; found {sorted(gridded) or 'none'}."
            )
        variable = named[0]
    if variable not in ds:
        raise InputError(f"Expected a variable {variable!r}; the dataset has {sorted(map(str, ds.data_vars))}.")
    if variable not in gridded:
        raise InputError(f"Expected {variable} with dimensions (time, lat, lon) or (time, y, x); found {ds[variable].dims}.")
    array = ds[variable]
    if not np.issubdtype(array.dtype, np.number):
        raise InputError(f"Expected numbers in {variable}; found values of type {array.dtype}.")
    array = array if "time" in array.dims else array.expand_dims("time")
    return array.transpose("time", *gridded[variable])


def _is_concentration(array: xr.DataArray) -> bool:
    units = array.attrs.get("units", "")
    if not units and str(array.name).lower() in CONCENTRATIONS:
        return not bool((array <= 0).any())  # else they may be logarithms
    return factor(units, "g m-3") is not None or array.attrs.get("standard_name", "").startswith("mass_concentration")


def _days(array: xr.DataArray) -> np.ndarray:
    """Place of each time among the days from the first to the last one."""
    if array.sizes["time"] == 1:
        return np.zeros(1, int)
    if "time" not in array.coords:
        raise InputError(f"Expected a coordinate `time` for {array.name}; the dataset has none.")
    times = array.time.values
    if not np.issubdtype(times.dtype, np.datetime64):
        raise InputError(f"Expected dates in the coordinate `time`; found values of type {times.dtype}.")
    if len(np.unique(times)) < len(times):
        raise InputError("Expected distinct values of `time`; some times are repeated.")
    days = (times - times.min() + DAY // 2) // DAY
    if len(np.unique(days)) < len(days):
        raise InputError(f"Expected one field a day; found {len(days)} times in {len(np.unique(days))} days.")
    return days.astype(int)


def _coordinate(array: xr.DataArray, dim: str) -> np.ndarray:
    return array[dim].values.astype("float64") if dim in array.coords else np.arange(array.sizes[dim], dtype="float64")


def _sea(ds: xr.Dataset, array: xr.DataArray, seen: np.ndarray) -> np.ndarray:
    if "mask" in ds and {*ds.mask.dims} - {"time"} == {*array.dims[1:]}:
        sea = ds.mask == 1
        sea = sea.any("time") if "time" in sea.dims else sea
        return sea.transpose(*array.dims[1:]).values
    observed = seen[seen.any(axis=(1, 2))]
    return observed.any(axis=0) if len(observed) >= DAYS_THAT_SHOW_LAND else np.ones(seen.shape[1:], bool)
