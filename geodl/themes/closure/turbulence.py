"""Closures of the subgrid flux of a scalar in turbulence: the module of the case `turbulence`."""

import time
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
import xarray as xr

from geodl import plotting
from geodl.baselines import DynamicGradientFlux, DynamicSmagorinskyFlux, GradientFlux, NoSubgridFlux, SmagorinskyFlux
from geodl.layers import ScalarClosure, SpectralIntegrator
from geodl.metrics import SubgridScores, closure_scores, subgrid_scores
from geodl.models.subgrid_flux_model import FIELDS, FLUX, STEP, SubgridFluxModel, dynamics_of
from geodl.themes.cases import Case

TURNOVERS = 10  # of the largest eddies, that are simulated
LARGEST = 10.0  # a simulation whose scalar grows to so many times its first extremes is not stable
SCALED, MOVING = 10.0, 1.0  # of the scalar and of the frame, where invariance is measured


CASES = {
    "turbulence": Case(
        dataset="turbulence",
        config="dns64",
        baselines=("no closure", "Smagorinsky", "dynamic Smagorinsky", "gradient model", "dynamic gradient model"),
        models={"CNN": "turbulence_cnn", "SGTNN": "turbulence_sgtnn"},
    )
}
MODELS, VARIABLE = SubgridFluxModel, FLUX


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""

    def tuned():
        ds = CASES[case].open("train")
        return SmagorinskyFlux().estimate(state_of(ds), ds[FLUX].values)

    return {
        "no closure": NoSubgridFlux,
        "Smagorinsky": tuned,
        "dynamic Smagorinsky": DynamicSmagorinskyFlux,
        "gradient model": GradientFlux,
        "dynamic gradient model": DynamicGradientFlux,
        **CASES[case].published(),
    }


def evaluate(model, case: str, split: str = "test") -> SubgridScores:
    """Scores of a closure on a split of a case, and in a simulation that starts from it."""
    ds = CASES[case].open(split)
    truth, scalar = ds[FLUX].values, ds.scalar.values
    start = time.perf_counter()
    fields = _closure(model, ds)
    seconds = time.perf_counter() - start
    rescaled = _closure(model, ds.assign(scalar=SCALED * ds.scalar)) / SCALED
    moving = _closure(model, ds.assign({name: ds[name] + MOVING for name in "uvw"}))
    stable, spectrum, true_spectrum = _simulated(model, ds)
    return SubgridScores(
        relative_mse=closure_scores.relative_mse(fields, truth),
        correlation=closure_scores.correlation(fields, truth),
        dissipation_error=closure_scores.dissipation_error(fields, truth, scalar),
        jensen_shannon=closure_scores.jensen_shannon(fields, truth),
        kolmogorov_smirnov=closure_scores.kolmogorov_smirnov(fields, truth),
        rescaled_mse=closure_scores.relative_mse(rescaled, truth),
        moving_mse=closure_scores.relative_mse(moving, truth),
        spectrum_distance=closure_scores.spectrum_distance(spectrum, true_spectrum),
        stable_time=stable,
        fields=fields,
        spectrum=spectrum,
        true_spectrum=true_spectrum,
        seconds=seconds,
    )


def case_of(model) -> str:
    """The one case."""
    return "turbulence"


def figure(compared: dict[str, SubgridScores], case: str):
    """Slices of each closure beside the truth, histograms, and spectra of the scalar in simulations."""
    return plotting.subgrid_flux_comparison(compared, CASES[case].open("test"))


def picture(observed, known, found):
    """The closure of the user's own fields, or of the last ones of a simulation."""
    state, found = (known, found) if "time" not in found.dims else 2 * [found.isel(time=-1)]
    return plotting.subgrid_flux_map(state, found)


def state_of(ds: xr.Dataset) -> np.ndarray:
    """Velocity and scalar (sample, 4, x, y, z)."""
    return np.stack([ds[name].values for name in FIELDS], axis=1)


def _closure(model, ds: xr.Dataset) -> np.ndarray:
    return model.predict(ds[list(FIELDS)])[FLUX].values


def _simulated(model, ds: xr.Dataset) -> tuple[float, np.ndarray, np.ndarray]:
    """Turnover times for which a simulation from the first state of each run is stable, and its spectrum and the true one.

    Spectra are those of the scalar at the other times of the runs, on average; not a number if it does not last until then.
    """
    times = np.unique(ds.time_of_run)
    interval = times[1] - times[0]
    first, later = (ds.isel(sample=np.flatnonzero(ds.time_of_run.isin(some))) for some in (times[:1], times[1:]))
    turnover = subgrid_scores.turnover_time(state_of(ds)[:, :3])
    steps = int(np.ceil(interval * ds.sizes["x"] / STEP))
    integrator = SpectralIntegrator(dynamics_of(ds), interval / steps, steps, closure=ScalarClosure(model))
    state = tf.constant(state_of(first))
    states = _bounded(integrator, state, round(TURNOVERS * turnover / interval), LARGEST * np.abs(state[:, 3]).max())
    spectra = [subgrid_scores.spectrum(each[:, 3]).mean(axis=0) for each in states]
    compared = len(times) - 1
    truth = subgrid_scores.spectrum(later.scalar.values).mean(axis=0)
    spectrum = np.mean(spectra[:compared], axis=0) if len(spectra) >= compared else np.full_like(truth, np.nan)
    return len(spectra) * interval / turnover, spectrum, truth


def _bounded(integrator, state, count: int, largest: float) -> Iterator[np.ndarray]:
    """States after each integration, as long as they are finite and not too large."""
    for _ in range(count):
        try:
            state = integrator(state)
        except tf.errors.InvalidArgumentError:
            return
        if np.abs(state[:, 3]).max() > largest:
            return
        yield state.numpy()
