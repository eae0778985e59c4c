"""Linear regression of the wind at each station on the network around it, refitted every day."""

import keras
import numpy as np

from geodl.errors import check_fitted
from geodl.models.recent_regression import DAYS, RecentRegression
from geodl.models.station_features import LEADS, MEMORY
from geodl.models.wind_station_forecaster import QUANTILES, WindStationForecaster


@keras.saving.register_keras_serializable(package="geodl")
class StationRecentRegression(WindStationForecaster):
    """The `RecentRegression` of each station, of which `estimate` fits what all stations share.

    Example:
        >>> times = np.datetime64("2020-01-01T00", "h") + np.arange(200)
        >>> values = np.random.default_rng(0).random((200, 2, 7))
        >>> model = StationRecentRegression().estimate(values, times)
        >>> print(model.forecast(values, times, np.array([199]))["wind"].shape)
        (1, 2, 6, 2)
    """

    memory = MEMORY + 24 * DAYS
    regression = None

    def estimate(self, values: np.ndarray, times: np.ndarray, counted: np.ndarray | None = None) -> "StationRecentRegression":
        """Fits to values (time, station, variable); `counted` (time, station) is 0 where not to."""
        wanted = values[..., :3] if counted is None else np.where(counted[..., None] > 0, values[..., :3], np.nan)
        self.regression = RecentRegression.of(values, times, wanted)
        return self

    def forecast(self, values, times, hours, levels=QUANTILES, members=0):
        check_fitted(self, self.regression is not None)
        found = self.regression.forecast(values, times, hours)
        root_speed, *wind = np.moveaxis(found.reshape(*found.shape[:2], LEADS, 3), -1, 0)
        return {"wind": np.stack(wind, axis=-1), "speed": np.maximum(root_speed, 0) ** 2}
