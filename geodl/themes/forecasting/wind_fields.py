"""Forecasts of the wind on a grid: the module of the case `wind_fields`."""

import time

import numpy as np

from geodl import plotting
from geodl.baselines import WindAdvection, WindPersistence
from geodl.metrics import WindFieldScores
from geodl.models.wind_field_forecaster import PAST, WindFieldForecaster
from geodl.themes.cases import Case, Cases

BASELINES = {"persistence": WindPersistence, "advection": WindAdvection}
CASES = Cases(
    wind_fields=Case(
        dataset="wind_fields", config="arpege_se", baselines=tuple(BASELINES), models={"ConvLSTM": "wind_convlstm"}
    )
)
MODELS, VARIABLE = WindFieldForecaster, "u10"


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    return BASELINES | CASES[case].published()


def evaluate(model, case: str, split: str = "test") -> WindFieldScores:
    """Scores of a model or baseline on a split of a case."""
    ds = CASES[case].open(split)
    start = time.perf_counter()
    forecast = model.predict(ds.isel(time=slice(PAST)))
    seconds = time.perf_counter() - start
    wind = _wind(ds)
    return WindFieldScores.of(_wind(forecast), wind[:, PAST:], wind[:, PAST - 1], seconds)


def case_of(model) -> str:
    """The one case."""
    return "wind_fields"


def figure(compared: dict[str, WindFieldScores], case: str):
    """Scores by lead time, and the last forecast of each approach beside the truth."""
    return plotting.wind_field_comparison(compared, CASES[case].open("test"))


def picture(observed, known, forecast):
    """A forecast of the user's own wind."""
    return plotting.wind_map(known, forecast)


def _wind(ds) -> np.ndarray:
    return np.stack([ds.u10.values, ds.v10.values], axis=-1)
