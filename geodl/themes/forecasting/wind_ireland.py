"""Forecasts of the daily wind speed in Ireland: the module of the case `wind_ireland`."""

import time
from dataclasses import dataclass

import numpy as np

from geodl import datasets, plotting
from geodl.baselines import DailySpeedAutoregression, DailySpeedPersistence, DailySpeedProcess
from geodl.metrics import DailySpeedScores
from geodl.metrics.wind_station_scores import LEVELS
from geodl.models.daily_speed_forecaster import DailySpeedForecaster


@dataclass(frozen=True)
class Case:
    """A config of the dataset `wind_stations`."""

    config: str


CASES = {"wind_ireland": Case("ireland")}
MODELS, VARIABLE = DailySpeedForecaster, "speed"
FITTED = {
    "climatology": lambda: DailySpeedAutoregression(order=0),
    "AR(1)": lambda: DailySpeedAutoregression(order=1, coupled=False),
    "VAR(3), no season": lambda: DailySpeedAutoregression(order=3, harmonics=0),
    "VAR(3)": lambda: DailySpeedAutoregression(order=3),
    "Gaussian process": lambda: DailySpeedProcess(order=3),
}


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""

    def fitted(make):
        def estimated():
            ds = datasets.open_dataset("wind_stations", CASES[case].config, "train")
            return make().estimate(ds.speed.values.astype("float64"), ds.time.values)

        return estimated

    return {"persistence": DailySpeedPersistence, **{name: fitted(make) for name, make in FITTED.items()}}


def evaluate(model, case: str | None = None, split: str = "test") -> DailySpeedScores:
    """Scores of a model or baseline on a split of a case, by default the first one: forecasts of each of its days."""
    config = CASES[case or next(iter(CASES))].config
    # The past of the first days is in the split before.
    ds = datasets.open_dataset("wind_stations", config, "all")
    wanted = np.isin(ds.time.values, datasets.open_dataset("wind_stations", config, split).time.values)
    wanted[0] = False  # nothing comes before it
    start = time.perf_counter()
    fields = model.forecast(ds.speed.values.astype("float64"), ds.time.values, LEVELS)
    seconds = time.perf_counter() - start
    following = {name: field[np.roll(wanted, -1)] for name, field in fields.items()}
    return DailySpeedScores.of(following, ds.speed.values[wanted], seconds)


def card_scores(model, progress=lambda work: work) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them."""
    (scores,) = [evaluate(each) for each in progress([model])]
    return scores.result()


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines, as a card keeps them."""
    return {name: evaluate(make()).result() for name, make in approaches(next(iter(CASES))).items()}


def figure(table: dict[str, DailySpeedScores], case: str):
    """Errors of each station, and the ranks of the observations."""
    stations = datasets.open_dataset("wind_stations", CASES[case].config, "test").station.values
    return plotting.daily_speed_comparison(table, stations)


def picture(observed, known, forecast):
    """The forecast at each station of the user's own network."""
    return plotting.daily_speed_forecast(observed, known, forecast)
