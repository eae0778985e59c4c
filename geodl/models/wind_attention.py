"""Wind at stations by an ensemble of networks in which the stations attend to each other."""

import keras
import numpy as np
import xarray as xr
from keras import ops

from geodl.errors import InputError
from geodl.layers.piecewise_linear import PiecewiseLinear
from geodl.layers.station_mixer import StationMixer
from geodl.layers.wind_mixture import PARAMETERS
from geodl.models.recent_regression import DAYS, OWN, TARGETS, RecentRegression
from geodl.models.station_features import (
    LAGS,
    LARGEST,
    LEADS,
    MEMORY,
    hourly_series,
    hours_ahead,
    lagged,
    phases,
    ridge_regression,
    station_features,
    winds_ahead,
)
from geodl.models.station_weather import QUANTITY_OF, weather_at_stations
from geodl.models.wind_mixture_forecaster import WindMixtureForecaster

FEATURES = 152 + TARGETS
KNOTS = (15, 30, *range(60, 60 * LEADS + 1, 60))  # minutes
ABSENT = 0.2  # share of the samples of which a network learns to do without the weather model
AT_ONCE = 2000  # hours
HIDDEN = 0.2  # share of its encoded inputs that a network learns to do without
SAMPLED = 10  # every so many hours count for the knots of the encoding
SHRINKAGE = 1e-3  # of the correlation of lead times to none, so that it is positive definite


