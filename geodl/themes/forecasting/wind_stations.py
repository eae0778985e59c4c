"""Forecasts of the wind at stations: the module of the case `wind_stations`."""

import time
from dataclasses import dataclass

import numpy as np

from geodl import datasets, plotting, zoo
from geodl.baselines import StationAnalogues, StationClimatology, StationPersistence, StationRecentRegression, StationRegression
from geodl.metrics.wind_station_scores import LEVELS, WindStationScores
from geodl.models.station_features import LAGS, LEADS, hours_ahead, station_values
from geodl.models.wind_station_forecaster import WindStationForecaster

MEMBERS = 10  # samples for the scores of joint distributions


@dataclass(frozen=True)
class Case:
    """A config of the dataset `wind_stations`, and the published models."""

    config: str
    models: dict[str, str]


CASES = {"wind_stations": Case("beijing", {"attention": "wind_attention"})}
MODELS, VARIABLE = WindStationForecaster, "u"
BASELINES = ("persistence", "climatology", "regression", "recent regression", "analogues")


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    published = zoo.list_models(theme="forecasting")
    models = {label: name for label, name in CASES[case].models.items() if name in published}

    def fitted(make, *counted):
        def estimated():
            ds = _split(case, "train")
            return make().estimate(station_values(ds), ds.time.values, *(ds[name].values for name in counted))

        return estimated

    return {
        "persistence": StationPersistence,
        "climatology": fitted(StationClimatology),
        "regression": fitted(StationRegression, "distinct"),
        "recent regression": fitted(StationRecentRegression, "distinct"),
        "analogues": fitted(StationAnalogues, "distinct"),
        **{label: lambda name=name: zoo.load(name) for label, name in models.items()},
    }


def evaluate(model, case: str | None = None, split: str = "test") -> WindStationScores:
    """Scores of a model or baseline on a split of a case, by default the first one: forecasts from every hour."""
    ds = _split(case or next(iter(CASES)), split)
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


def card_scores(model, progress=lambda work: work) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them."""
    (scores,) = [evaluate(each) for each in progress([model])]
    return scores.result()


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines, as a card keeps them."""
    made = approaches(next(iter(CASES)))
    return {name: evaluate(made[name]()).result() for name in BASELINES}


def figure(table: dict[str, WindStationScores], case: str):
    """Scores by lead time with intervals of confidence, and the ranks of the observations."""
    return plotting.wind_station_comparison(table)


def picture(observed, known, forecast):
    """The forecast at the first station of the user's own network."""
    return plotting.fan_chart(observed, known, forecast)


def _split(case: str, split: str):
    return datasets.open_dataset("wind_stations", CASES[case].config, split)
