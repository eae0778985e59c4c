"""Windows of 10 m wind: six past fields and the future ones, with pressure, temperature, humidity and relief where known."""

import dataclasses
from itertools import chain

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import xarray as xr

from geodl import pipelines
from geodl.datasets import find_source
from geodl.errors import InputError
from geodl.files import read_netcdf
from geodl.grib import ATTRIBUTES, STATIC, read_grib

PAST, FUTURE = 6, 6
WIND = ("u10", "v10")
RUN = "20180501000000"
# Variables to take of each kind of file of a model's run.
KINDS = {
    "arpege": {"10m": WIND, "2m": ("t2m", "d2m", "r"), "P_sea_level": ("msl",)},
    "arome": {"10m": WIND, "P_sea_level": ("msl",)},
}
# Degrees north; the south-east starts below, so that no point of it lies in the north-west.
BORDER = 46.19


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """`sources`: variables to take of each file; `masks`: file of the static fields; `hours`: between fields of a window."""

    sources: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    masks: str | None = None
    hours: int = 1
    future: int = FUTURE

    @property
    def step(self) -> np.timedelta64:
        return np.timedelta64(self.hours, "h")

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(self.sources.values()))

    @property
    def static(self) -> tuple[str, ...]:
        return STATIC if self.masks else ()


def _meteonet(model: str, zone: str, description: str) -> Config:
    sources = {f"{model}_{kind}_{zone}_{RUN}.grib": variables for kind, variables in KINDS[model].items()}
    return Config(name=f"{model}_{zone.lower()}", description=description, sources=sources, masks=f"{zone}_masks.grib")


class Builder(tfds.core.GeneratorBasedBuilder):
    """Wind fields: forecasts of ARPEGE and AROME over north-west and south-east France, GFS over the globe."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        _meteonet("arpege", "NW", "ARPEGE, 0.1 degree, hourly, north-west France."),
        _meteonet("arpege", "SE", "ARPEGE, 0.1 degree, hourly, south-east France."),
        _meteonet("arome", "NW", "AROME, 0.025 degree, hourly, north-west France."),
        _meteonet("arome", "SE", "AROME, 0.025 degree, hourly, south-east France."),
        Config(
            name="gfs",
            description="GFS, 1 degree, every six hours, the globe.",
            sources={"gfs_10m_wind_1deg_20161120_20161122.nc": WIND},
            hours=6,
            future=3,
        ),
    ]

    def _info(self):
        config = self.builder_config
        length = PAST + config.future
        field = tfds.features.Tensor(shape=(length, None, None), dtype=np.float32, encoding="zlib")
        static = tfds.features.Tensor(shape=(None, None), dtype=np.float32, encoding="zlib")
        line = tfds.features.Tensor(shape=(None,), dtype=np.float64)
        seconds = tfds.features.Scalar(dtype=np.int64, doc="Seconds since 1970 of the last input.")
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    **dict.fromkeys(config.variables, field),
                    **dict.fromkeys(config.static, static),
                    **{"reference_time": seconds, "lat": line, "lon": line},
                }
            ),
            supervised_keys=None,
            disable_shuffling=True,  # windows stay in order
        )

    def _split_generators(self, dl_manager):
        config = self.builder_config
        fields = _fields(config)
        windows = pipelines.windows(fields.time.values, PAST, config.future, config.step, PAST, config.future)
        if not windows:
            raise InputError(f"Expected {PAST + config.future} fields of {config.name}, {config.step} apart; there are fewer.")
        if not config.name.endswith("_nw"):
            return {"test": self._generate_examples(fields, windows)}
        first_target = windows[-1][1][PAST]
        before = [(reference, frames) for reference, frames in windows if frames[-1] < first_target]
        return {
            "train": self._generate_examples(fields, before),
            "validation": self._generate_examples(fields, windows[-1:]),
        }

    def _generate_examples(self, fields, windows):
        names = (*self.builder_config.variables, *self.builder_config.static)
        lines = {dim: fields[dim].values.astype("float64") for dim in ("lat", "lon")}
        for reference, frames in windows:
            window = fields.isel(time=frames)
            seconds = int(reference.astype("datetime64[s]").astype("int64"))
            values = {name: window[name].values.astype("float32") for name in names}
            yield seconds, {**values, "reference_time": seconds, **lines}

    def pair(self, example):
        """Wind (u10, v10), m s⁻¹, of past fields (6, lat, lon, 2), and of future ones, as many as the configuration has."""
        wind = tf.stack([example[name] for name in WIND], axis=-1)
        return wind[:PAST], wind[PAST:]

    def to_xarray(self, examples) -> xr.Dataset:
        """Fields (sample, time, lat, lon), `time` counted from each sample's `reference_time`; static ones (lat, lon)."""
        config, first = self.builder_config, examples[0]
        dims = ("sample", "time", "lat", "lon")
        fields = {name: (dims, np.stack([e[name] for e in examples]), ATTRIBUTES[name]) for name in config.variables}
        static = {name: (dims[2:], first[name], ATTRIBUTES[name]) for name in config.static}
        seconds = np.array([e["reference_time"] for e in examples], "datetime64[s]").astype("datetime64[ns]")
        return xr.Dataset(
            {**fields, **static},
            {
                "time": config.step * np.arange(1 - PAST, config.future + 1),
                "reference_time": ("sample", seconds, {"standard_name": "forecast_reference_time"}),
                "lat": ("lat", first["lat"], {"units": "degrees_north", "standard_name": "latitude"}),
                "lon": ("lon", first["lon"], {"units": "degrees_east", "standard_name": "longitude"}),
            },
            {"title": config.description, "Conventions": "CF-1.11"},
        )


def _fields(config: Config) -> xr.Dataset:
    """All variables (time, lat, lon) at the times that all files have, and static fields (lat, lon) on the wind's grid."""
    parts = [_read(filename, variables) for filename, variables in config.sources.items()]
    try:
        fields = xr.merge(xr.align(*parts, join="inner", exclude=("lat", "lon")), join="exact")
    except xr.AlignmentError as error:
        raise InputError(f"Expected one grid for {', '.join(config.sources)}; found several.") from error
    if config.masks:
        fields = fields.assign(_on_grid(_read(config.masks, STATIC), fields))
    return fields.isel(lat=fields.lat.values < BORDER) if config.name.endswith("_se") else fields


def _read(filename: str, variables: tuple[str, ...]) -> xr.Dataset:
    path = find_source("wind_fields", filename)
    ds = read_grib(path) if path.suffix == ".grib" else read_netcdf(path).rename(latitude="lat", longitude="lon")
    absent = ", ".join(name for name in variables if name not in ds)
    if absent:
        raise InputError(f"Expected {', '.join(variables)} in {path}; there is no {absent}.")
    return ds[list(variables)]


def _on_grid(masks: xr.Dataset, grid: xr.Dataset) -> dict[str, tuple]:
    """Relief, linearly interpolated, and land (1) or sea (0) of the nearest point."""
    # The 0.1 degree grid reaches half a cell further than that of the masks.
    at = {dim: grid[dim].clip(masks[dim].min(), masks[dim].max()) for dim in ("lat", "lon")}
    relief = masks.orography.interp(at)
    # Some coast points of the north-west hold a fraction.
    land = masks.land_sea_mask.sel(at, method="nearest") >= 0.5
    return {"orography": (("lat", "lon"), relief.values), "land_sea_mask": (("lat", "lon"), land.values)}
