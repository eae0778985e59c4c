"""Turbulence with a passive scalar: direct numerical simulation, filtered to a coarse grid, and the subgrid terms."""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import xarray as xr

from geodl.dynamics import NavierStokes3D
from geodl.filters import STRESSES, subgrid_terms
from geodl.fourier_box import AXES, regridded
from geodl.layers import SpectralIntegrator

INJECTION = 0.5  # of energy and of half of the variance of the scalar, a unit of time
STEPS = 60  # a unit of time on 64 points; as many more as the grid has more points
FIRST_POINTS, SPIN_UP = 32, 6.0  # grid and time of the first part of the spin-up
SETTLING = 0.75  # time on each finer grid, until its small scales are there
INTERVAL, SNAPSHOTS = 0.2, 7  # states that are kept
FIELDS = ("u", "v", "w", "scalar")
RUNS = {"train": range(6), "validation": range(6, 7), "test": range(7, 9)}


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """Simulation on `points`³ filtered by a filter `kind` to `coarse`³; `forced`, or else decaying after the spin-up."""

    points: int = 64
    coarse: int = 16
    kind: str = "sharp"
    forced: bool = True

    @property
    def viscosity(self) -> float:
        """So that the grid resolves 1.4 times the Kolmogorov scale; that of the scalar is the same."""
        return 0.02 * (64 / self.points) ** (4 / 3)


class Builder(tfds.core.GeneratorBasedBuilder):
    """Turbulence: coarse velocity and scalar, and the subgrid terms, split by run."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        Config(name="dns64", description="Forced turbulence, 64³ to 16³ by the sharp filter."),
        Config(name="dns64_box", description="The same runs, by the box filter.", kind="box"),
        Config(name="dns64_gaussian", description="The same runs, by the Gaussian filter.", kind="gaussian"),
        Config(name="decay64", description="Decaying turbulence, 64³ to 16³ by the sharp filter.", forced=False),
        Config(name="dns128", description="Forced turbulence, 128³ to 32³ by the sharp filter.", points=128, coarse=32),
        Config(name="dns512", description="Forced turbulence, 512³ to 64³ by the sharp filter.", points=512, coarse=64),
    ]

    def _info(self):
        grid = (self.builder_config.coarse,) * 3

        def field(*shape):
            return tfds.features.Tensor(shape=(*shape, *grid), dtype=np.float32, encoding="zlib")

        features = {
            **{name: field() for name in FIELDS},
            "subgrid_flux": field(3),
            "subgrid_flux_divergence": field(),
            "subgrid_stress": field(6),
            "run": tfds.features.Scalar(dtype=np.int64),
            "time": tfds.features.Scalar(dtype=np.float64),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=None,
            disable_shuffling=True,  # times of a run stay in order
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(runs) for split, runs in RUNS.items()}

    def _generate_examples(self, runs):
        config = self.builder_config
        for run in runs:
            for snapshot, (time, state) in enumerate(simulate(config, run)):
                terms = subgrid_terms(state, config.coarse, config.kind)
                example = dict(zip(FIELDS, terms.pop("state"), strict=True)) | terms
                example = {name: values.astype("float32") for name, values in example.items()}
                yield SNAPSHOTS * run + snapshot, {**example, "run": run, "time": time}

    def pair(self, example):
        """State (4, x, y, z) and the divergence of the subgrid flux (x, y, z)."""
        return tf.stack([example[name] for name in FIELDS]), example["subgrid_flux_divergence"]

    def to_xarray(self, examples) -> xr.Dataset:
        """Fields (sample, x, y, z), subgrid terms beside them; attributes say what a solver on the coarse grid needs."""
        config = self.builder_config
        grid = ("x", "y", "z")
        axis = 2 * np.pi * np.arange(config.coarse) / config.coarse
        dims = dict.fromkeys((*FIELDS, "subgrid_flux_divergence"), ("sample", *grid))
        dims |= {"subgrid_flux": ("sample", "component", *grid), "subgrid_stress": ("sample", "stress", *grid)}
        injection = INJECTION if config.forced else 0.0
        return xr.Dataset(
            {name: (dim, np.stack([e[name] for e in examples]), {"units": "1"}) for name, dim in dims.items()},
            {
                **{name: (name, axis, {"units": "1"}) for name in grid},
                "component": list(grid),
                "stress": list(STRESSES),
                "run": ("sample", [int(e["run"]) for e in examples]),
                "time_of_run": ("sample", [float(e["time"]) for e in examples], {"units": "1"}),
            },
            {
                "title": config.description,
                "viscosity": config.viscosity,
                "diffusivity": config.viscosity,
                "energy_injection": injection,
                "variance_injection": injection,
                "Conventions": "CF-1.11",
            },
        )


def simulate(config: Config, run: int) -> Iterator[tuple[float, np.ndarray]]:
    """Times and states (4, n, n, n) of a run; large scales are spun up on coarse grids, which costs little."""
    points, viscosity = FIRST_POINTS, config.viscosity
    # In double precision: chaos would make rounding of another machine another flow.
    spin_up = integrator(points, SPIN_UP, viscosity, INJECTION, "float64")
    state = spin_up(tf.constant(random_state(points, run)[None])).numpy()
    while points < config.points:
        points *= 2
        settle = integrator(points, SETTLING, viscosity, INJECTION)
        state = settle(tf.constant(regridded(state, points), "float32")).numpy()
    advance = integrator(points, INTERVAL, viscosity, INJECTION if config.forced else 0.0)
    for snapshot in range(SNAPSHOTS):
        if not np.isfinite(state).all():  # compiled code does not tell
            raise FloatingPointError(f"Run {run} of {config.name} is not finite at time {INTERVAL * snapshot:g}.")
        yield INTERVAL * snapshot, state[0]
        if snapshot < SNAPSHOTS - 1:
            state = advance(tf.constant(state)).numpy()


@functools.cache
def integrator(points: int, time: float, viscosity: float, injection: float, dtype: str = "float32"):
    """State (1, 4, n, n, n) after some time."""
    dynamics = NavierStokes3D(
        viscosity=viscosity, diffusivity=viscosity, energy_injection=injection, variance_injection=injection, dtype=dtype
    )
    steps = STEPS * points // 64
    return tf.function(SpectralIntegrator(dynamics, 1 / steps, round(time * steps), dtype=dtype), jit_compile=True)


def random_state(points: int, seed: int) -> np.ndarray:
    """Random velocity and scalar (4, n, n, n) of unit variance, with most of it at wavenumbers 1 to 3."""
    noise = np.random.default_rng([seed, 3]).standard_normal((4, points, points, points))
    wavenumber = np.sqrt(
        sum(k**2 for k in np.meshgrid(*2 * [np.fft.fftfreq(points, 1 / points)], np.arange(points // 2 + 1), indexing="ij"))
    )
    fields = np.fft.irfftn(
        np.fft.rfftn(noise, axes=AXES) * wavenumber * np.exp(-((wavenumber / 2) ** 2)), (points,) * 3, axes=AXES
    )
    return fields / fields.std(axis=AXES, keepdims=True)
