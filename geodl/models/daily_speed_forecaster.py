"""What all forecasts of daily wind speeds at stations share: their input and output, as xarray."""

import keras
import numpy as np
import xarray as xr

from geodl.errors import InputError
from geodl.models.base import GeoModel, Variable
from geodl.models.station_checks import check_times, select_quantity
from geodl.models.wind_station_forecaster import QUANTILES
from geodl.stations import attributes_of

DAY = np.timedelta64(1, "D")


@keras.saving.register_keras_serializable(package="geodl")
class DailySpeedForecaster(GeoModel):
    """The past of the daily mean wind speed at a network of stations → the speed at each of them on the next day.

    Subclasses define `forecast(speed, times, levels)`: speeds (time, station), m s-1, NaN where missing → forecasts of the day
    that follows each of the times: {"speed": (time, station), its mean; if known also "quantiles": (time, station, n), at
    the probabilities `levels`}.

    `predict(ds)` reads `speed` (time, station), daily, and returns it on the next day, with its quantiles.
    """

    theme = "forecasting"
    input_variable = Variable("speed", (("time", "station"),), units="m s-1", valid_range=(0, 60))

    def forecast(self, speed: np.ndarray, times: np.ndarray, levels=QUANTILES) -> dict[str, np.ndarray]:
        """Forecasts of the day that follows each of the times."""
        raise NotImplementedError(f"{type(self).__name__} does not define `forecast`.")

    def predict(self, x, **options):
        """The forecast of the day that follows an `xarray.Dataset`; arrays are treated as in Keras.

        Raises:
            InputError: no speed, or one with other dimensions, other units or implausible values; fewer than two days, or times
                that are not daily; no speed at all on the last day.
        """
        if not isinstance(x, xr.Dataset):
            return super().predict(x, **options)
        return self.decode(self.forward(self.encode(x), times=x.time.values, **options), x)

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        speed = select_quantity(ds, "speed").values.astype("float64")
        check_times(ds, DAY, "daily")
        if len(speed) < 2:
            raise InputError(f"Expected two days at least; found {len(speed)}.")
        if not np.isfinite(speed[-1]).any():
            raise InputError("Expected some speed on the last day; it is missing at every station.")
        return speed

    def forward(self, samples: np.ndarray, times: np.ndarray) -> dict[str, np.ndarray]:
        return {name: field[-1:] for name, field in self.forecast(samples, times).items()}

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        variables = {"speed": (("time", "station"), fields["speed"].astype("float32"), attributes_of("speed"))}
        coordinates = {name: c for name, c in ds.coords.items() if c.dims in ((), ("station",))}
        coordinates["time"] = ds.time.values[-1:] + DAY
        coordinates["forecast_reference_time"] = ((), ds.time.values[-1], {"standard_name": "forecast_reference_time"})
        if "quantiles" in fields:
            attributes = {"units": "m s-1", "long_name": "quantiles of the wind speed"}
            variables["speed_quantile"] = (("time", "station", "quantile"), fields["quantiles"].astype("float32"), attributes)
            coordinates["quantile"] = list(QUANTILES)
        return xr.Dataset(variables, coordinates, {**ds.attrs, "Conventions": "CF-1.11"})
