"""Closures of Burgers' equation: the module of the cases `burgers` and `burgers_random`."""

import time
from dataclasses import dataclass

import keras
import numpy as np

from geodl import datasets, plotting, zoo
from geodl.baselines import BurgersDynamicSmagorinsky, BurgersGradientModel, BurgersSmagorinsky
from geodl.dynamics import Burgers, BurgersFiniteVolume
from geodl.metrics import BurgersScores, RelativeError
from geodl.models import BurgersClosure, burgers_states


@dataclass(frozen=True)
class Case:
    """A config of the dataset, its grid, the steps of its time that are one of a solver, and the published models."""

    config: str
    points: int
    ends: str
    stride: int
    splits: dict[str, str]
    models: dict[str, str]


CASES = {
    "burgers": Case(
        "course", 25, "zero", 20, {"": "test", "extrapolation_": "test_extrapolation"},
        {"CNN, a priori": "burgers_cnn_apriori", "CNN, a posteriori": "burgers_cnn"},
    ),
    "burgers_random": Case("random", 32, "periodic", 1, {"": "test"}, {"CNN, a posteriori": "burgers_cnn_random"}),
}  # fmt: skip
MODELS, VARIABLE = BurgersClosure, "u"
BASELINES = ("no closure", "Smagorinsky", "dynamic Smagorinsky", "gradient model", "MUSCL")


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    setting = CASES[case]
    closed = lambda closure=None, solver=Burgers: BurgersClosure(solver(ends=setting.ends), closure, setting.points)  # noqa: E731
    classical = {
        "no closure": closed,
        "Smagorinsky": lambda: tuned(closed(BurgersSmagorinsky(ends=setting.ends)), case),
        "dynamic Smagorinsky": lambda: closed(BurgersDynamicSmagorinsky(ends=setting.ends)),
        "gradient model": lambda: closed(BurgersGradientModel(ends=setting.ends)),
        "MUSCL": lambda: closed(solver=BurgersFiniteVolume),
    }
    published = zoo.list_models(theme="closure")
    models = {label: name for label, name in setting.models.items() if name in published}
    return classical | {label: lambda name=name: zoo.load(name) for label, name in models.items()}


def tuned(model: BurgersClosure, case: str, steps: int = 60) -> BurgersClosure:
    """The model after its coefficient was tuned through the solver on the trajectories of the training split."""
    states, u, _ = _runs(case, "train")
    solver = model.unrolled(u.shape[1])
    solver.compile(keras.optimizers.Adam(0.02), loss=RelativeError(), jit_compile=True)
    solver.fit(states[:, 0], u, batch_size=len(u), epochs=steps, verbose=0)
    return model


def evaluate(model: BurgersClosure, case: str | None = None, split: str = "test") -> BurgersScores:
    """Scores of a closure on a split of a case, by default the one whose grid it has."""
    case = case or case_of(model)
    states, u, missing = _runs(case, split)
    term = model.forward(states.reshape(-1, *states.shape[2:]))["subgrid_tendency"].reshape(missing.shape)
    start, count = states[:, 0], u.shape[1]
    model.simulate(start, count)  # compiles
    clock = time.perf_counter()
    found = model.simulate(start, count)
    seconds = time.perf_counter() - clock
    finite = np.isfinite(model.simulate(start, BurgersScores.STABLE * count)).all(axis=(0, 2))
    stable_time = (len(finite) if finite.all() else np.argmin(finite)) / count
    return BurgersScores.of(found, u, term, missing, stable_time, seconds)


def case_of(model: BurgersClosure) -> str:
    """The case whose grid a model has."""
    return next(name for name, case in CASES.items() if (case.points, case.ends) == (model.points, model.dynamics.ends))


def card_scores(model, progress=lambda work: work) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them."""
    splits = CASES[case_of(model)].splits
    scores = {}
    for prefix, split in progress(list(splits.items())):
        scores |= {prefix + name: value for name, value in evaluate(model, split=split).result().items()}
    return scores


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines in the case of a model, as a card keeps them."""
    made = {name: make() for name, make in approaches(case_of(model)).items() if name in BASELINES}
    return {name: card_scores(baseline) for name, baseline in made.items()}


def figure(table: dict[str, BurgersScores], case: str):
    """Space–time of one run, its error by approach, errors in time and spectra."""
    _, u, _ = _runs(case, "test")
    return plotting.burgers_comparison(table, u, CASES[case].stride * _dataset(case, "test").time.values[1])


def picture(observed, known, found):
    """A rollout of the user's own state."""
    return plotting.burgers_rollout(known, found)


def _dataset(case, split):
    return datasets.open_dataset("burgers", CASES[case].config, split)


def _runs(case, split):
    """States (run, time, 3, x) before each step, u (run, time, x) after it, and what the solver lacks of the true tendency."""
    setting = CASES[case]
    ds = _dataset(case, split).isel(time=slice(None, None, setting.stride))
    states = burgers_states(ds)
    resolved = np.array(Burgers(ends=setting.ends)(states.reshape(-1, *states.shape[2:])))[:, 0]
    return states[:, :-1], states[:, 1:, 0], (ds.tendency.values - resolved.reshape(ds.tendency.shape))[:, :-1]
