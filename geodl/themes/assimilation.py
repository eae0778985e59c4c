"""Data assimilation: all states of a window from a few noisy observations of some components.

| | |
|---|---|
| cases | `lorenz63` (x alone, every 8 steps of .01), `lorenz96` (20 of 40 components drawn anew, every 4 steps of .05) |
| input | observations of a window of 200 states, noise variance 2, NaN where missing |
| output | the states of the window, and their standard deviation |
| datasets | `lorenz63`, config `assimilation_x`; `lorenz96`, config `assimilation_half`: simulated, split by time |
| criterion | mean squared error of the state |
| scores | MSE: of the window, of its inner steps, where observed and where not, over the variance; CRPS; spread over error |
"""

import time
from dataclasses import dataclass

import numpy as np

from geodl import dynamics, plotting, zoo
from geodl.baselines import AttractorPosterior, EnKS, StateInterpolation, StrongConstraint4DVar, WeakConstraint4DVar
from geodl.layers import ODEIntegrator
from geodl.metrics import AssimilationScores
from geodl.themes.cases import Case, Cases

WINDOWS = 500


@dataclass(frozen=True, kw_only=True)
class AssimilationCase(Case):
    """A system and how it is observed."""

    dt: float
    components: int


CLASSICAL = ("optimal interpolation", "EnKS", "weak 4D-Var")
# The windows of the course overlap and hold few independent ones.
SPLITS = {"": "test_independent", "course_": "test"}
CASES = Cases(
    lorenz63=AssimilationCase(
        dataset="lorenz63",
        config="assimilation_x",
        dt=0.01,
        components=3,
        baselines=CLASSICAL,
        models={"direct network": "lorenz63_direct", "4DVarNet": "lorenz63_4dvarnet"},
        splits=SPLITS,
    ),
    lorenz96=AssimilationCase(
        dataset="lorenz96",
        config="assimilation_half",
        dt=0.05,
        components=40,
        baselines=CLASSICAL,
        models={"direct network": "lorenz96_direct", "4DVarNet": "lorenz96_4dvarnet"},
        splits=SPLITS,
    ),
)


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    setting = CASES[case]
    shape = {"components": setting.components, "dt": setting.dt}
    ring = case == "lorenz96"
    equation = dynamics.Lorenz96() if ring else dynamics.Lorenz63()
    ensemble = (
        {"members": 200, "radius": 10, "lag": 60, "inflation": 1.02} if ring else {"members": 500, "passes": (4.0, 4 / 3)}
    )

    def fitted(make):
        return lambda: make().estimate(_training_states(setting))

    def refined():
        guess = zoo.load(f"{case}_4dvarnet")
        if ring:
            return WeakConstraint4DVar(equation, **shape, first_guess=guess, model_errors=(0.001,), iterations=100)
        return StrongConstraint4DVar(equation, **shape, first_guess=guess, growth=(1.0,), iterations=15)

    compared = {
        "optimal interpolation": fitted(lambda: StateInterpolation(**shape, ring=ring)),
        "EnKS": fitted(lambda: EnKS(equation, **shape, **ensemble)),
        "weak 4D-Var": fitted(lambda: WeakConstraint4DVar(equation, **shape, ring=ring)),
        **setting.published(),
        "4DVarNet, then 4D-Var": fitted(refined),
    }
    if not ring:
        compared["Bayes estimate"] = lambda: AttractorPosterior(**shape).estimate(_attractor(setting))
    return compared


def evaluate(model, case: str | None = None, split: str = "test_independent", windows: int = WINDOWS) -> AssimilationScores:
    """Scores of a model or baseline on windows of a case; by default the one whose states it takes.

    Raises:
        InputError: there is no such case, or none has states of this size and time step.
    """
    ds = sampled_windows(case or case_of(model), split, windows)
    start = time.perf_counter()
    found = model.predict(ds)
    seconds = (time.perf_counter() - start) / ds.sizes["sample"]
    deviation = found.standard_deviation.values if "standard_deviation" in found else None
    return AssimilationScores.of(found.state.values, deviation, ds.state.values, np.isfinite(ds.observations.values), seconds)


def sampled_windows(case: str, split: str, windows: int):
    """Windows of a split, evenly spaced where there are more than asked for."""
    ds = CASES[case].open(split)
    return ds.isel(sample=np.unique(np.linspace(0, ds.sizes["sample"] - 1, windows).round().astype(int)))


def case_of(model) -> str:
    """The case whose states a model takes.

    Raises:
        InputError: there is none.
    """
    return CASES.of(model, "components", "dt")


def figure(compared: dict[str, AssimilationScores], case: str):
    """One window with its reconstructions, and the error in time."""
    ds = sampled_windows(case, "test_independent", WINDOWS)
    return plotting.assimilation_comparison(compared, ds.isel(sample=0), CASES[case].dt)


def picture(observed, known, found):
    """An assimilation of the user's own observations."""
    return plotting.assimilation(known, found)


def _training_states(setting: AssimilationCase) -> np.ndarray:
    return setting.open("train").state.values.astype("float64")


def _attractor(setting: AssimilationCase) -> np.ndarray:
    """Two million states of the attractor, from simulations that no split has seen, and their mirror images."""
    states = _training_states(setting)
    starts = states[:: len(states) // 100, 0]
    starts = starts + np.random.default_rng(0).normal(size=starts.shape)
    simulated = ODEIntegrator(dynamics.Lorenz63(), setting.dt, 11_000, save_every=1)(starts.astype("float32"))
    simulated = np.array(simulated)[:, 1_000:]
    return np.concatenate([simulated, simulated * np.float32([-1, -1, 1])])
