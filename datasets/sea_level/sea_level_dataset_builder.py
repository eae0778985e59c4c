"""Sea-surface height of the Mediterranean under real clouds."""

import numpy as np
import tensorflow_datasets as tfds
import xarray as xr

from geodl.datasets import find_source

FILE = "dt_med_allsat_phy_l4_2005T2.nc"
CLOUDS = "ct_msg_1024x1536_20210102T1000-1715.npz"
NOISE = 0.01  # m, standard deviation
# Clouds of one place in the scene stay so many days; the next ones are of another place.
DAYS_OF_ONE_PLACE, FRAMES_A_DAY = 3, 8
SPLITS = {"train": slice("2005-04-01", "2005-05-31"), "test": slice("2005-06-01", "2005-06-30")}
# Columns of the cloud scene whose clouds hide a split.
COLUMNS = {"train": (0, 860), "test": (860, 1536)}


class Builder(tfds.core.GeneratorBasedBuilder):
    """Sea level: daily maps of absolute dynamic topography, and what clouds leave of them."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name="mediterranean", description="April to June 2005, 1/8 degree.")]

    def _info(self):
        field = tfds.features.Tensor(shape=(None, None), dtype=np.float32, encoding="zlib")
        line = tfds.features.Tensor(shape=(None,), dtype=np.float64)
        seconds = tfds.features.Scalar(dtype=np.int64, doc="Seconds since 1970.")
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {"adt": field, "truth": field, "time": seconds, "latitude": line, "longitude": line}
            ),
            supervised_keys=None,
            disable_shuffling=True,  # days stay in order
        )

    def _split_generators(self, dl_manager):
        with xr.open_dataset(find_source("sea_level", FILE), engine="h5netcdf") as ds:
            field = ds.adt.transpose("time", "latitude", "longitude").load()
        # What is gap-free is sea.
        field = field.where(np.isfinite(field).all("time"))
        with np.load(find_source("clouds", CLOUDS)) as scene:
            cloudy = scene["ct"] >= 5
        return {split: self._generate_examples(field.sel(time=days), cloudy, split) for split, days in SPLITS.items()}

    def _generate_examples(self, field, cloudy, split):
        random = np.random.default_rng(len(field))
        hidden = clouds_of_places(cloudy[:, :, slice(*COLUMNS[split])], field.shape, random)
        truth = field.values.astype("float32")
        observed = np.where(hidden, np.nan, truth + NOISE * random.standard_normal(truth.shape)).astype("float32")
        for day, time in enumerate(field.time.values):
            seconds = int(time.astype("datetime64[s]").astype("int64"))
            lines = {name: field[name].values.astype("float64") for name in ("latitude", "longitude")}
            yield day, {"adt": observed[day], "truth": truth[day], "time": seconds, **lines}

    def pair(self, example):
        """What is observed, and the truth."""
        return example["adt"], example["truth"]

    def to_xarray(self, examples) -> xr.Dataset:
        """`adt` as observed and `truth` (time, latitude, longitude), NaN on land; `mask` is 1 on sea."""
        dims = ("time", "latitude", "longitude")
        attributes = {"units": "m", "standard_name": "sea_surface_height_above_geoid"}
        variables = {name: (dims, np.stack([e[name] for e in examples]), attributes) for name in ("adt", "truth")}
        sea = np.isfinite(examples[0]["truth"]).astype("int8")
        return xr.Dataset(
            {**variables, "mask": (dims[1:], sea, {"long_name": "1 on sea, 0 on land"})},
            {
                "time": np.array([e["time"] for e in examples], "datetime64[s]").astype("datetime64[ns]"),
                "latitude": ("latitude", examples[0]["latitude"], {"units": "degrees_north", "standard_name": "latitude"}),
                "longitude": ("longitude", examples[0]["longitude"], {"units": "degrees_east", "standard_name": "longitude"}),
            },
            {"title": "Sea-surface height (DUACS) under clouds (Meteosat)", "Conventions": "CF-1.11"},
        )


def clouds_of_places(cloudy: np.ndarray, shape: tuple[int, int, int], random: np.random.Generator) -> np.ndarray:
    """Masks (day, y, x) cut out of a scene (frame, row, column): some days at one place, two hours a day, then at another."""
    days, height, width = shape
    masks = np.empty(shape, bool)
    for first in range(0, days, DAYS_OF_ONE_PLACE):
        row, column = random.integers(cloudy.shape[1] - height + 1), random.integers(cloudy.shape[2] - width + 1)
        frames = FRAMES_A_DAY * np.arange(min(DAYS_OF_ONE_PLACE, days - first)) + random.integers(FRAMES_A_DAY)
        turn = slice(None, None, random.choice([-1, 1]))
        masks[first : first + len(frames)] = cloudy[frames, row : row + height, column : column + width][:, turn]
    return masks
