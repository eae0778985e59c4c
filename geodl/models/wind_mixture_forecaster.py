"""Forecasts of the wind at stations from the mixture of distributions that an ensemble of networks gives."""

import numpy as np
import tensorflow as tf
from keras import ops
from scipy import special

from geodl.errors import InputError
from geodl.layers.wind_mixture import PARAMETERS, WindMixture
from geodl.models.recent_regression import RecentRegression
from geodl.models.station_features import phases
from geodl.models.wind_station_forecaster import QUANTILES, WindStationForecaster

AT_ONCE = 2000  # hours
SHRINKAGE = 1e-3  # of the correlation of lead times to none, so that it is positive definite


class WindMixtureForecaster(WindStationForecaster):
    """Summaries, and members, of the one mixture that all networks of an ensemble form.

    Subclasses define `call(features)`, which gives parameters (batch, member, station, lead, component, 5) of `WindMixture`s;
    `features(values, times, hours, weather=...)`; `recent()`, a `RecentRegression`; and the weight `correlation` of lead times.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Many small operations, slow where they run eagerly.
        self._distribution = tf.function(self._describe, reduce_retracing=True)

    def recent(self) -> RecentRegression:
        """The regression of the last weeks, of whose errors stations have the correlation."""
        raise NotImplementedError(f"{type(self).__name__} does not define `recent`.")

    def couple(self, features: np.ndarray, speed: np.ndarray) -> None:
        r"""Takes the correlation of lead times, in a Gaussian copula, from speeds (hour, station, lead), NaN where missing.

        With \(F_\tau\) the forecast distribution at lead \(\tau\), it is that of \(\Phi^{-1}(F_\tau(|\mathbf u|_\tau))\).

        Raises:
            InputError: the speeds of all lead times are known less often than there are lead times.
        """
        mixture = WindMixture(self._summaries(features)["parameters"])
        probability = np.clip(
            np.asarray(mixture.cdf(ops.convert_to_tensor(speed[..., None], "float32")))[..., 0], 1e-3, 1 - 1e-3
        )
        normal = special.ndtri(probability.astype("float64")).reshape(-1, self.leads)
        known = normal[np.isfinite(normal).all(axis=1)]
        if len(known) < self.leads:
            expected = f"Expected {self.leads} forecasts or more of which the speeds at all lead times are known"
            raise InputError(f"{expected}; found {len(known)}: give a longer series.")
        correlation = np.corrcoef(known, rowvar=False)
        self.correlation.assign((1 - SHRINKAGE) * correlation + SHRINKAGE * np.eye(self.leads))

    def _describe(self, features, levels):
        """The mixture of all members (hour, station, lead, component, 5), its moments and quantiles."""
        parameters = self(features)
        # So that all members count the same.
        weight = ops.log_softmax(parameters[..., :1], axis=-2)
        parameters = ops.moveaxis(ops.concatenate([weight, parameters[..., 1:]], axis=-1), 1, 3)
        shape = ops.shape(parameters)
        parameters = ops.reshape(parameters, (*shape[:3], self.members * self.components, PARAMETERS))
        found = WindMixture(parameters)
        moments = {"wind": found.mean_wind, "wind_deviation": found.wind_deviation, "speed": found.mean_speed}
        return moments | {"quantiles": found.quantiles(levels), "parameters": parameters}

    def _summaries(self, features, levels=QUANTILES):
        """The same for any number of hours, in NumPy."""
        starts = range(0, len(features), AT_ONCE)
        parts = [self._distribution(features[i : i + AT_ONCE], np.float32(levels)) for i in starts]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def forecast(self, values, times, hours, levels=QUANTILES, members=0, weather=None):
        fields = self._summaries(self.features(values, times, hours, weather=weather), levels)
        parameters = fields.pop("parameters")
        if members:
            between = np.empty((len(hours), values.shape[1], values.shape[1]))
            for chosen, series in phases(values, times, hours, 60 // self.step):
                between[chosen] = self.recent().correlation(*series)
            leads = np.asarray(self.correlation)
            fields["samples"] = WindMixture(parameters).sample(members, correlation=leads, between=between)
        return fields
