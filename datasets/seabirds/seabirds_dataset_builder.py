"""Foraging trips of boobies from four colonies, or of birds of your own."""

import dataclasses

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import xarray as xr

from geodl.datasets import own_files
from geodl.errors import InputError
from geodl.track_cutting import read_trips
from geodl.trips import split_by_bird, trips_dataset

PERU, NORONHA = (-77.264, -11.773), (-32.392, -3.819)


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """`steps`: most positions of a trip; what is None is taken from the file. `time_zone` is that of its times."""

    file: str = ""
    colony: tuple[float, float] | None = None
    step_seconds: float | None = None
    steps: int | None = None
    time_zone: str = "UTC"


class Builder(tfds.core.GeneratorBasedBuilder):
    """Foraging trips of seabirds, split by bird."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        Config(
            name="peru",
            description="Peruvian boobies (Sula variegata), every minute.",
            file="trips_SV_200_steps.csv",
            colony=PERU,
            step_seconds=60,
            steps=200,
        ),
        Config(
            name="brazil",
            description="Masked boobies (Sula dactylatra) of Fernando de Noronha, every five minutes.",
            file="trips_SD_200_steps.csv",
            colony=NORONHA,
            step_seconds=300,
            steps=200,
        ),
        Config(
            name="brazil_hourly",
            description="Red-footed boobies (Sula sula) of Fernando de Noronha, every hour.",
            file="trips_SS_20_steps.csv",
            colony=NORONHA,
            step_seconds=3600,
            steps=20,
        ),
        Config(
            name="st_helena",
            description="Masked boobies (Sula dactylatra) of St Helena, every four minutes.",
            file="boobies_st_helena_gps.csv.gz",
            step_seconds=240,
            steps=200,
        ),
        Config(name="csv", description="Tracks of your own, from `file`.", file="tracks.csv"),
    ]

    def _info(self):
        track = tfds.features.Tensor(shape=(None,), dtype=np.float32)
        features = {
            "trip": tfds.features.Text(),
            "bird": tfds.features.Text(),
            "positions": tfds.features.Tensor(shape=(None, 2), dtype=np.float32, doc="Metres east and north of the colony."),
            "dive_probability": track,
            "start": tfds.features.Scalar(np.int64, doc="Nanoseconds since 1970."),
            "too_fast": tfds.features.Scalar(np.int32, doc="Intervals that no bird flies."),
            "colony": tfds.features.Tensor(shape=(2,), dtype=np.float64, doc="Degrees east and north."),
            "step_seconds": tfds.features.Scalar(np.float64),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features), supervised_keys=None, disable_shuffling=True
        )

    def _split_generators(self, dl_manager):
        config = self.builder_config
        file, *others = own_files("seabirds", config.file)
        if others:
            raise InputError(f"Expected one table of tracks; {config.file} names {1 + len(others)} files: join them.")
        ds = read_trips(file, config.colony, config.step_seconds, time_zone=config.time_zone)
        return {split: self._generate_examples(trips) for split, trips in split_by_bird(ds).items()}

    def _generate_examples(self, ds):
        colony = [ds.attrs["colony_lon"], ds.attrs["colony_lat"]]
        for number in range(ds.sizes["trip"]):
            trip = ds.isel(trip=number)
            trip = trip.isel(step=slice(int(trip.mask.sum())))
            dive = trip.dive_probability.values if "dive_probability" in trip else np.full(trip.sizes["step"], np.nan)
            yield (
                number,
                {
                    "trip": str(trip.trip.values),
                    "bird": str(trip.bird.values),
                    "positions": np.stack([trip.x, trip.y], axis=-1).astype("float32"),
                    "dive_probability": dive.astype("float32"),
                    "start": int(trip.time.values[0].astype("datetime64[ns]").astype("int64")),
                    "too_fast": int(trip.too_fast),
                    "colony": np.array(colony),
                    "step_seconds": ds.attrs["step_seconds"],
                },
            )

    def pair(self, example):
        """Positions (step, 2) in metres, and the probability (step,) of a dive, NaN after the end of the trip."""
        steps = self.builder_config.steps
        x, y = example["positions"], example["dive_probability"]
        if steps is None:
            return x, y
        missing = steps - tf.shape(y)[0]
        x, y = tf.pad(x, [[0, missing], [0, 0]], constant_values=np.nan), tf.pad(y, [[0, missing]], constant_values=np.nan)
        return tf.ensure_shape(x, (steps, 2)), tf.ensure_shape(y, (steps,))

    def to_xarray(self, examples) -> xr.Dataset:
        """Trips (trip, step), as `geodl.trips.trips_dataset` makes them, and the probability of a dive where it is known."""
        lengths = np.array([len(example["positions"]) for example in examples])
        steps = self.builder_config.steps or lengths.max()
        series = np.full((len(examples), steps, 3), np.nan)
        for target, example in zip(series, examples, strict=True):
            target[: len(example["positions"]), :2] = example["positions"]
            target[: len(example["positions"]), 2] = example["dive_probability"]
        fields = {"too_fast": np.array([example["too_fast"] for example in examples])}
        if np.isfinite(series[..., 2]).any():
            fields["dive_probability"] = series[..., 2]
        ds = trips_dataset(
            series[..., :2],
            np.round(examples[0]["colony"], 5),  # TFDS stores single precision
            examples[0]["step_seconds"],
            lengths=lengths,
            names=[example["trip"].decode() for example in examples],
            birds=[example["bird"].decode() for example in examples],
            starts=np.array([example["start"] for example in examples]).astype("datetime64[ns]"),
            **fields,
        )
        return ds.assign_attrs(title=self.builder_config.description)
