"""Forecasts of the wind on a grid: the module of the case `wind_fields`."""

import time
from dataclasses import dataclass

import numpy as np

from geodl import datasets, plotting, zoo
from geodl.baselines import WindAdvection, WindPersistence
from geodl.metrics import WindFieldScores
from geodl.models.wind_field_forecaster import PAST, WindFieldForecaster


@dataclass(frozen=True)
class Case:
    """A dataset, its config that a test is made on, and the published models."""

    dataset: str
    config: str
    models: dict[str, str]


CASES = {"wind_fields": Case("wind_fields", "arpege_se", {"ConvLSTM": "wind_convlstm"})}
MODELS, VARIABLE = WindFieldForecaster, "u10"
BASELINES = {"persistence": WindPersistence, "advection": WindAdvection}


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    published = zoo.list_models(theme="forecasting")
    models = {label: name for label, name in CASES[case].models.items() if name in published}
    return BASELINES | {label: lambda name=name: zoo.load(name) for label, name in models.items()}


def evaluate(model, case: str | None = None) -> WindFieldScores:
    """Scores of a model or baseline on the test split of a case, by default the first one."""
    ds = _test_split(case or next(iter(CASES)))
    start = time.perf_counter()
    forecast = model.predict(ds.isel(time=slice(PAST)))
    seconds = time.perf_counter() - start
    wind = _wind(ds)
    return WindFieldScores.of(_wind(forecast), wind[:, PAST:], wind[:, PAST - 1], seconds)


def card_scores(model, progress=lambda work: work) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them."""
    (scores,) = [evaluate(each) for each in progress([model])]
    return scores.result()


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines, as a card keeps them."""
    return {name: evaluate(baseline()).result() for name, baseline in BASELINES.items()}


def figure(table: dict[str, WindFieldScores], case: str):
    """Scores by lead time, and the last forecast of each approach beside the truth."""
    return plotting.wind_field_comparison(table, _test_split(case))


def picture(observed, known, forecast):
    """A forecast of the user's own wind."""
    return plotting.wind_map(known, forecast)


def _test_split(case: str):
    return datasets.open_dataset(CASES[case].dataset, CASES[case].config, "test")


def _wind(ds) -> np.ndarray:
    return np.stack([ds.u10.values, ds.v10.values], axis=-1)
