"""The wind that a weather model forecasts at stations, as it is and corrected."""

import keras
import numpy as np

from geodl.errors import InputError
from geodl.models.station_checks import check_stations
from geodl.models.station_features import LEADS, hours_ahead, ridge_regression
from geodl.models.wind_station_forecaster import QUANTILES, WindStationForecaster


@keras.saving.register_keras_serializable(package="geodl")
class StationWeatherModel(WindStationForecaster):
    """What the weather model says.

    Example:
        >>> weather = np.broadcast_to([3.0, 4.0], (1, 2, 7, 2))  # now, and in the six hours that follow
        >>> print(StationWeatherModel().forecast(np.zeros((24, 2, 7)), None, np.array([23]), weather=weather)["speed"][0, 0])
        [5. 5. 5. 5. 5. 5.]
    """

    covariates = ("u10", "v10")

    def forecast(self, values, times, hours, levels=QUANTILES, members=0, weather=None):
        wind = _future(weather)
        return {"wind": wind, "speed": np.linalg.norm(wind, axis=-1)}


@keras.saving.register_keras_serializable(package="geodl")
class StationWeatherCorrection(WindStationForecaster):
    """Linear regression of u, v and speed on those of the weather model, for each station and lead time.

    Example:
        >>> random = np.random.default_rng(0)
        >>> values, hours = random.random((200, 2, 7)), np.arange(194)
        >>> weather = np.stack([values[hours + lead, :, :2] - 1 for lead in range(7)], axis=2)
        >>> model = StationWeatherCorrection().estimate(values, hours, weather)
        >>> error = model.forecast(values, None, hours, weather=weather)["wind"][9] - values[10:16, :, :2].swapaxes(0, 1)
        >>> print(abs(error).max() < 0.01)
        True
    """

    covariates = ("u10", "v10")
    coefficients = None

    def estimate(self, values: np.ndarray, hours: np.ndarray, weather: np.ndarray) -> "StationWeatherCorrection":
        """Fits to values (time, station, variable) and the forecasts (hour, station, 7, 2) that were made at the hours."""
        predictors, targets = _predictors(weather), hours_ahead(values[..., :3], hours)
        fit = lambda station, lead: ridge_regression(predictors[:, station, lead], targets[:, station, lead], 1e-6)  # noqa: E731
        self.coefficients = np.stack([[fit(station, lead) for lead in range(LEADS)] for station in range(values.shape[1])])
        return self

    def forecast(self, values, times, hours, levels=QUANTILES, members=0, weather=None):
        check_stations(self, None if self.coefficients is None else len(self.coefficients), values.shape[1])
        slopes, constants = self.coefficients[:, :, :-1], self.coefficients[:, :, -1]
        found = np.einsum("hslp,slpt->hslt", _predictors(weather), slopes) + constants
        return {"wind": found[..., :2], "speed": np.maximum(found[..., 2], 0)}


def _predictors(weather):
    """u, v and speed of the weather model at the lead times (hour, station, lead, 3)."""
    wind = _future(weather)
    return np.concatenate([wind, np.linalg.norm(wind, axis=-1, keepdims=True)], axis=-1)


def _future(weather):
    if weather is None:
        raise InputError("Expected what a weather model forecasts; found none: give `weather`.")
    return np.asarray(weather)[:, :, 1:, :2]
