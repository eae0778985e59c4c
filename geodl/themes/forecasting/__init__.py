"""Short-term forecasting: how the wind, or a dynamical system, goes on from its past.

| | |
|---|---|
| cases | `wind_stations` (networks of stations), `wind_fields` (10 m wind on a grid) |
| | `lorenz63` (states every .01), `lorenz63_sparse` (every .2), `lorenz96` (40 components, every .05) |
| input | the past: of all stations, of fields, of states |
| output | the next hours, as a distribution at stations; the next states, for any number of steps |
| datasets | `wind_stations` and `lorenz63`, `lorenz96`, split by time; `wind_fields`, split by place |
| criterion | CRPS of a distribution; mean squared error of fields and of several steps of states |
| scores | RMSE, CRPS, energy and variogram score, coverage by lead time |
| | valid prediction time, Lyapunov spectrum, distance of the attractor's distribution |

Each kind of system is a module of its own: `wind_stations`, `wind_fields` and `dynamical_systems`.
"""

from geodl.errors import InputError
from geodl.themes.forecasting import dynamical_systems, wind_fields, wind_stations

SYSTEMS = (dynamical_systems, wind_stations, wind_fields)
CASES = {case: setting for system in SYSTEMS for case, setting in system.CASES.items()}


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    return _system_of(case).approaches(case)


def evaluate(model, case: str | None = None):
    """Scores of a model or baseline on the test split of a case; by default the one that the model belongs to.

    Raises:
        InputError: the model belongs to no case.
    """
    return (_system_of_model(model) if case is None else _system_of(case)).evaluate(model, case)


def card_scores(model, progress=lambda work: work) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them."""
    return _system_of_model(model).card_scores(model, progress)


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines in the case of a model, as a card keeps them."""
    return _system_of_model(model).baseline_scores(model)


def compare(case: str = "lorenz63", progress=lambda names: names) -> dict:
    """Scores of every approach.

    Args:
        case: one of `CASES`.
        progress: wraps the list of approaches.
    """
    return {name: evaluate(approaches(case)[name](), case) for name in progress(list(approaches(case)))}


def rows(table: dict) -> list[dict]:
    """The comparison as flat rows, for CSV."""
    return [{"approach": name, **scores.row()} for name, scores in table.items()]


def figure(table: dict, case: str):
    """Scores by lead time, and an example."""
    return _system_of(case).figure(table, case)


def picture(observed, known, forecast):
    """A forecast from the user's own data."""
    (system,) = (system for system in SYSTEMS if system.VARIABLE in forecast)
    return system.picture(observed, known, forecast)


def _system_of(case: str):
    return next(system for system in SYSTEMS if case in system.CASES)


def _system_of_model(model):
    for system in SYSTEMS:
        if isinstance(model, system.MODELS):
            return system
    raise InputError(f"Expected a model of the theme forecasting; found a {type(model).__name__}.")
