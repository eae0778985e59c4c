"""Forecasts of the daily wind speed in Ireland: the module of the case `wind_ireland`."""

import time

import numpy as np

from geodl import plotting
from geodl.baselines import DailySpeedAutoregression, DailySpeedPersistence, DailySpeedProcess
from geodl.metrics import DailySpeedScores
from geodl.metrics.wind_station_scores import LEVELS
from geodl.models.daily_speed_forecaster import DailySpeedForecaster
from geodl.themes.cases import Case, Cases

FITTED = {
    "climatology": lambda: DailySpeedAutoregression(order=0),
    "AR(1)": lambda: DailySpeedAutoregression(order=1, coupled=False),
    "VAR(3), no season": lambda: DailySpeedAutoregression(order=3, harmonics=0),
    "VAR(3)": lambda: DailySpeedAutoregression(order=3),
    "Gaussian process": lambda: DailySpeedProcess(order=3),
}
CASES = Cases(wind_ireland=Case(dataset="wind_stations", config="ireland", baselines=("persistence", *FITTED)))
MODELS, VARIABLE = DailySpeedForecaster, "speed"


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""

    def fitted(make):
        def estimated():
            ds = CASES[case].open("train")
            return make().estimate(ds.speed.values.astype("float64"), ds.time.values)

        return estimated

    return {"persistence": DailySpeedPersistence, **{name: fitted(make) for name, make in FITTED.items()}}


def evaluate(model, case: str, split: str = "test") -> DailySpeedScores:
    """Scores of a model or baseline on a split of a case: forecasts of each of its days."""
    setting = CASES[case]
    # The past of the first days is in the split before.
    ds = setting.open("all")
    wanted = np.isin(ds.time.values, setting.open(split).time.values)
    wanted[0] = False  # nothing comes before it
    start = time.perf_counter()
    fields = model.forecast(ds.speed.values.astype("float64"), ds.time.values, LEVELS)
    seconds = time.perf_counter() - start
    following = {name: field[np.roll(wanted, -1)] for name, field in fields.items()}
    return DailySpeedScores.of(following, ds.speed.values[wanted], seconds)


def case_of(model) -> str:
    """The one case."""
    return "wind_ireland"


def figure(compared: dict[str, DailySpeedScores], case: str):
    """Errors of each station, and the ranks of the observations."""
    stations = CASES[case].open("test").station.values
    return plotting.daily_speed_comparison(compared, stations)


def picture(observed, known, forecast):
    """The forecast at each station of the user's own network."""
    return plotting.daily_speed_forecast(observed, known, forecast)
