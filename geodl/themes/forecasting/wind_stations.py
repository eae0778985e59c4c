"""Forecasts of the wind at stations: the module of the case `wind_stations`."""

import time

import numpy as np

from geodl import plotting
from geodl.baselines import StationAnalogues, StationClimatology, StationPersistence, StationRecentRegression, StationRegression
from geodl.errors import InputError
from geodl.metrics.wind_station_scores import LEVELS, WindStationScores
from geodl.models.station_features import LAGS, LEADS, hours_ahead, station_values
from geodl.models.wind_station_forecaster import WindStationForecaster
from geodl.themes.cases import Case, Cases

MEMBERS = 50  # samples for the scores of joint distributions
CASES = Cases(
    wind_stations=Case(
        dataset="wind_stations",
        config="beijing",
        baselines=("persistence", "climatology", "regression", "recent regression", "analogues"),
        models={"attention": "wind_attention"},
    )
)
MODELS, VARIABLE = WindStationForecaster, "u"


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""

    def fitted(make, *counted):
        def estimated():
            ds = CASES[case].open("train")
            return make().estimate(station_values(ds), ds.time.values, *(ds[name].values for name in counted))

        return estimated

    return {
        "persistence": StationPersistence,
        "climatology": fitted(StationClimatology),
        "regression": fitted(StationRegression, "distinct"),
        "recent regression": fitted(StationRecentRegression, "distinct"),
        "analogues": fitted(StationAnalogues, "distinct"),
        **CASES[case].published(),
    }


def evaluate(model, case: str, split: str = "test") -> WindStationScores:
    """Scores of a model or baseline on a split of a case: forecasts from every hour.

    Raises:
        InputError: there is no such case; a model of another time step.
    """
    _check_hourly(model)
    ds = CASES[case].open(split)
    values = station_values(ds)
    hours = np.arange(LAGS, len(values) - LEADS)
    start = time.perf_counter()
    fields = model.forecast(values, ds.time.values, hours, LEVELS, MEMBERS)
    seconds = time.perf_counter() - start
    if "quantiles" not in fields:  # a forecast without spread
        fields["quantiles"] = np.repeat(fields["speed"][..., None], len(LEVELS), axis=-1)
    samples = fields.get("samples", fields["wind"][None])
    known = np.stack([ds[name].where(ds.distinct > 0).values for name in ("u", "v", "speed")], axis=-1)
    return WindStationScores.of(fields, samples, hours_ahead(known, hours), seconds)


def case_of(model) -> str:
    """The one case, of hourly forecasts.

    Raises:
        InputError: a model of another time step.
    """
    _check_hourly(model)
    return "wind_stations"


def figure(compared: dict[str, WindStationScores], case: str):
    """Scores by lead time with intervals of confidence, and the ranks of the observations."""
    return plotting.wind_station_comparison(compared)


def picture(observed, known, forecast):
    """The forecast at the first station of the user's own network."""
    return plotting.fan_chart(observed, known, forecast)


def _check_hourly(model):
    if model.step != 60:
        raise InputError(f"Expected a model of hourly wind; this one has a step of {model.step} minutes, which no case scores.")
