"""Space-time interpolation: daily fields from what clouds leave of them.

| | |
|---|---|
| cases | `sediments` (suspended sediment, simulated), `sea_level` (Mediterranean, altimetry under real clouds) |
| input | daily fields with noise, NaN under clouds and on land |
| output | the fields everywhere on sea, and their standard deviation |
| datasets | `sediments`, config `osse`; `sea_level`: split by time |
| criterion | squared error of the field, of log10 of a concentration |
| scores | in gaps, where observed and everywhere: RMSE, R², MAPE, gradients, spectra, CRPS, coverage of the 90 % interval |
"""

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from geodl import datasets, plotting, zoo
from geodl.baselines import Dineof, FieldClimatology, MultiscaleInterpolation, OptimalInterpolation
from geodl.errors import InputError
from geodl.metrics import InterpolationScores
from geodl.themes.cases import Case, Cases


@dataclass(frozen=True, kw_only=True)
class FieldCase(Case):
    """A variable, the config that methods learn from, and the day that is drawn.

    Args:
        training: config of the dataset.
        variable: that has gaps.
        logarithmic: scores are of logarithms.
        grid: of the models of the case.
        modes: of the reduced-space interpolation, 0 for none.
        scales_of: published model with whose scales a field is interpolated, if any.
        example: day that is drawn.
    """

    training: str
    variable: str
    logarithmic: bool
    grid: tuple[int, int]
    modes: int
    example: int
    scales_of: str | None = None


CASES = Cases(
    sediments=FieldCase(
        dataset="sediments",
        config="osse",
        training="osse_long",
        variable="SPM",
        logarithmic=True,
        grid=(64, 64),
        modes=40,
        baselines=("climatology", "interpolation in time", "DINEOF", "optimal interpolation", "reduced-space interpolation"),
        models={
            "U-Net without truth": "sediment_unet_gappy",
            "U-Net": "sediment_unet",
            "4DVarNet": "sediment_4dvarnet",
        },
        example=66,
    ),
    sea_level=FieldCase(
        dataset="sea_level",
        config="mediterranean",
        training="mediterranean",
        variable="adt",
        logarithmic=False,
        grid=(128, 344),
        modes=0,
        baselines=(
            "climatology",
            "interpolation in time",
            "DINEOF",
            "optimal interpolation",
            "interpolation on several scales",
        ),
        models={"4DVarNet without truth": "ssh_4dvarnet_gappy", "4DVarNet": "ssh_4dvarnet"},
        example=14,
        scales_of="ssh_4dvarnet",
    ),
)


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    setting = CASES[case]
    compared = {
        "climatology": lambda: FieldClimatology().estimate(*_training(case)),
        "interpolation in time": lambda: FieldClimatology(interpolate=True).estimate(*_training(case)),
        "DINEOF": Dineof,
        "optimal interpolation": lambda: OptimalInterpolation().estimate(*_training(case)),
    }
    if setting.modes:
        compared["reduced-space interpolation"] = lambda: OptimalInterpolation(setting.modes, 15).estimate(*_training(case))
    if setting.scales_of:
        compared["interpolation on several scales"] = lambda: MultiscaleInterpolation(
            zoo.load(setting.scales_of, pretrained=False).scales
        ).estimate(*_training(case))
    return compared | setting.published()


def evaluate(model, case: str | None = None, split: str = "test") -> InterpolationScores:
    """Scores of a model or baseline on the series of a split of a case; by default the one on whose grid it has learned.

    Raises:
        InputError: there is no such case, or none has the grid of the model.
    """
    setting = CASES[case or case_of(model)]
    ds = setting.open(split)
    start = time.perf_counter()
    found = model.predict(ds.drop_vars("truth"), setting.variable)
    seconds = 100 * (time.perf_counter() - start) / ds.sizes["time"]
    name = f"{setting.variable}_standard_deviation"
    return InterpolationScores.of(
        found[setting.variable].values.astype("float64"),
        found[name].values if name in found else None,
        ds.truth.values.astype("float64"),
        np.isfinite(ds[setting.variable].values),
        setting.logarithmic,
        seconds,
    )


def case_of(model) -> str:
    """The case on whose grid a model has learned.

    Raises:
        InputError: there is none.
    """
    return CASES.of(model, "grid")


def figure(compared: dict[str, InterpolationScores], case: str):
    """One day with its reconstructions and their errors, and the spectra of the errors."""
    setting = CASES[case]
    ds = setting.open("test")
    return plotting.interpolation_comparison(compared, ds, setting.variable, setting.example)


def picture(observed, known, found):
    """What was observed in the user's own file beside the estimate."""
    variable = next(str(name) for name in found.data_vars)
    deviation = found.get(f"{variable}_standard_deviation")
    return plotting.interpolation(known[variable].transpose(*found[variable].dims), found[variable], deviation)


def film(known, found):
    """What draws observations beside the estimate, day by day, to the path of a GIF.

    Raises:
        InputError: a single field.
    """
    variable = next(str(name) for name in found.data_vars)
    if "time" not in found[variable].dims:
        raise InputError("Expected a series of fields for a film; the file has a single one.")
    animation = plotting.animation(known[variable].transpose(*found[variable].dims), found[variable])
    return lambda path: animation.save(path, writer="pillow")


@lru_cache(maxsize=1)
def _training(case: str):
    """The training split, and the variable that is observed."""
    setting = CASES[case]
    return datasets.open_dataset(setting.dataset, setting.training, "train"), setting.variable
