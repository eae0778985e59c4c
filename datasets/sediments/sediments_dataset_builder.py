"""Suspended sediment under clouds: a simulated truth, observed as a satellite would, or a series of the user's own."""

import dataclasses
import functools

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import xarray as xr

from geodl.cloud_masks import simulated_cloud_masks
from geodl.datasets import own_files
from geodl.layers import ODEIntegrator
from geodl_datasets.sediments.coastal_sea import SPACING, sediment_transport
from geodl_datasets.sediments.own_series import read_series, splits_of

STEPS_A_DAY = 24
SPIN_UP = 30  # days
NOISE = 0.15  # variance of the noise over that of the anomalies, of log10 of the concentration
FIRST_DAY = np.datetime64("2015-01-01T12:00", "s")
LATITUDE, LONGITUDE = 47.0, -4.0  # of the north-west corner of the made-up sea


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """`days` simulated under a `weather`, cut into {split: (first day, end)}; days between splits belong to none.

    With `own`, instead a `variable` of a NetCDF `file`, or of all that a pattern names, NaN where one of the `refused` flags of
    the variable `flags` is set.
    """

    days: int = 1400
    weather: int = 0
    splits: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    own: bool = False
    file: str = ""
    variable: str | None = None
    flags: str | None = None
    refused: tuple[str, ...] = ()


class Builder(tfds.core.GeneratorBasedBuilder):
    """Sediments: daily concentration on a coastal grid, and what clouds leave of it."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        Config(
            name="osse",
            description="1400 simulated days of a coastal sea, 64 x 64 pixels of 3 km.",
            splits={"train": (0, 1130), "validation": (1140, 1290), "test": (1300, 1400)},
        ),
        Config(
            name="osse_long",
            description="6000 days of other weather over the same sea, to train networks.",
            days=6000,
            weather=1,
            splits={"train": (0, 6000)},
        ),
        Config(
            name="osse_short",
            description="60 days of yet another weather, to try things out.",
            days=60,
            weather=2,
            splits={"train": (0, 40), "test": (45, 60)},
        ),
        Config(name="netcdf", description="A variable of your own, from `file`.", own=True, file="sediments.nc"),
    ]

    def _info(self):
        shape = self.series.shape[1:] if self.builder_config.own else sediment_transport(days=1).fields["depth"].shape
        field = tfds.features.Tensor(shape=shape, dtype=np.float32, encoding="zlib")
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "SPM": field,
                    "truth": field,
                    "day": tfds.features.Scalar(dtype=np.int64, doc="Days since the first one."),
                }
            ),
            supervised_keys=None,
            disable_shuffling=True,  # days stay in order
        )

    @functools.cached_property
    def own(self) -> xr.Dataset:
        """The series of the user's own."""
        config = self.builder_config
        return read_series(own_files("sediments", config.file), config.variable, config.flags, config.refused)

    @property
    def series(self) -> xr.DataArray:
        """Its variable (time, y, x)."""
        return next(array for name, array in self.own.data_vars.items() if name != "mask")

    def _split_generators(self, dl_manager):
        config = self.builder_config
        if config.own:
            observed = self.series.values.astype("float32")
            unknown, splits = np.full_like(observed, np.nan), splits_of(len(observed))
            return {split: self._generate_examples(unknown, observed, range(*days)) for split, days in splits.items()}
        truth = simulate(config.days, config.weather)
        observed = observe(truth, config.splits["train"], config.weather)
        return {split: self._generate_examples(truth, observed, range(*days)) for split, days in config.splits.items()}

    def _generate_examples(self, truth, observed, days):
        for day in days:
            yield day, {"SPM": observed[day], "truth": truth[day], "day": day}

    def pair(self, example):
        """What is observed, and the truth, NaN where it is not known."""
        return example["SPM"], example["truth"]

    def to_xarray(self, examples) -> xr.Dataset:
        """`SPM` as observed and `truth` (time, lat, lon), NaN on land; `mask` is 1 on sea. Of a file, what it has of it."""
        if self.builder_config.own:
            return self.own.isel(time=[int(example["day"]) for example in examples])
        rows, columns = examples[0]["SPM"].shape
        latitude = LATITUDE - SPACING / 111.2 * np.arange(rows)
        longitude = LONGITUDE + SPACING / (111.2 * np.cos(np.deg2rad(LATITUDE))) * np.arange(columns)
        attributes = {"units": "g m-3", "standard_name": "mass_concentration_of_suspended_matter_in_sea_water"}
        dims = ("time", "lat", "lon")
        return xr.Dataset(
            {
                "SPM": (dims, np.stack([example["SPM"] for example in examples]), attributes),
                "truth": (dims, np.stack([example["truth"] for example in examples]), attributes),
                "mask": (dims[1:], np.isfinite(examples[0]["truth"]).astype("int8"), {"long_name": "1 on sea, 0 on land"}),
            },
            {
                "time": FIRST_DAY.astype("datetime64[ns]") + np.array([int(e["day"]) for e in examples], "timedelta64[D]"),
                "lat": ("lat", latitude, {"units": "degrees_north", "standard_name": "latitude"}),
                "lon": ("lon", longitude, {"units": "degrees_east", "standard_name": "longitude"}),
            },
            {"title": "Simulated suspended sediment under simulated clouds", "Conventions": "CF-1.11"},
        )


def simulate(days: int, weather: int) -> np.ndarray:
    """Concentration (day, y, x), g/m³, NaN on land, the same each time."""
    dynamics = sediment_transport(days + SPIN_UP, weather, dtype="float64")
    integrator = ODEIntegrator(
        dynamics, 1 / STEPS_A_DAY, (days + SPIN_UP) * STEPS_A_DAY, "heun", save_every=STEPS_A_DAY, dtype="float64"
    )
    # Without XLA, which may round differently on another machine.
    states = tf.function(integrator)(tf.constant(dynamics.sea[None].astype("float64")))[0].numpy()
    return np.where(dynamics.sea, states[SPIN_UP:], np.nan).astype("float32")


def observe(truth: np.ndarray, training: tuple[int, int], weather: int) -> np.ndarray:
    """The truth with noise, NaN under clouds; the size of the noise is known from the training days alone."""
    logarithm = np.log10(truth)
    known = logarithm[slice(*training)]
    deviation = np.sqrt(NOISE * np.nanmean((known - known.mean(axis=0)) ** 2))
    noise = deviation * np.random.default_rng([weather, 2]).standard_normal(truth.shape)
    clouds = simulated_cloud_masks(*truth.shape, seed=1000 + weather)
    return np.where(clouds, np.nan, 10 ** (logarithm + noise)).astype("float32")
