"""The last wind at each station stays."""

import keras
import numpy as np

from geodl.models.station_features import LEADS
from geodl.models.wind_station_forecaster import QUANTILES, WindStationForecaster


@keras.saving.register_keras_serializable(package="geodl")
class StationPersistence(WindStationForecaster):
    """The last known wind of each station, not older than a day.

    Example:
        >>> values = np.full((24, 2, 7), 3.0)
        >>> print(StationPersistence().forecast(values, None, np.array([23]))["speed"].shape)
        (1, 2, 6)
    """

    def forecast(self, values, times, hours, levels=QUANTILES, members=0):
        last = values[hours, :, :3]
        for lag in range(1, 24):
            earlier = np.where((hours >= lag)[:, None, None], values[np.maximum(hours - lag, 0), :, :3], np.nan)
            last = np.where(np.isfinite(last), last, earlier)
        last = np.repeat(last[:, :, None], LEADS, axis=2)
        return {"wind": last[..., :2], "speed": last[..., 2]}