@keras.saving.register_keras_serializable(package="geodl")
class WindAttention(WindMixtureForecaster):
    r"""Features of each station → a `WindMixture` at each station and lead time, that of all members together.

    $$ \mu_k = \beta^\top \mathbf f + \delta_k(\mathbf f), \quad
       w_k, s_k, \phi_k, \kappa_k, \delta_k = \mathrm{network}(\mathbf f) $$

    \(\beta\) is the ridge regression of root speed on the standardised \(\mathbf f\), which are the `station_features` and the
    forecasts of a `RecentRegression`; networks see them in their `PiecewiseLinear` encoding. `StationMixer`s let stations
    inform each other. One model serves any network of stations, because none is told by its name. Between lead times of
    `KNOTS`, and the first one, parameters are linear in the lead time.

    With covariates \(\mathbf c\) of a weather model, where they are known, the location is \(\beta^\top \mathbf f + \gamma^\top
    (\mathbf f, \mathbf c)\), and the network sees them too; where they are not, it is what it is without them.

    Args:
        members: networks of the ensemble.
        width: features of a station inside of a network.
        blocks: `StationMixer`s of a network.
        components: of the mixture of a member.
        bins: of the encoding of a feature.
        dropout: rate.
        step: minutes between two times of the past, and between lead times up to six hours.
        covariates: of the weather model, u10 and v10, then t2m and msl if wanted; none by default.

    Call arguments:
        features: (batch, station, feature), NaN where missing: 170 hourly ones, then the wind at the other times of the last
            hour, then the covariates.

    Returns:
        (batch, member, station, lead, component, 5), parameters of `WindMixture`s.

    Raises:
        ValueError: a step that does not divide an hour, or other covariates.

    References:
        Lakshminarayanan et al. (2017), Simple and scalable predictive uncertainty estimation using deep ensembles, NeurIPS.
        Gorishniy et al. (2022), On embeddings for numerical features in tabular deep learning, NeurIPS.

    Example:
        >>> model = WindAttention(members=2, width=16, blocks=1)
        >>> print(tuple(model(np.zeros((3, 4, 170), "float32")).shape))
        (3, 2, 4, 6, 3, 5)
    """

    memory = MEMORY + 24 * DAYS

    def __init__(self, members=5, width=64, blocks=2, components=3, bins=5, dropout=0.15, step=60, covariates=(), **kwargs):
        super().__init__(**kwargs)
        if not (0 < step <= 60 and 60 % step == 0):
            raise ValueError(f"Expected a step that divides an hour, in minutes; found {step}.")
        if covariates and (tuple(covariates[:2]) != ("u10", "v10") or not set(covariates) <= set(QUANTITY_OF)):
            raise ValueError(f"Expected covariates u10, v10 and some of {', '.join(QUANTITY_OF)}; found {covariates}.")
        self.members, self.width, self.blocks = int(members), int(width), int(blocks)
        self.components, self.bins, self.dropout = int(components), int(bins), float(dropout)
        self.step, self.covariates = int(step), tuple(covariates)
        self.leads = 60 // self.step * LEADS
        self.own = FEATURES + 3 * (60 // self.step - 1)
        self.size = self.own + (LEADS + 1) * (len(self.covariates) + bool(self.covariates))
        knots = [self.step, *(knot for knot in KNOTS if knot > self.step)]
        lead_times = self.step * np.arange(1, self.leads + 1)
        # Each knot's share in the parameters at each lead time.
        self.shares = np.stack([np.interp(lead_times, knots, one) for one in np.eye(len(knots))], axis=1).astype("float32")
        dtype = self.dtype_policy
        self.encoding = PiecewiseLinear(self.bins, dtype=dtype)
        self.hide = keras.layers.Dropout(HIDDEN, dtype=dtype)
        make = lambda layer: [layer() for _ in range(self.members)]  # noqa: E731
        self.entries = make(lambda: keras.layers.Dense(self.width, dtype=dtype))
        self.mixers = make(lambda: [StationMixer(4, self.dropout, dtype=dtype) for _ in range(self.blocks)])
        self.norms = make(lambda: keras.layers.LayerNormalization(dtype=dtype))
        if self.covariates:
            self.absent = keras.layers.Dropout(ABSENT, noise_shape=(None, 1, 1), dtype=dtype)
        parameters = len(knots) * self.components * PARAMETERS
        # Each its own initializer, whose values would repeat.
        self.heads = [
            keras.layers.Dense(parameters, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01), dtype="float32")
            for _ in range(self.members)
        ]
        # Components of different speeds, so that they do not all learn the same.
        start = np.zeros((len(knots), self.components, PARAMETERS), "float32")
        start[:, :, 1] = np.linspace(-0.3, 0.3, self.components)
        start[:, :, 2] = -1.6
        self.start = start

    def build(self, input_shape):
        add = lambda name, shape, value: self.add_weight(shape, value, name=name, trainable=False, autocast=False)  # noqa: E731
        self.center, self.spread = add("center", (self.size,), "zeros"), add("spread", (self.size,), "ones")
        self.regression = add("regression", (self.own + 1, self.leads), "zeros")
        self.correlation = add("correlation", (self.leads, self.leads), "identity")
        self.wind_center, self.wind_spread = add("wind_center", (3,), "zeros"), add("wind_spread", (3,), "ones")
        self.shared = add("shared", (OWN, TARGETS), "zeros")
        if self.covariates:
            self.weather_regression = add("weather_regression", (self.size + 1, self.leads), "zeros")
        self.encoding.build((None, None, self.size))
        encoded = self.encoding.compute_output_shape((None, None, self.size))[-1]
        inside = (None, None, self.width)
        for member in range(self.members):
            self.entries[member].build((None, None, encoded + bool(self.covariates)))
            for mixer in self.mixers[member]:
                mixer.build(inside)
            self.norms[member].build(inside)
            self.heads[member].build(inside)

    def call(self, features, training=None):
        features = ops.cast(features, self.variable_dtype)
        known = ops.any(ops.isfinite(features[..., : 3 * LAGS]), axis=-1)
        standard = self.standardised(features)
        location = _linear(standard[..., : self.own], self.regression)
        if self.covariates:
            given = self.given(features, training)
            standard = ops.concatenate([standard[..., : self.own], standard[..., self.own :] * given], axis=-1)
            location = location + given * _linear(standard, self.weather_regression)
        seen = self.encoding(standard)
        if self.covariates:
            seen = ops.concatenate([seen, ops.cast(given, self.compute_dtype)], axis=-1)
        shape = (*ops.shape(features)[:2], *self.start.shape)
        found = []
        for entry, mixers, norm, head in zip(self.entries, self.mixers, self.norms, self.heads, strict=True):
            hidden = entry(self.hide(seen, training=training))
            for mixer in mixers:
                hidden = mixer(hidden, known, training=training)
            found.append(ops.reshape(head(norm(hidden)), shape) + self.start)
        found = ops.einsum("lk,mbskcp->bmslcp", self.shares, ops.stack(found))
        around = ops.stack([0 * location, location, 0 * location, 0 * location, 0 * location], axis=-1)
        return found + around[:, None, :, :, None]

    def given(self, features, training=None):
        """1 at the stations (batch, station, 1) of which all covariates are known, less often in training; 0 at others."""
        known = ops.cast(ops.all(ops.isfinite(features[..., self.own :]), axis=-1, keepdims=True), self.compute_dtype)
        return ops.cast(self.absent(known, training=training) > 0, self.variable_dtype)

    def standardised(self, features):
        """Features without units, 0 where they are not known."""
        standard = ops.clip((features - self.center) / self.spread, -LARGEST, LARGEST)
        return ops.where(ops.isfinite(standard), standard, 0)

    def adapt(self, values: np.ndarray, times: np.ndarray, counted: np.ndarray, hours=None, weather=None) -> np.ndarray:
        """Takes scales and regressions from a training series, and returns the features (hour, station, feature) of its hours.

        Args:
            values: (time, station, variable), those of `VARIABLES`.
            times: (time,), datetime64.
            counted: (time, station, 3): u, v and speed, NaN where not to be fitted.
            hours: increasing indices of times; by default all that have a future.
            weather: (hour, station, 7, covariate), as `weather_at_stations` gives it for these hours.

        Raises:
            InputError: the model has covariates, and none are known.
        """
        self._build_once()
        hours = np.arange(len(values) - self.leads) if hours is None else hours
        every = 60 // self.step
        hourly, ends, _ = hourly_series(values, times, hours[:1], every)
        recent = RecentRegression.of(hourly, ends, hourly_series(counted, times, hours[:1], every)[0])
        self.wind_center.assign(recent.center)
        self.wind_spread.assign(recent.spread)
        self.shared.assign(recent.shared)
        features = self.features(values, times, hours, weather=weather)
        center, spread = np.zeros(self.size), np.ones(self.size)
        known = np.isfinite(features).any(axis=(0, 1))
        center[known] = np.nanmean(features[..., known], axis=(0, 1))
        spread[known] = np.nanstd(features[..., known], axis=(0, 1)) + 1e-6
        self.center.assign(center)
        self.spread.assign(spread)
        self.encoding.adapt((features[::SAMPLED] - center) / spread)
        standard = np.asarray(self.standardised(ops.convert_to_tensor(features))).reshape(-1, self.size)
        root_speed = np.sqrt(hours_ahead(counted[..., 2], hours, self.leads)).reshape(-1, self.leads)
        own = standard[:, : self.own]
        self.regression.assign(ridge_regression(own, root_speed))
        if self.covariates:
            given = np.asarray(self.given(features)).reshape(-1, 1)
            if not given.any():
                raise InputError(f"Expected {', '.join(self.covariates)} of a weather model; nothing is known: give `weather`.")
            rest = np.where(given > 0, root_speed - _linear(own, np.asarray(self.regression)), np.nan)
            self.weather_regression.assign(ridge_regression(standard, rest))
        return features

    def features(
        self, values: np.ndarray, times: np.ndarray, hours: np.ndarray, days: int = DAYS, weather: np.ndarray | None = None
    ) -> np.ndarray:
        """Features (hour, station, feature) of the hours.

        Args:
            values: (time, station, variable), those of `VARIABLES`.
            times: (time,), datetime64.
            hours: increasing indices of times.
            days: to which the `RecentRegression` is fitted at most.
            weather: (hour, station, 7, covariate), as `weather_at_stations` gives it.
        """
        self._build_once()
        recent = self.recent()
        found = np.full((len(hours), values.shape[1], self.size), np.nan, "float32")
        for chosen, series in phases(values, times, hours, 60 // self.step):
            found[chosen, :, :FEATURES] = np.concatenate([station_features(*series), recent.forecast(*series, days)], axis=-1)
        for lag in range(60 // self.step - 1):
            wind, place = lagged(values[..., :3], lag, hours), FEATURES + 3 * lag
            found[..., place : place + 3] = np.concatenate([np.sqrt(wind[..., 2:]), wind[..., :2]], axis=-1)
        if weather is not None:
            speed = np.sqrt(np.hypot(weather[..., :1], weather[..., 1:2]))
            found[..., self.own :] = np.concatenate([speed, weather], axis=-1).reshape(*found.shape[:2], -1)
        return found

    def recent(self) -> RecentRegression:
        return RecentRegression(*(np.asarray(weight) for weight in (self.wind_center, self.wind_spread, self.shared)))

    def _build_once(self):
        if not self.built:
            self.build((None, None, self.size))

    def pairs(self, ds, seed: int = 0, weather: xr.Dataset | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Features of each hour of a series, and the winds that follow it (hour, station, lead, 4), as `WindLoss` reads them.

        Args:
            ds: weather at the stations; where a variable `distinct` (time, station) is 0, what is known is not to be found.
            seed: nothing here is random.
            weather: what a weather model forecasts from each of the hours, as for `predict`.

        Raises:
            InputError: what `predict` refuses, or a series too short to have a future.
        """
        self.check_weather(weather)
        values = self.series(ds)
        times = self.times(ds, len(values))
        hours = np.arange(0, len(values) - self.leads, 60 // self.step)
        if not len(hours):
            raise InputError(f"Expected more than {self.leads} times to learn from; found {len(values)}.")
        counted = values[..., :3]
        if "distinct" in ds:
            distinct = ds.distinct.sel(time=times).transpose("time", "station")
            counted = np.where(distinct.values[..., None] > 0, counted, np.nan)
        if weather is not None:
            weather = weather_at_stations(weather, ds, self.covariates, times[hours])
        features = self.features(values, times, hours, weather=weather)
        return features, winds_ahead(counted, hours, self.leads)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.members, input_shape[1], self.leads, self.components, PARAMETERS)

    def get_config(self):
        settings = {"members": self.members, "width": self.width, "blocks": self.blocks, "components": self.components}
        settings |= {"bins": self.bins, "dropout": self.dropout, "step": self.step, "covariates": self.covariates}
        return {**super().get_config(), **settings}


def _linear(inputs, coefficients):
    """The last row of the coefficients is the constant."""
    return ops.matmul(inputs, coefficients[:-1]) + coefficients[-1]
