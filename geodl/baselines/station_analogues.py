"""What followed when the wind was as it is now: analogues."""

import keras
import numpy as np
from scipy.spatial import cKDTree

from geodl.errors import check_fitted
from geodl.models.station_features import LEADS, MEANS, hours_ahead, station_features
from geodl.models.wind_station_forecaster import QUANTILES, WindStationForecaster

# Of `station_features`: root speed, u and v of the last three hours, means of a day and of thirty days.
LAST_HOURS, DAY, MONTH = slice(0, 9), 72 + 3 * MEANS.index(24), 72 + 3 * MEANS.index(720)


@keras.saving.register_keras_serializable(package="geodl")
class StationAnalogues(WindStationForecaster):
    """The winds that followed the most similar situations, of any station, in a training series.

    Args:
        analogues: how many, with equal weight.

    References:
        Delle Monache et al. (2013), Probabilistic weather prediction with an analog ensemble, Monthly Weather Review 141.

    Example:
        >>> times = np.datetime64("2020-01-01T00", "h") + np.arange(200)
        >>> values = np.random.default_rng(0).random((200, 2, 7))
        >>> model = StationAnalogues(analogues=5).estimate(values, times)
        >>> print(model.forecast(values, times, np.array([199]))["quantiles"].shape)
        (1, 2, 6, 5)
    """

    tree = None

    def __init__(self, analogues=60, **kwargs):
        super().__init__(**kwargs)
        self.analogues = int(analogues)

    def estimate(self, values: np.ndarray, times: np.ndarray, counted: np.ndarray | None = None) -> "StationAnalogues":
        """Keeps the situations of values (time, station, variable); `counted` (time, station) is 0 for those not to keep."""
        hours = np.arange(len(values) - LEADS)
        situations = _situations(station_features(values, times, hours))
        following = hours_ahead(values[..., :3], hours)
        kept = np.isfinite(situations).all(axis=-1) & np.isfinite(following).all(axis=(-1, -2))
        if counted is not None:
            kept &= counted[hours] > 0
        self.spread = situations[kept].std(axis=0) + 1e-6
        self.tree, self.following = cKDTree(situations[kept] / self.spread), following[kept]
        return self

    def forecast(self, values, times, hours, levels=QUANTILES, members=0):
        check_fitted(self, self.tree is not None)
        situations = _situations(station_features(values, times, hours)) / self.spread
        shape, flat = situations.shape[:2], np.nan_to_num(situations).reshape(-1, situations.shape[-1])
        found = self.following[self.tree.query(flat, self.analogues, workers=-1)[1]]  # (sample, analogue, lead, 3)
        mean = found.mean(axis=1).reshape(*shape, LEADS, 3)
        quantiles = np.moveaxis(np.quantile(found[..., 2], levels, axis=1), 0, -1).reshape(*shape, LEADS, len(levels))
        fields = {"wind": mean[..., :2], "speed": mean[..., 2], "quantiles": quantiles}
        fields["wind_deviation"] = found[..., :2].std(axis=1).reshape(*shape, LEADS, 2)
        if members:
            chosen = np.random.default_rng(0).integers(self.analogues, size=members)
            fields["samples"] = np.moveaxis(found[:, chosen, :, :2], 1, 0).reshape(members, *shape, LEADS, 2)
        return fields

    def get_config(self):
        return {**super().get_config(), "analogues": self.analogues}


def _situations(features):
    return np.concatenate([features[..., LAST_HOURS], features[..., DAY : DAY + 3], features[..., MONTH : MONTH + 1]], axis=-1)
