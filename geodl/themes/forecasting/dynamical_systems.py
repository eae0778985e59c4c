"""Forecasts of dynamical systems, Lorenz-63 and Lorenz-96: the module of these cases."""

import time
from dataclasses import dataclass

import numpy as np

from geodl import plotting
from geodl.baselines import PolynomialMap, SINDy, StatePersistence
from geodl.metrics import StateForecastScores, attractor_distance, lyapunov_spectrum, relative_rmse, valid_prediction_time
from geodl.models.state_forecaster import PAST, StateForecaster
from geodl.themes.cases import Case, Cases

LONG_RUN = 100.0  # time units


@dataclass(frozen=True, kw_only=True)
class StateCase(Case):
    """How a system is sampled; its exact leading Lyapunov exponent is that of the equation, measured in float64."""

    dt: float
    components: int
    leading_exponent: float
    substeps: int


FITS = ("persistence", "linear fit", "quadratic fit", "SINDy")
CASES = Cases(
    lorenz63=StateCase(
        dataset="lorenz63",
        config="forecast",
        dt=0.01,
        components=3,
        leading_exponent=0.906,
        substeps=1,
        baselines=FITS,
        models={"LSTM": "lorenz63_lstm", "neural ODE": "lorenz63_neural_ode"},
    ),
    lorenz63_sparse=StateCase(
        dataset="lorenz63",
        config="forecast_sparse",
        dt=0.2,
        components=3,
        leading_exponent=0.906,
        substeps=20,
        baselines=FITS,
        models={"neural ODE": "lorenz63_neural_ode_sparse"},
    ),
    lorenz96=StateCase(
        dataset="lorenz96",
        config="forecast",
        dt=0.05,
        components=40,
        leading_exponent=1.68,
        substeps=1,
        baselines=FITS,
        models={"LSTM": "lorenz96_lstm", "neural ODE": "lorenz96_neural_ode"},
    ),
)
MODELS, VARIABLE = StateForecaster, "state"


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    setting = CASES[case]
    shape = {"components": setting.components, "dt": setting.dt}

    def fitted(make):
        return lambda: make().estimate(setting.open("train").state.values.astype("float64"))

    return {
        "persistence": lambda: StatePersistence(**shape),
        "linear fit": fitted(lambda: PolynomialMap(**shape, degree=1)),
        "quadratic fit": fitted(lambda: PolynomialMap(**shape, degree=2)),
        "SINDy": fitted(lambda: SINDy(**shape, substeps=setting.substeps)),
        **setting.published(),
    }


def evaluate(model, case: str, split: str = "test") -> StateForecastScores:
    """Scores of a model or baseline on a split of a case."""
    setting = CASES[case]
    ds = setting.open(split)
    past, truth = ds.isel(time=slice(PAST)), ds.state.values[:, PAST:]
    deviation, lyapunov_times = truth.std(axis=(0, 1)), setting.dt * setting.leading_exponent

    start = time.perf_counter()
    forecast = model.predict(past, steps=truth.shape[1]).state.values
    seconds = time.perf_counter() - start

    steps = round(LONG_RUN / setting.dt)
    runs = model.predict(past, steps=steps).state.values
    settled = runs[:, steps // 10 :].reshape(-1, setting.components)
    return StateForecastScores(
        dt=(setting.dt, lyapunov_times),
        rmse=relative_rmse(forecast, truth, deviation),
        valid_times=valid_prediction_time(forecast, truth, deviation, lyapunov_times),
        exponents=_exponents(model, past, setting),
        attractor_distance=attractor_distance(settled, truth.reshape(-1, truth.shape[-1])),
        example=forecast[0],
        long_run=runs[0],
        seconds=seconds,
    )


def case_of(model) -> str:
    """The case whose states a model takes.

    Raises:
        InputError: there is none.
    """
    return CASES.of(model, "components", "dt")


def figure(compared: dict[str, StateForecastScores], case: str):
    """Error growth, and the forecast beside the truth."""
    truth = CASES[case].open("test").state.values[:, PAST:]
    return plotting.forecast_comparison(compared, truth[0], truth.reshape(-1, truth.shape[-1]))


def picture(observed, known, forecast):
    """A forecast of the user's own states."""
    return plotting.trajectory(known, forecast)


def _exponents(model, past, setting: StateCase) -> np.ndarray:
    if not hasattr(model, "step"):
        return np.full(setting.components, np.nan)
    samples, time_units = (50, 100.0) if setting.components == 3 else (8, 50.0)
    states = past.state.values[:samples, -1].astype(model.variable_dtype)
    return lyapunov_spectrum(model.step, states, setting.dt, round(time_units / setting.dt), spin_up=round(10.0 / setting.dt))
