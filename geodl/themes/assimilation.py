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

from geodl import datasets, dynamics, plotting, zoo
from geodl.baselines import AttractorPosterior, EnKS, StateInterpolation, StrongConstraint4DVar, WeakConstraint4DVar
from geodl.layers import ODEIntegrator
from geodl.metrics import gaussian_crps
from geodl.metrics.rounded import rounded
from geodl.themes.cases import case_of

EDGE = 10  # first and last steps of a window, which dominate the error
SPLITS = {"": "test_independent", "course_": "test"}  # the windows of the course overlap and hold few independent ones
WINDOWS = 500


@dataclass(frozen=True)
class Case:
    """A system and how it is observed."""

    dataset: str
    config: str
    dt: float
    components: int


CASES = {
    "lorenz63": Case("lorenz63", "assimilation_x", 0.01, 3),
    "lorenz96": Case("lorenz96", "assimilation_half", 0.05, 40),
}
BASELINES = ("optimal interpolation", "EnKS", "weak 4D-Var")


@dataclass
class AssimilationScores:
    """What is measured of one approach.

    Args:
        mse: mean squared error of a window, of its inner steps, of what is observed and of what is not.
        nmse: mean squared error over the variance of the states.
        crps: of the Gaussian of mean and standard deviation; the mean absolute error where there is no standard deviation.
        spread_skill: root mean square of the standard deviation over that of the error.
        by_time: root mean squared error (time,).
        example: estimate (time, component) of the first window.
        seconds: a window, all windows at once, with the first call that compiles.
    """

    mse: tuple[float, float, float, float]
    nmse: float
    crps: float
    spread_skill: float
    by_time: np.ndarray
    example: np.ndarray
    seconds: float

    def result(self) -> dict[str, list[float]]:
        """Scores as a card keeps them."""
        names = ("mse", "mse_inner", "mse_observed", "mse_unobserved")
        scores = {**dict(zip(names, self.mse, strict=True)), "nmse": self.nmse, "crps": self.crps}
        scores["spread_skill"] = self.spread_skill
        return {name: [rounded(value)] for name, value in scores.items()}


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
        "direct network": lambda: zoo.load(f"{case}_direct"),
        "4DVarNet": lambda: zoo.load(f"{case}_4dvarnet"),
        "4DVarNet, then 4D-Var": fitted(refined),
    }
    if not ring:
        compared["Bayes estimate"] = lambda: AttractorPosterior(**shape).estimate(_attractor(setting))
    return compared


def evaluate(model, case: str | None = None, split: str = "test_independent", windows: int = WINDOWS) -> AssimilationScores:
    """Scores of a model or baseline on windows of a case; by default the one whose states it takes.

    Raises:
        InputError: no case has states of this size and time step.
    """
    ds = sampled_windows(case or case_of(model, CASES), split, windows)
    start = time.perf_counter()
    found = model.predict(ds)
    seconds = (time.perf_counter() - start) / ds.sizes["sample"]

    truth, state = ds.state.values.astype("float64"), found.state.values.astype("float64")
    squares, seen = (state - truth) ** 2, np.isfinite(ds.observations.values)
    deviation = found.standard_deviation.values.astype("float64") if "standard_deviation" in found else np.zeros_like(truth)
    with_spread = bool((deviation > 0).all())
    crps = np.array(gaussian_crps(state, deviation, truth)) if with_spread else np.sqrt(squares)
    return AssimilationScores(
        mse=(squares.mean(), squares[:, EDGE:-EDGE].mean(), squares[seen].mean(), squares[~seen].mean()),
        nmse=squares.mean() / truth.var(axis=(0, 1)).mean(),
        crps=crps.mean(),
        spread_skill=np.sqrt((deviation**2).mean() / squares.mean()) if with_spread else np.nan,
        by_time=np.sqrt(squares.mean(axis=(0, 2))),
        example=state[0],
        seconds=seconds,
    )


def sampled_windows(case: str, split: str, windows: int):
    """Windows of a split, evenly spaced where there are more than asked for."""
    setting = CASES[case]
    ds = datasets.open_dataset(setting.dataset, setting.config, split)
    return ds.isel(sample=np.unique(np.linspace(0, ds.sizes["sample"] - 1, windows).round().astype(int)))


def card_scores(model, progress=lambda work: work) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them, on independent windows and on those of the course."""
    scores = {}
    for prefix, split in progress(list(SPLITS.items())):
        scores |= {prefix + name: value for name, value in evaluate(model, split=split).result().items()}
    return scores


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines in the case of a model, as a card keeps them."""
    case = case_of(model, CASES)
    return {name: evaluate(approaches(case)[name](), case).result() for name in BASELINES}


def compare(case: str = "lorenz63", progress=lambda names: names) -> dict[str, AssimilationScores]:
    """Scores of every approach on independent windows.

    Args:
        case: one of `CASES`.
        progress: wraps the list of approaches.
    """
    return {name: evaluate(approaches(case)[name](), case) for name in progress(list(approaches(case)))}


def rows(table: dict[str, AssimilationScores]) -> list[dict]:
    """The comparison as flat rows, for CSV."""
    return [
        {
            "approach": name,
            **{key: value[0] for key, value in scores.result().items()},
            "seconds_a_window": float(f"{scores.seconds:.2g}"),
        }
        for name, scores in table.items()
    ]


def figure(table: dict[str, AssimilationScores], case: str):
    """One window with its reconstructions, and the error in time."""
    ds = sampled_windows(case, "test_independent", WINDOWS)
    return plotting.assimilation_comparison(table, ds.isel(sample=0), CASES[case].dt)


def picture(observed, known, found):
    """An assimilation of the user's own observations."""
    return plotting.assimilation(known, found)


def _training_states(setting: Case) -> np.ndarray:
    return datasets.open_dataset(setting.dataset, setting.config, "train").state.values.astype("float64")


def _attractor(setting: Case) -> np.ndarray:
    """Two million states of the attractor, from simulations that no split has seen, and their mirror images."""
    states = _training_states(setting)
    starts = states[:: len(states) // 100, 0]
    starts = starts + np.random.default_rng(0).normal(size=starts.shape)
    simulated = ODEIntegrator(dynamics.Lorenz63(), setting.dt, 11_000, save_every=1)(starts.astype("float32"))
    simulated = np.array(simulated)[:, 1_000:]
    return np.concatenate([simulated, simulated * np.float32([-1, -1, 1])])
