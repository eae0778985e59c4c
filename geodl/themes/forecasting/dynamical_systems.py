"""Forecasts of dynamical systems, Lorenz-63 and Lorenz-96: the module of these cases."""

import time
from dataclasses import dataclass

import numpy as np

from geodl import datasets, plotting, zoo
from geodl.baselines import PolynomialMap, SINDy, StatePersistence
from geodl.metrics import attractor_distance, kaplan_yorke_dimension, lyapunov_spectrum, relative_rmse, valid_prediction_time
from geodl.metrics.rounded import rounded
from geodl.models.state_forecaster import PAST, StateForecaster
from geodl.themes.cases import case_of

LONG_RUN = 100.0  # time units


@dataclass(frozen=True)
class Case:
    """A system and how it is sampled; its exact Lyapunov exponents are those of the equation, measured in float64."""

    dataset: str
    config: str
    dt: float
    components: int
    leading_exponent: float
    substeps: int
    models: dict[str, str]


CASES = {
    "lorenz63": Case("lorenz63", "forecast", 0.01, 3, 0.906, 1, {"LSTM": "lorenz63_lstm", "neural ODE": "lorenz63_neural_ode"}),
    "lorenz63_sparse": Case("lorenz63", "forecast_sparse", 0.2, 3, 0.906, 20, {"neural ODE": "lorenz63_neural_ode_sparse"}),
    "lorenz96": Case("lorenz96", "forecast", 0.05, 40, 1.68, 1, {"LSTM": "lorenz96_lstm", "neural ODE": "lorenz96_neural_ode"}),
}
MODELS, VARIABLE = StateForecaster, "state"
BASELINES = ("persistence", "linear fit", "quadratic fit", "SINDy")


@dataclass
class ForecastScores:
    """What is measured of one approach.

    Args:
        dt: time between two states, in time units and in Lyapunov times.
        rmse: relative RMSE (lead,) of lead times dt, 2 dt, …
        valid_times: valid prediction time (sample,), in Lyapunov times.
        exponents: Lyapunov exponents (component,), not numbers where the approach is not a map of the state.
        distance: between the distributions of a long run and of the truth.
        example: forecast (lead, component) of the first sample.
        long_run: states (time, component) of one run of 100 time units.
        seconds: of all forecasts of the test split.
    """

    dt: tuple[float, float]
    rmse: np.ndarray
    valid_times: np.ndarray
    exponents: np.ndarray
    distance: float
    example: np.ndarray
    long_run: np.ndarray
    seconds: float

    def result(self) -> dict[str, list[float]]:
        """Scores as a card keeps them."""
        scores = {
            "relative_rmse": self.rmse[[0, 3]],
            "valid_prediction_time": [np.median(self.valid_times)],
            "leading_exponent": self.exponents[:1],
            "kaplan_yorke_dimension": [kaplan_yorke_dimension(self.exponents)],
            "attractor_distance": [self.distance],
        }
        return {name: [rounded(value) for value in values] for name, values in scores.items()}

    def row(self) -> dict:
        """Scores as a row of a table."""
        result = self.result()
        dt, later = result.pop("relative_rmse")
        return {
            "rmse_at_dt": dt,
            "rmse_at_4_dt": later,
            "rmse_at_1_lyapunov_time": rounded(self.rmse[round(1 / self.dt[1]) - 1]),
            **{key: values[0] for key, values in result.items()},
            "seconds": round(self.seconds, 2),
        }


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    setting = CASES[case]
    shape = {"components": setting.components, "dt": setting.dt}

    def fitted(make):
        return lambda: make().estimate(_states(setting, "train"))

    return {
        "persistence": lambda: StatePersistence(**shape),
        "linear fit": fitted(lambda: PolynomialMap(**shape, degree=1)),
        "quadratic fit": fitted(lambda: PolynomialMap(**shape, degree=2)),
        "SINDy": fitted(lambda: SINDy(**shape, substeps=setting.substeps)),
        **{label: lambda name=name: zoo.load(name) for label, name in setting.models.items()},
    }


def evaluate(model, case: str | None = None) -> ForecastScores:
    """Scores of a model or baseline on the test split of a case; by default the one whose states it takes.

    Raises:
        InputError: no case has states of this size and time step.
    """
    setting = CASES[case or case_of(model, CASES)]
    ds = datasets.open_dataset(setting.dataset, setting.config, "test")
    past, truth = ds.isel(time=slice(PAST)), ds.state.values[:, PAST:]
    deviation, lyapunov_times = truth.std(axis=(0, 1)), setting.dt * setting.leading_exponent

    start = time.perf_counter()
    forecast = model.predict(past, steps=truth.shape[1]).state.values
    seconds = time.perf_counter() - start

    steps = round(LONG_RUN / setting.dt)
    runs = model.predict(past, steps=steps).state.values
    settled = runs[:, steps // 10 :].reshape(-1, setting.components)
    return ForecastScores(
        dt=(setting.dt, lyapunov_times),
        rmse=relative_rmse(forecast, truth, deviation),
        valid_times=valid_prediction_time(forecast, truth, deviation, lyapunov_times),
        exponents=_exponents(model, past, setting),
        distance=attractor_distance(settled, truth.reshape(-1, setting.components)),
        example=forecast[0],
        long_run=runs[0],
        seconds=seconds,
    )


def card_scores(model, progress=lambda work: work) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them."""
    (scores,) = [evaluate(each) for each in progress([model])]
    return scores.result()


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines in the case of a model, as a card keeps them."""
    case = case_of(model, CASES)
    return {name: evaluate(approaches(case)[name](), case).result() for name in BASELINES}


def figure(table: dict[str, ForecastScores], case: str):
    """Error growth, and the forecast beside the truth."""
    setting = CASES[case]
    truth = datasets.open_dataset(setting.dataset, setting.config, "test").state.values[:, PAST:]
    return plotting.forecast_comparison(table, truth[0], truth.reshape(-1, setting.components))


def picture(observed, known, forecast):
    """A forecast of the user's own states."""
    return plotting.trajectory(known, forecast)


def _states(setting: Case, split: str) -> np.ndarray:
    return datasets.open_dataset(setting.dataset, setting.config, split).state.values.astype("float64")


def _exponents(model, past, setting: Case) -> np.ndarray:
    if not hasattr(model, "step"):
        return np.full(setting.components, np.nan)
    samples, time_units = (50, 100.0) if setting.components == 3 else (8, 50.0)
    states = past.state.values[:samples, -1].astype(model.variable_dtype)
    return lyapunov_spectrum(model.step, states, setting.dt, round(time_units / setting.dt), spin_up=round(10.0 / setting.dt))
