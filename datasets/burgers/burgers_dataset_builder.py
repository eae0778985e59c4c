"""Burgers' equation on a coarse grid, as a simulation on a fine one says it should be."""

import dataclasses

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import xarray as xr

from geodl import datasets
from geodl.dynamics import Burgers
from geodl.layers import ODEIntegrator, SpectralIntegrator

SOURCE = "burgers_neuralop_16.npz"
FIELDS = ("u", "viscosity", "forcing")


@dataclasses.dataclass
class BurgersConfig(tfds.core.BuilderConfig):
    """How many points the coarse grid has, its states a step of time apart, and whether there are walls at the ends."""

    points: int = 32
    states: int = 101
    dt: float = 0.02
    ends: str = "periodic"


class Builder(tfds.core.GeneratorBasedBuilder):
    """States of Burgers' equation on a coarse grid, and their true tendency."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        BurgersConfig(
            name="course",
            description="Initial states of Reynolds number 100, 200, … between walls; 200 points, every eighth is kept.",
            points=25,
            states=2501,
            dt=0.001,
            ends="zero",
        ),
        BurgersConfig(
            name="random",
            description="Random initial states, steady forcings and viscosities; 1024 points, means of 32 of them are kept.",
        ),
        BurgersConfig(
            name="operator",
            description="Initial state → state at time 1, viscosity .01, by another solver, on 16 points.",
            points=16,
            states=17,
            dt=0.0625,
        ),
    ]

    def _info(self):
        config = self.builder_config
        trajectory = tfds.features.Tensor(shape=(config.states, len(FIELDS), config.points), dtype=np.float32)
        tendency = tfds.features.Tensor(shape=(config.states, config.points), dtype=np.float32)
        features = {"state": trajectory, "tendency": tendency, "run": tfds.features.Scalar(dtype=np.int64)}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features), supervised_keys=None)

    def _split_generators(self, dl_manager):
        make = {"course": course_runs, "random": random_runs, "operator": operator_runs}[self.builder_config.name]
        return {split: self._generate_examples(state, tendency) for split, (state, tendency) in make().items()}

    def _generate_examples(self, states, tendencies):
        for run, (state, tendency) in enumerate(zip(states, tendencies, strict=True)):
            yield run, {"state": state.astype("float32"), "tendency": tendency.astype("float32"), "run": run}

    def pair(self, example):
        """The first state, and u at all later times."""
        return example["state"][0], example["state"][1:, 0]

    def to_xarray(self, examples) -> xr.Dataset:
        """`u` and its true `tendency` (sample, time, x), `viscosity` (sample) and `forcing` (sample, x)."""
        examples = sorted(examples, key=lambda example: example["run"])
        config, state = self.builder_config, np.stack([example["state"] for example in examples])
        units = {"units": "1"}
        return xr.Dataset(
            {
                "u": (("sample", "time", "x"), state[:, :, 0], units),
                "tendency": (("sample", "time", "x"), np.stack([example["tendency"] for example in examples]), units),
                "viscosity": ("sample", state[:, 0, 1, 0], units),
                "forcing": (("sample", "x"), state[:, 0, 2], units),
            },
            {
                "time": ("time", config.dt * np.arange(config.states), units),
                "x": ("x", np.arange(config.points) / config.points),
            },
            {"ends": config.ends},
        )


def course_runs() -> dict[str, tuple]:
    """Runs by split: u = x / (1 + √(1/t0) exp(Re x²/4)), t0 = exp(Re/8), on 200 points; coarse grid: every eighth point."""
    numbers = {
        "train": (100, 300, 500, 700, 900),
        "validation": (150, 350, 550, 750, 850),
        "test": (200, 400, 600, 800),
        "test_extrapolation": (1000, 1200),
    }
    dynamics = Burgers(ends="zero", dtype="float64")
    x = np.arange(200) / 200

    def run(reynolds):
        # One exponential instead of two that overflow.
        start = np.stack([x / (1 + np.exp(number * (x**2 / 4 - 1 / 16))) for number in reynolds])
        later = tf.function(ODEIntegrator(dynamics, 0.001, 2500, save_every=1, dtype="float64"))(start)
        u = np.concatenate([start[:, None], later], axis=1)
        tendency = np.array(dynamics(u.reshape(-1, 200))).reshape(u.shape)[..., ::8]
        u = u[..., ::8]
        u[..., [0, -1]] = tendency[..., [0, -1]] = 0
        return _with_fields(u, 1e-3), tendency

    return {split: run(reynolds) for split, reynolds in numbers.items()}


def random_runs(points: int = 1024, counts=(("train", 64), ("validation", 16), ("test", 32))) -> dict[str, tuple]:
    """Runs by split, each with an initial state, a viscosity and a forcing of its own, on means over points."""
    dynamics = Burgers(dtype="float64")
    saved, dt = 100, 0.25 / points
    substeps = round(0.02 / dt)
    integrator = tf.function(
        SpectralIntegrator(dynamics, 0.02 / substeps, saved * substeps, save_every=substeps, dtype="float64")
    )
    runs = {}
    for seed, (split, count) in enumerate(counts):
        start = random_starts(count, points, seed)
        state = np.concatenate([start[:, None], integrator(start)], axis=1)
        tendency = np.array(dynamics(state.reshape(-1, *start.shape[1:])))[:, 0].reshape(count, saved + 1, points)
        runs[split] = tuple(field.reshape(*field.shape[:-1], 32, -1).mean(axis=-1) for field in (state, tendency))
    return runs


def random_starts(count: int, points: int, seed: int) -> np.ndarray:
    """u, viscosity and forcing (count, 3, points): four waves of rms .3–.7 in a mean flow; every other run is forced, by four
    waves of rms up to .5.
    """
    random = np.random.default_rng(seed)
    phases = 2 * np.pi * np.arange(1, 5)[:, None] * (np.arange(points) + 0.5) / points

    def waves(rms):
        cosines, sines = random.normal(size=(2, count, 4))
        field = cosines @ np.cos(phases) + sines @ np.sin(phases)
        return field * (rms / np.sqrt((field**2).mean(axis=-1)))[:, None]

    u = waves(random.uniform(0.3, 0.7, count)) + random.normal(0, 0.2, count)[:, None]
    viscosity = np.broadcast_to(random.choice([1e-3, 2e-3, 4e-3], count)[:, None], u.shape)
    forcing = waves(random.uniform(0, 0.5, count) * (np.arange(count) % 2))
    return np.stack([u, viscosity, forcing], axis=1)


def operator_runs() -> dict[str, tuple]:
    """Runs by split of a file made by another solver; its tendency is that of differences in time."""
    u = np.load(datasets.find_source("burgers", SOURCE))["y"]
    cuts = {"train": slice(0, 700), "validation": slice(700, 800), "test": slice(800, 1200)}
    return {split: (_with_fields(u[cut], 0.01), np.gradient(u[cut], 0.0625, axis=1)) for split, cut in cuts.items()}


def _with_fields(u, viscosity):
    """U (run, time, x) with viscosity and no forcing (run, time, 3, x)."""
    return np.stack([u, np.full_like(u, viscosity), np.zeros_like(u)], axis=2)
