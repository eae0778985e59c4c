"""Closures of Burgers' equation: the module of the cases `burgers` and `burgers_random`."""

import time
from dataclasses import dataclass

import keras
import numpy as np

from geodl import plotting
from geodl.baselines import BurgersDynamicSmagorinsky, BurgersGradientModel, BurgersSmagorinsky
from geodl.dynamics import Burgers, BurgersFiniteVolume
from geodl.metrics import BurgersScores, RelativeError
from geodl.models import BurgersClosure, burgers_states
from geodl.themes.cases import Case, Cases


@dataclass(frozen=True, kw_only=True)
class BurgersCase(Case):
    """Its grid, and how many steps of the dataset are one of a solver."""

    points: int
    ends: str
    stride: int


CLASSICAL = ("no closure", "Smagorinsky", "dynamic Smagorinsky", "gradient model", "MUSCL")
CASES = Cases(
    burgers=BurgersCase(
        dataset="burgers",
        config="course",
        points=25,
        ends="zero",
        stride=20,
        baselines=CLASSICAL,
        models={"CNN, a priori": "burgers_cnn_apriori", "CNN, a posteriori": "burgers_cnn"},
        splits={"": "test", "extrapolation_": "test_extrapolation"},
    ),
    burgers_random=BurgersCase(
        dataset="burgers",
        config="random",
        points=32,
        ends="periodic",
        stride=1,
        baselines=CLASSICAL,
        models={"CNN, a posteriori": "burgers_cnn_random"},
    ),
)
MODELS, VARIABLE = BurgersClosure, "u"


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    setting = CASES[case]
    closed = lambda closure=None, solver=Burgers: BurgersClosure(solver(ends=setting.ends), closure, setting.points)  # noqa: E731
    return {
        "no closure": closed,
        "Smagorinsky": lambda: tuned(closed(BurgersSmagorinsky(ends=setting.ends)), case),
        "dynamic Smagorinsky": lambda: closed(BurgersDynamicSmagorinsky(ends=setting.ends)),
        "gradient model": lambda: closed(BurgersGradientModel(ends=setting.ends)),
        "MUSCL": lambda: closed(solver=BurgersFiniteVolume),
        **setting.published(),
    }


def tuned(model: BurgersClosure, case: str, steps: int = 60) -> BurgersClosure:
    """The model after its coefficient was tuned through the solver on the trajectories of the training split."""
    states, u, _ = _runs(case, "train")
    solver = model.unrolled(u.shape[1])
    solver.compile(keras.optimizers.Adam(0.02), loss=RelativeError(), jit_compile=True)
    solver.fit(states[:, 0], u, batch_size=len(u), epochs=steps, verbose=0)
    return model


def evaluate(model: BurgersClosure, case: str, split: str = "test") -> BurgersScores:
    """Scores of a closure on a split of a case."""
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
    """The case whose grid a model has.

    Raises:
        InputError: there is none.
    """
    return CASES.of(model, "points", "ends")


def figure(compared: dict[str, BurgersScores], case: str):
    """Space–time of one run, its error by approach, errors in time and spectra."""
    _, u, _ = _runs(case, "test")
    return plotting.burgers_comparison(compared, u, CASES[case].stride * CASES[case].open("test").time.values[1])


def picture(observed, known, found):
    """A rollout of the user's own state."""
    return plotting.burgers_rollout(known, found)


def _runs(case, split):
    """States (run, time, 3, x) before each step, u (run, time, x) after it, and what the solver lacks of the true tendency."""
    setting = CASES[case]
    ds = setting.open(split).isel(time=slice(None, None, setting.stride))
    states = burgers_states(ds)
    resolved = np.array(Burgers(ends=setting.ends)(states.reshape(-1, *states.shape[2:])))[:, 0]
    return states[:, :-1], states[:, 1:, 0], (ds.tendency.values - resolved.reshape(ds.tendency.shape))[:, :-1]
