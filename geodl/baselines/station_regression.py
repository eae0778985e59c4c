"""Linear regression of the wind at stations on their past."""

import keras
import numpy as np

from geodl.errors import check_fitted
from geodl.models.station_features import LARGEST, LEADS, hours_ahead, ridge_regression, station_features
from geodl.models.wind_station_forecaster import QUANTILES, WindStationForecaster


@keras.saving.register_keras_serializable(package="geodl")
class StationRegression(WindStationForecaster):
    """Ridge regression of u, v and speed at each lead time on `station_features`, one for all stations.

    Args:
        penalty: on the squares of the coefficients.

    Example:
        >>> times = np.datetime64("2020-01-01T00", "h") + np.arange(200)
        >>> values = np.random.default_rng(0).random((200, 2, 7))
        >>> model = StationRegression().estimate(values, times)
        >>> print(model.forecast(values, times, np.array([199]))["wind"].shape)
        (1, 2, 6, 2)
    """

    coefficients = None

    def __init__(self, penalty=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.penalty = float(penalty)

    def estimate(self, values: np.ndarray, times: np.ndarray, counted: np.ndarray | None = None) -> "StationRegression":
        """Fits the coefficients to values (time, station, variable); `counted` (time, station) is 0 where not to."""
        hours = np.arange(len(values) - LEADS)
        features = station_features(values, times, hours)
        self.center, self.spread = np.nanmean(features, axis=(0, 1)), np.nanstd(features, axis=(0, 1)) + 1e-6
        wanted = values[..., :3] if counted is None else np.where(counted[..., None] > 0, values[..., :3], np.nan)
        targets = hours_ahead(wanted, hours)
        design = self._standardised(features).reshape(-1, features.shape[-1])
        self.coefficients = ridge_regression(design, targets.reshape(len(design), -1), self.penalty)
        return self

    def forecast(self, values, times, hours, levels=QUANTILES, members=0):
        check_fitted(self, self.coefficients is not None)
        standard = self._standardised(station_features(values, times, hours))
        found = standard @ self.coefficients[:-1] + self.coefficients[-1]
        found = found.reshape(*found.shape[:2], LEADS, 3)
        return {"wind": found[..., :2], "speed": np.maximum(found[..., 2], 0)}

    def _standardised(self, features):
        standard = (features - self.center) / self.spread
        return np.where(np.isfinite(standard), np.clip(standard, -LARGEST, LARGEST), 0).astype("float64")

    def get_config(self):
        return {**super().get_config(), "penalty": self.penalty}
