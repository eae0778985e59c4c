"""What all forecasts of the wind at stations share: their input and output, as xarray."""

import warnings

import keras
import numpy as np
import xarray as xr

from geodl.errors import InputError
from geodl.models.base import GeoModel, Variable
from geodl.models.station_checks import check_times, select_quantity
from geodl.models.station_features import LEADS, MEMORY, VARIABLES, hourly_series
from geodl.models.station_weather import weather_at_stations
from geodl.stations import attributes_of, wind_direction

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@keras.saving.register_keras_serializable(package="geodl")
class WindStationForecaster(GeoModel):
    """The past weather of a network of stations, hourly or every `step` minutes → the wind at each in the next six hours.

    Subclasses define `forecast(values, times, hours, levels)`: values (time, station, variable), those of `VARIABLES`, NaN
    where missing → forecasts from the hours `hours` (increasing indices of times): {"wind": (hour, station, lead, 2), mean of
    u and v; "speed": (hour, station, lead), its mean; if known also "wind_deviation", of the shape of "wind",
    "quantiles": (hour, station, lead, n), of the speed at the probabilities `levels`, and with `members` also "samples":
    (member, hour, station, lead, 2), winds}. Those with `covariates` also take `weather` (hour, station, 7, covariate), what a
    weather model has forecast for each of the hours and the six that follow, NaN where it has not.

    `predict(ds)` reads `u`, `v` (time, station) and, where given, `speed`, `temperature`, `dew_point` (K), `pressure` (Pa) and
    `rain` (kg m-2 a time step): any number of stations, the last day at least, up to `memory` hours are used. Of finer times
    means, and sums of rain, over `step` minutes up to the last time are taken, with a warning. It returns at the times that
    follow `u`, `v`, their standard deviations, `speed` with its quantiles, and the `direction` of the mean wind; with
    `members`, of forecasters that draw winds, also `u_member` and `v_member` (member, time, station), which go together as the
    winds of different times and stations do.
    """

    theme = "forecasting"
    step, leads = 60, LEADS  # minutes between two times; times that are forecast
    covariates = ()  # of a weather model, that it reads
    memory = MEMORY  # hours of the past that are used at most
    input_variable = Variable("u", (("time", "station"),), units="m s-1", valid_range=(-60, 60))

    def forecast(self, values, times, hours, levels=QUANTILES, members: int = 0) -> dict[str, np.ndarray]:
        """Forecasts from each of the hours."""
        raise NotImplementedError(f"{type(self).__name__} does not define `forecast`.")

    def predict(self, x, weather: xr.Dataset | None = None, members: int = 0, **options):
        """Forecasts from the last time of an `xarray.Dataset`; arrays are treated as in Keras.

        Args:
            x: weather of the past at the stations.
            weather: what a weather model forecasts, on a grid or at the stations, as `weather_at_stations` reads it; for models
                with `covariates`, which also forecast without.
            members: winds to draw, of models that draw some.
            options: of Keras, for arrays.

        Raises:
            InputError: u or v are missing, have other dimensions, other units or implausible values, or no value at all in the
                last day; times that are neither `step` minutes apart nor a part of them; a weather model that is not what
                `weather_at_stations` expects, that covers no station, or that was not asked for; members of a model that draws
                none.

        Warns of stations that the weather model does not cover.
        """
        if not isinstance(x, xr.Dataset):
            return super().predict(x, **options)
        values = self.encode(x)
        self.check_weather(weather)
        if weather is not None:
            options["weather"] = self._covering(weather, x)
        fields = self.forward(values, times=self.times(x, len(values)), members=members, **options)
        if members and "samples" not in fields:
            raise InputError(f"Expected no members; {type(self).__name__} draws no winds: leave them out.")
        return self.decode(fields, x)

    def check_weather(self, weather: xr.Dataset | None) -> None:
        """Raises an InputError if a weather model is given to a model that reads none."""
        if weather is not None and not self.covariates:
            raise InputError("Expected no weather model; this model was trained without: leave it out.")

    def _covering(self, weather, ds):
        found = weather_at_stations(weather, ds, self.covariates, ds.time.values[-1:])
        known = np.isfinite(found).all(axis=(0, 2, 3))
        if not known.any():
            raise InputError(
                "Expected a weather model that covers the stations; it has values at none: give one of their region."
            )
        if not known.all():
            missing = ", ".join(map(str, ds.station.values[~known]))
            warnings.warn(f"The weather model lacks values at the stations {missing}: they are forecast without.", stacklevel=3)
        return found

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        an_hour = 60 // self.step
        values = self.series(ds, last=self.memory * an_hour)
        if not np.isfinite(values[-24 * an_hour :, :, :2]).all(axis=-1).any():
            raise InputError("Expected some wind in the last 24 hours; u and v are missing at every station.")
        return values

    def series(self, ds: xr.Dataset, last: int = 0) -> np.ndarray:
        """`VARIABLES` (time, station, variable) at so many last times of a valid dataset, or at all; NaN where missing."""
        fields = {name: select_quantity(ds, name) for name in VARIABLES if name in ("u", "v") or name in ds}
        every = self._times_in_a_step(ds)
        values = {name: field.values[-last * every :].astype("float64") for name, field in fields.items()}
        speed = np.hypot(values["u"], values["v"])
        values["speed"] = np.where(np.isfinite(values.get("speed", speed)), values.get("speed", speed), speed)
        series = np.stack([values.get(name, np.full(speed.shape, np.nan)) for name in VARIABLES], axis=-1)
        return hourly_series(series, ds.time.values[-last * every :], np.array([len(series) - 1]), every)[0]

    def times(self, ds: xr.Dataset, count: int) -> np.ndarray:
        """So many times, a step of the model apart, up to the last one of a dataset."""
        return ds.time.values[-1] - self._interval * np.arange(count)[::-1]

    def _times_in_a_step(self, ds: xr.Dataset) -> int:
        """How many times of the dataset are in a time step of the model."""
        name = "hourly" if self.step == 60 else f"{self.step}-minute"
        steps = np.diff(ds.time.values[:2]) if "time" in ds.coords and ds.time.dtype.kind == "M" else []
        finer = len(steps) and np.timedelta64(0) < steps[0] < self._interval and self._interval % steps[0] == np.timedelta64(0)
        check_times(ds, steps[0] if finer else self._interval, name)
        if not finer:
            return 1
        minutes = steps[0] / np.timedelta64(1, "m")
        warnings.warn(f"Times {minutes:g} minutes apart are averaged to {name} ones, up to the last one.", stacklevel=4)
        return int(self._interval / steps[0])

    @property
    def _interval(self):
        return np.timedelta64(self.step, "m")

    def forward(self, samples: np.ndarray, times: np.ndarray, **options) -> dict[str, np.ndarray]:
        return self.forecast(samples, times, np.array([len(samples) - 1]), **options)

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        dims, samples = ("time", "station"), fields.pop("samples", None)
        # (1, station, lead, …) to (lead, station, …).
        found = {name: np.moveaxis(values[0], 1, 0).astype("float32") for name, values in fields.items()}
        variables = {name: (dims, found["wind"][..., i], attributes_of(name)) for i, name in enumerate("uv")}
        if "wind_deviation" in found:
            for i, name in enumerate("uv"):
                attributes = {"units": "m s-1", "long_name": f"standard deviation of {name}"}
                variables[f"{name}_standard_deviation"] = (dims, found["wind_deviation"][..., i], attributes)
        variables["speed"] = (dims, found["speed"], attributes_of("speed"))
        variables["direction"] = (
            dims,
            wind_direction(found["wind"][..., 0], found["wind"][..., 1]),
            attributes_of("direction"),
        )
        coordinates = {name: c for name, c in ds.coords.items() if c.dims in ((), ("station",))}
        coordinates["time"] = ds.time.values[-1] + self._interval * np.arange(1, self.leads + 1)
        coordinates["forecast_reference_time"] = ((), ds.time.values[-1], {"standard_name": "forecast_reference_time"})
        if samples is not None:
            drawn = samples[:, 0].swapaxes(1, 2).astype("float32")
            variables |= {
                f"{name}_member": (("member", *dims), drawn[..., i], attributes_of(name)) for i, name in enumerate("uv")
            }
        if "quantiles" in found:
            attributes = {"units": "m s-1", "long_name": "quantiles of the wind speed"}
            variables["speed_quantile"] = ((*dims, "quantile"), found["quantiles"], attributes)
            coordinates["quantile"] = list(QUANTILES)
        return xr.Dataset(variables, coordinates, {**ds.attrs, "Conventions": "CF-1.11"})
