"""Daily wind speeds at stations: the last one stays, or root speed follows a vector autoregression."""

import keras
import numpy as np
import pandas as pd
from scipy import special

from geodl.baselines.vector_autoregression import VectorAutoregression
from geodl.models.daily_speed_forecaster import DailySpeedForecaster
from geodl.models.station_checks import check_stations
from geodl.models.wind_station_forecaster import QUANTILES


@keras.saving.register_keras_serializable(package="geodl")
class DailySpeedPersistence(DailySpeedForecaster):
    """The last known speed stays, if it is not older than a week.

    Example:
        >>> times = np.datetime64("2020-01-01") + np.arange(3)
        >>> print(DailySpeedPersistence().forecast(np.array([[4.0], [5.0], [6.0]]), times)["speed"].ravel())
        [4. 5. 6.]
    """

    def forecast(self, speed, times, levels=QUANTILES):
        return {"speed": pd.DataFrame(speed).ffill(limit=6).to_numpy()}


@keras.saving.register_keras_serializable(package="geodl")
class DailySpeedAutoregression(DailySpeedForecaster):
    r"""A `VectorAutoregression` of root speed, whose errors are Gaussian; `estimate` fits it to a training series.

    With mean \(q\) and standard deviation \(\sigma\) of root speed, the mean of the speed is \(q^2 + \sigma^2\).

    Args:
        order, harmonics, coupled: of the `VectorAutoregression`. With order 0 the forecast is the climatology of the season.

    Raises:
        InputError: by `predict` and `forecast`, `estimate` was not called with speeds of as many stations before.

    References:
        Haslett and Raftery (1989), Space-time modelling with long-memory dependence: assessing Ireland's wind power resource,
        Applied Statistics 38.

    Example:
        >>> times = np.datetime64("2020-01-01") + np.arange(500)
        >>> speed = np.random.default_rng(0).gamma(4.0, 1.0, (500, 2))
        >>> model = DailySpeedAutoregression(order=3, harmonics=2).estimate(speed, times)
        >>> print(model.forecast(speed, times)["quantiles"].shape)
        (500, 2, 5)
    """

    def __init__(self, order=3, harmonics=2, coupled=True, **kwargs):
        super().__init__(**kwargs)
        self.order, self.harmonics, self.coupled = int(order), int(harmonics), bool(coupled)
        self.root_speed = VectorAutoregression(self.order, self.harmonics, self.coupled)
        self.stations = None

    def estimate(self, speed: np.ndarray, times: np.ndarray) -> "DailySpeedAutoregression":
        """Fits the coefficients to speeds (time, station)."""
        self.root_speed.estimate(np.sqrt(speed), times)
        self.stations, self.deviation = speed.shape[1], self.root_speed.deviation
        return self

    def forecast(self, speed, times, levels=QUANTILES):
        check_stations(self, self.stations, speed.shape[1])
        mean, deviation = self.following(np.sqrt(speed), times), self.deviation
        roots = mean[..., None] + deviation[:, None] * special.ndtri(levels)
        return {"speed": mean**2 + deviation**2, "quantiles": np.maximum(roots, 0) ** 2}

    def following(self, root_speed, times):
        """Mean of the root speed of the day that follows each of the times: (time, station)."""
        return self.root_speed.following(root_speed, times)

    def get_config(self):
        return {**super().get_config(), "order": self.order, "harmonics": self.harmonics, "coupled": self.coupled}
