"""What the builders of simulated trajectories share: windows of states, and of partial observations with noise."""

import dataclasses

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import xarray as xr

from geodl.layers import ODEIntegrator


@dataclasses.dataclass
class Observations:
    """Every `every` steps from `first` to `last`, noise of variance `variance`; missing elsewhere (NaN).

    `components` are the observed ones: their indices, or how many, drawn anew at each time.
    """

    every: int
    first: int
    last: int
    components: tuple[int, ...] | int
    variance: float = 2.0


@dataclasses.dataclass
class TrajectoryConfig(tfds.core.BuilderConfig):
    """One long trajectory, cut in time into splits.

    Args:
        dt: time between two states.
        substeps: steps of the integration between two states.
        splits: {split: (first state, end, number of windows, states in a window)}.
        past: states of a window that are input, for forecasts.
        observations: how windows are observed, for assimilation.
    """

    dt: float = 0.01
    substeps: int = 1
    splits: dict[str, tuple[int, int, int, int]] = dataclasses.field(default_factory=dict)
    past: int | None = None
    observations: Observations | None = None


class TrajectoryBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Simulates with the classical Runge–Kutta scheme in float64, the same to the bit each time; stores float32.

    A subclass defines `dynamics()`, `start` (component,), `spin_up` (time units) and `component_names`.
    """

    start: np.ndarray
    spin_up: float
    component_names: tuple

    def dynamics(self):
        """The equation of motion, in float64."""
        raise NotImplementedError

    def _info(self):
        size = len(self.component_names)
        state = tfds.features.Tensor(shape=(None, size), dtype=np.float32)
        features = {"state": state, "first": tfds.features.Scalar(dtype=np.int64, doc="Index of the first state.")}
        if self.builder_config.observations is not None:
            features["observations"] = state
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features), supervised_keys=None)

    def _split_generators(self, dl_manager):
        splits = self.builder_config.splits
        trajectory = self._simulate(max(end for _, end, _, _ in splits.values()))
        return {split: self._generate_examples(trajectory, *cut) for split, cut in splits.items()}

    def _simulate(self, count: int) -> np.ndarray:
        """States (count, component), the first one after the spin-up."""
        config = self.builder_config
        step = config.dt / config.substeps
        # Without XLA, which may fuse a product and a sum and so round differently on another machine.
        spin_up = ODEIntegrator(self.dynamics(), step, round(self.spin_up / step), dtype="float64")
        integrator = ODEIntegrator(
            self.dynamics(), step, (count - 1) * config.substeps, save_every=config.substeps, dtype="float64"
        )
        first = tf.function(spin_up)(tf.constant(self.start, "float64"))
        return np.concatenate([first[None], tf.function(integrator)(first)])

    def _generate_examples(self, trajectory, begin, end, windows, length):
        random = np.random.default_rng(begin)
        for first in np.unique(np.linspace(begin, end - length, windows).astype(int)):
            example = {"state": trajectory[first : first + length].astype("float32"), "first": first}
            if self.builder_config.observations is not None:
                example["observations"] = self._observe(example["state"], random)
            yield int(first), example

    def _observe(self, state, random):
        plan = self.builder_config.observations
        observations = np.full(state.shape, np.nan, "float32")
        for step in range(plan.first, plan.last + 1, plan.every):
            seen = plan.components
            if isinstance(seen, int):
                seen = np.sort(random.choice(state.shape[1], seen, replace=False))
            noise = np.sqrt(plan.variance) * random.standard_normal(len(seen))
            observations[step, list(seen)] = state[step, list(seen)] + noise
        return observations

    def pair(self, example):
        """Past and future states, or observations and states."""
        if self.builder_config.observations is not None:
            return example["observations"], example["state"]
        past = self.builder_config.past
        return example["state"][:past], example["state"][past:]

    def to_xarray(self, examples) -> xr.Dataset:
        """`state` and, for assimilation, `observations` (sample, time, component); `time` is counted from `start_time`."""
        dims = ("sample", "time", "component")
        examples = sorted(examples, key=lambda example: example["first"])
        names = [name for name in ("state", "observations") if name in examples[0]]
        length = len(examples[0]["state"])
        time = ("time", self.builder_config.dt * np.arange(length), {"units": "1", "long_name": "dimensionless time"})
        return xr.Dataset(
            {name: (dims, np.stack([example[name] for example in examples]), {"units": "1"}) for name in names},
            {
                "time": time,
                "component": list(self.component_names),
                "start_time": ("sample", self.builder_config.dt * np.array([example["first"] for example in examples])),
            },
        )
