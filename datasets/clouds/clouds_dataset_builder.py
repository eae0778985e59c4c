"""Windows of cloud type: six past frames and four future ones, 15 minutes apart."""

import dataclasses

import numpy as np
import tensorflow_datasets as tfds
import xarray as xr

from geodl import cloud_types, pipelines
from geodl.datasets import find_source
from geodl.models.cloud_nowcaster import FUTURE, MAX_MISSING, PAST, STEP

MSG_FILE = "ct_msg_1024x1536_20210102T1000-1715.npz"
MSG_TRAIN_FRAMES, MSG_TRAIN_COLUMNS = 22, 1280


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """`dims`: names of the two spatial dimensions."""

    dims: tuple[str, str] = ("lat", "lon")


class Builder(tfds.core.GeneratorBasedBuilder):
    """Clouds: cloud-type codes of MeteoNet and of a geostationary scene over Europe."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        Config(name="meteonet_sample", description="Two hours of MeteoNet north-west that ship with the package."),
        Config(name="meteonet_nw", description="MeteoNet north-west, 2016-2018."),
        Config(name="meteonet_se", description="MeteoNet south-east, 2016-2018."),
        Config(name="msg_europe", description="A seven-hour Meteosat scene over Europe.", dims=("y", "x")),
    ]

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "CT": tfds.features.Tensor(shape=(PAST + FUTURE, None, None), dtype=np.uint8, encoding="zlib"),
                    "reference_time": tfds.features.Scalar(dtype=np.int64, doc="Seconds since 1970 of the last input."),
                    "y": tfds.features.Tensor(shape=(None,), dtype=np.float64),
                    "x": tfds.features.Tensor(shape=(None,), dtype=np.float64),
                }
            ),
            supervised_keys=None,
        )

    def _split_generators(self, dl_manager):
        if self.builder_config.name == "msg_europe":
            scene = _msg_scene()
            first = scene.isel(time=slice(0, MSG_TRAIN_FRAMES))
            return {
                "train": self._complete(first.isel(x=slice(0, MSG_TRAIN_COLUMNS))),
                "validation": self._complete(first.isel(x=slice(MSG_TRAIN_COLUMNS, None))),
                "test": self._complete(scene.isel(time=slice(MSG_TRAIN_FRAMES - PAST, None))),
            }
        if self.builder_config.name == "meteonet_sample":
            sample = _meteonet("CT_NW_2016_sample.nc")
            # The last frame is the target of the test window alone, and its other targets lie after the file.
            return {
                "train": self._with_gaps([sample.isel(time=slice(None, -1))], min_future=3),
                "test": self._with_gaps([sample], min_future=1, last_only=True),
            }
        zone = self.builder_config.name.removeprefix("meteonet_").upper()
        return {
            "train": self._with_gaps([f"CT_{zone}_2016.nc", f"CT_{zone}_2017.nc"], min_future=1),
            "test": self._with_gaps([f"CT_{zone}_2018.nc"], min_future=1),
        }

    def _generate_examples(self, field: xr.DataArray, min_past: int, min_future: int, last_only: bool = False):
        times = field.time.values
        found = pipelines.windows(times, PAST, FUTURE, STEP, min_past, min_future)
        for reference, frames in found[-1:] if last_only else found:
            codes = np.zeros((PAST + FUTURE, *field.shape[1:]), "uint8")
            codes[frames >= 0] = field.isel(time=frames[frames >= 0]).values
            if not codes[PAST:].any():
                continue
            seconds = reference.astype("datetime64[s]").astype("int64")
            y, x = (field[dim].values.astype("float64") for dim in field.dims[1:])
            yield int(seconds), {"CT": codes, "reference_time": seconds, "y": y, "x": x}

    def _complete(self, field):
        return self._generate_examples(field, PAST, FUTURE)

    def _with_gaps(self, sources, min_future, last_only=False):
        for source in sources:
            field = _meteonet(source) if isinstance(source, str) else source
            yield from self._generate_examples(field, PAST - MAX_MISSING, min_future, last_only)

    def pair(self, example):
        """Input and target of one example: codes (6, y, x) and (4, y, x)."""
        return example["CT"][:PAST], example["CT"][PAST:]

    def to_xarray(self, examples) -> xr.Dataset:
        """Samples as `CT` (sample, time, y, x), `time` counted from each sample's `reference_time`."""
        dims = self.builder_config.dims
        attributes = {
            "long_name": "cloud type",
            "flag_values": np.arange(cloud_types.CODES, dtype="uint8"),
            "flag_meanings": " ".join(cloud_types.MEANINGS),
        }
        seconds = np.array([example["reference_time"] for example in examples], "datetime64[s]")
        return xr.Dataset(
            {"CT": (("sample", "time", *dims), np.stack([example["CT"] for example in examples]), attributes)},
            {
                "time": STEP * np.arange(1 - PAST, FUTURE + 1),
                "reference_time": ("sample", seconds.astype("datetime64[ns]")),
                dims[0]: examples[0]["y"],
                dims[1]: examples[0]["x"],
            },
        )


def _msg_scene() -> xr.DataArray:
    """Codes (time, y, x) with geostationary coordinates in metres (perspective height 35785831 m, longitude 0)."""
    with np.load(find_source("clouds", MSG_FILE)) as file:
        codes, times = file["ct"], file["time"].astype("datetime64[ns]")
        row, column = np.arange(codes.shape[1]) + file["row0"], np.arange(codes.shape[2]) + file["col0"]
    pixel = 3000.403
    y, x = (1855.5 - row) * pixel, (column - 1855.5) * pixel
    return xr.DataArray(codes, {"time": times, "y": y, "x": x}, ("time", "y", "x"))


def _meteonet(filename: str) -> xr.DataArray:
    """Codes (time, lat, lon) of a MeteoNet file, sorted in time."""
    path = find_source("clouds", filename)
    with xr.open_dataset(path, mask_and_scale=False) as ds:
        field = ds["CT"].transpose("time", "lat", "lon").load()
    return field.assign_coords(time=field.time.dt.round("min")).sortby("time")
