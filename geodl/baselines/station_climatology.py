"""The mean wind of each station at the hour of the day and month of the year."""

import keras
import numpy as np

from geodl.models.station_checks import HOUR, check_stations
from geodl.models.station_features import LEADS
from geodl.models.wind_station_forecaster import QUANTILES, WindStationForecaster


@keras.saving.register_keras_serializable(package="geodl")
class StationClimatology(WindStationForecaster):
    """Means of u, v and speed by month, hour and station of a training series, of which `estimate` takes them.

    Example:
        >>> times = np.datetime64("2020-01-01T00", "h") + np.arange(48)
        >>> model = StationClimatology().estimate(np.full((48, 2, 7), 3.0), times)
        >>> print(model.forecast(np.zeros((24, 2, 7)), times[:24], np.array([17]))["speed"][0, 0])
        [3. 3. 3. 3. 3. 3.]
    """

    means = None

    def estimate(self, values: np.ndarray, times: np.ndarray) -> "StationClimatology":
        """Takes the means from values (time, station, variable)."""
        month, hour = _calendar(times)
        self.means = np.full((12, 24, values.shape[1], 3), np.nan)
        for place in {*zip(month.tolist(), hour.tolist(), strict=True)}:
            chosen = values[(month == place[0]) & (hour == place[1]), :, :3]
            known = np.isfinite(chosen)
            self.means[place] = np.where(known, chosen, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        return self

    def forecast(self, values, times, hours, levels=QUANTILES, members=0):
        check_stations(self, None if self.means is None else self.means.shape[2], values.shape[1])
        found = np.stack([self.means[_calendar(times[hours] + lead * HOUR)] for lead in range(1, LEADS + 1)], axis=2)
        return {"wind": found[..., :2], "speed": found[..., 2]}


def _calendar(times):
    months = times.astype("datetime64[M]")
    hours = (times - times.astype("datetime64[D]")) // np.timedelta64(1, "h")
    return (months - times.astype("datetime64[Y]")).astype(int), hours.astype(int)
