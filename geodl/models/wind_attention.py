"""Wind at stations by an ensemble of networks in which the stations attend to each other."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy import special

from geodl.layers.station_mixer import StationMixer
from geodl.layers.wind_mixture import PARAMETERS, WindMixture
from geodl.models.recent_regression import DAYS, OWN, TARGETS, RecentRegression
from geodl.models.station_features import LAGS, LARGEST, LEADS, MEMORY, hours_ahead, ridge_regression, station_features
from geodl.models.wind_station_forecaster import QUANTILES, WindStationForecaster

FEATURES = 152 + TARGETS
AT_ONCE = 2000  # hours


@keras.saving.register_keras_serializable(package="geodl")
class WindAttention(WindStationForecaster):
    r"""Features of each station → a `WindMixture` at each station and lead time, that of all members together.

    $$ \mu_k = \beta^\top \mathbf f + \delta_k(\mathbf f), \quad
       w_k, s_k, \phi_k, \kappa_k, \delta_k = \mathrm{network}(\mathbf f) $$

    \(\beta\) is the ridge regression of root speed on the standardised \(\mathbf f\), which are the `station_features` and the
    forecasts of a `RecentRegression`; `StationMixer`s let stations inform each other. One model serves any network of stations,
    because none is told by its name.

    Args:
        members: networks of the ensemble.
        width: features of a station inside of a network.
        blocks: `StationMixer`s of a network.
        components: of the mixture of a member.
        dropout: rate.

    Call arguments:
        features: (batch, station, 170), NaN where missing.

    Returns:
        (batch, member, station, lead, component, 5), parameters of `WindMixture`s.

    References:
        Lakshminarayanan et al. (2017), Simple and scalable predictive uncertainty estimation using deep ensembles, NeurIPS.

    Example:
        >>> model = WindAttention(members=2, width=16, blocks=1)
        >>> print(tuple(model(np.zeros((3, 4, 170), "float32")).shape))
        (3, 2, 4, 6, 3, 5)
    """

    memory = MEMORY + 24 * DAYS

    def __init__(self, members=5, width=64, blocks=2, components=3, dropout=0.15, **kwargs):
        super().__init__(**kwargs)
        self.members, self.width, self.blocks = int(members), int(width), int(blocks)
        self.components, self.dropout = int(components), float(dropout)
        dtype = self.dtype_policy
        self.hide = keras.layers.Dropout(self.dropout / 2, dtype=dtype)
        make = lambda layer: [layer() for _ in range(self.members)]  # noqa: E731
        self.entries = make(lambda: keras.layers.Dense(self.width, dtype=dtype))
        self.mixers = make(lambda: [StationMixer(4, self.dropout, dtype=dtype) for _ in range(self.blocks)])
        self.norms = make(lambda: keras.layers.LayerNormalization(dtype=dtype))
        parameters = LEADS * self.components * PARAMETERS
        small = keras.initializers.RandomNormal
        self.heads = [
            keras.layers.Dense(parameters, kernel_initializer=small(stddev=0.01, seed=seed), dtype="float32")
            for seed in range(self.members)
        ]
        # Components of different speeds, so that they do not all learn the same.
        start = np.zeros((LEADS, self.components, PARAMETERS), "float32")
        start[:, :, 1] = np.linspace(-0.3, 0.3, self.components)
        start[:, :, 2] = -1.6
        self.start = start
        # Many small operations, slow where they run eagerly.
        self._summary = tf.function(_summary, reduce_retracing=True)

    def build(self, input_shape):
        add = lambda name, shape, value: self.add_weight(shape, value, name=name, trainable=False, autocast=False)  # noqa: E731
        self.center, self.spread = add("center", (FEATURES,), "zeros"), add("spread", (FEATURES,), "ones")
        self.regression = add("regression", (FEATURES + 1, LEADS), "zeros")
        self.correlation = add("correlation", (LEADS, LEADS), "identity")
        self.wind_center, self.wind_spread = add("wind_center", (3,), "zeros"), add("wind_spread", (3,), "ones")
        self.shared = add("shared", (OWN, TARGETS), "zeros")
        inside = (None, None, self.width)
        for member in range(self.members):
            self.entries[member].build((None, None, FEATURES))
            for mixer in self.mixers[member]:
                mixer.build(inside)
            self.norms[member].build(inside)
            self.heads[member].build(inside)

    def call(self, features, training=None):
        features = ops.cast(features, self.variable_dtype)
        known = ops.any(ops.isfinite(features[..., : 3 * LAGS]), axis=-1)
        standard = self.standardised(features)
        location = ops.matmul(standard, self.regression[:-1]) + self.regression[-1]
        seen = ops.cast(standard, self.compute_dtype)
        shape = (*ops.shape(features)[:2], LEADS, self.components, PARAMETERS)
        found = []
        for entry, mixers, norm, head in zip(self.entries, self.mixers, self.norms, self.heads, strict=True):
            hidden = entry(self.hide(seen, training=training))
            for mixer in mixers:
                hidden = mixer(hidden, known, training=training)
            found.append(ops.reshape(head(norm(hidden)), shape) + self.start)
        found = ops.stack(found, axis=1)
        around = ops.stack([0 * location, location, 0 * location, 0 * location, 0 * location], axis=-1)
        return found + around[:, None, :, :, None]

    def standardised(self, features):
        """Features without units, 0 where they are not known."""
        standard = ops.clip((features - self.center) / self.spread, -LARGEST, LARGEST)
        return ops.where(ops.isfinite(standard), standard, 0)

    def adapt(self, values: np.ndarray, times: np.ndarray, counted: np.ndarray) -> np.ndarray:
        """Takes scales and regressions from a training series, and returns the features (hour, station, feature) of its hours.

        Args:
            values: (time, station, variable), hourly, as `station_features` takes them.
            times: (time,), datetime64.
            counted: (time, station, 3): u, v and speed, NaN where not to be fitted.
        """
        self._build_once()
        recent = RecentRegression.of(values, times, counted)
        for weight, value in (
            (self.wind_center, recent.center),
            (self.wind_spread, recent.spread),
            (self.shared, recent.shared),
        ):
            weight.assign(value)
        hours = np.arange(len(values) - LEADS)
        features = self.features(values, times, hours)
        self.center.assign(np.nanmean(features, axis=(0, 1)))
        self.spread.assign(np.nanstd(features, axis=(0, 1)) + 1e-6)
        standard = np.asarray(self.standardised(ops.convert_to_tensor(features))).reshape(-1, FEATURES)
        root_speed = np.sqrt(hours_ahead(counted[..., 2], hours))
        self.regression.assign(ridge_regression(standard, root_speed.reshape(-1, LEADS)))
        return features

    def features(self, values: np.ndarray, times: np.ndarray, hours: np.ndarray, days: int = DAYS) -> np.ndarray:
        """Features (hour, station, feature) of consecutive hours; the `RecentRegression` is fitted to so many days at most."""
        self._build_once()
        recent = RecentRegression(*(np.asarray(weight) for weight in (self.wind_center, self.wind_spread, self.shared)))
        found = recent.forecast(values, times, hours, days).astype("float32")
        return np.concatenate([station_features(values, times, hours), found], axis=-1)

    def _build_once(self):
        if not self.built:
            self.build((None, None, FEATURES))

    def couple(self, features: np.ndarray, speed: np.ndarray) -> None:
        r"""Takes the correlation of lead times, in a Gaussian copula, from speeds (hour, station, lead), NaN where missing.

        With \(F_\tau\) the forecast distribution at lead \(\tau\), it is that of \(\Phi^{-1}(F_\tau(|\mathbf u|_\tau))\).
        """
        mixture = WindMixture(self._joined(features))
        probability = np.clip(
            np.asarray(mixture.cdf(ops.convert_to_tensor(speed[..., None], "float32")))[..., 0], 1e-3, 1 - 1e-3
        )
        normal = special.ndtri(probability.astype("float64")).reshape(-1, LEADS)
        self.correlation.assign(np.corrcoef(normal[np.isfinite(normal).all(axis=1)], rowvar=False))

    def parameters(self, values: np.ndarray, times: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Of the `WindMixture` of all members, of forecasts from each hour (hour, station, lead, component, 5)."""
        return self._joined(self.features(values, times, hours))

    def _joined(self, features):
        """Parameters of the mixture of all members (hour, station, lead, component, 5)."""
        parts = [np.asarray(self.predict_on_batch(features[i : i + AT_ONCE])) for i in range(0, len(features), AT_ONCE)]
        parameters = np.concatenate(parts)
        # So that all members count the same.
        parameters[..., 0] = special.log_softmax(parameters[..., 0], axis=-1)
        hour, member, station, lead, component, _ = parameters.shape
        return np.moveaxis(parameters, 1, 3).reshape(hour, station, lead, member * component, PARAMETERS)

    def forecast(self, values, times, hours, levels=QUANTILES, members=0):
        parameters = self.parameters(values, times, hours)
        fields = {name: np.asarray(field) for name, field in self._summary(parameters, np.float32(levels)).items()}
        if members:
            fields["samples"] = WindMixture(parameters).sample(members, correlation=np.asarray(self.correlation))
        return fields

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.members, input_shape[1], LEADS, self.components, PARAMETERS)

    def get_config(self):
        settings = {"members": self.members, "width": self.width, "blocks": self.blocks}
        return {**super().get_config(), **settings, "components": self.components, "dropout": self.dropout}


def _summary(parameters, levels):
    """Moments and quantiles of mixtures."""
    found = WindMixture(parameters)
    moments = {"wind": found.mean_wind, "wind_deviation": found.wind_deviation, "speed": found.mean_speed}
    return moments | {"quantiles": found.quantiles(levels)}
