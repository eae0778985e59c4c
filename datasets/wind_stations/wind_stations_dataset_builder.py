"""Weather at networks of stations: hourly in Beijing, daily in Ireland, every six minutes in France."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf
import tensorflow_datasets as tfds
import xarray as xr

from geodl.datasets import find_source
from geodl.files import read_netcdf
from geodl.stations import PLACES, attributes_of, read_stations

KNOT = 0.514444  # m s-1
WEATHER = ("u", "v", "speed", "temperature", "pressure", "dew_point", "rain")
# Of two stations that are alike to this share of the times of a month, the second one is a copy.
ALIKE = 0.95


@dataclasses.dataclass
class Config(tfds.core.BuilderConfig):
    """`splits`: first and last day; `past`, `future`: times of a pair."""

    files: tuple[str, ...] = ()
    splits: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    variables: tuple[str, ...] = WEATHER
    past: int = 24
    future: int = 6


def _meteonet(zone: str) -> Config:
    years = {"train": ("2016-01-01", "2017-10-31"), "validation": ("2017-11-01", "2017-12-31")}
    return Config(
        name=f"meteonet_{zone.lower()}",
        description=f"Every six minutes, {'north-west' if zone == 'NW' else 'south-east'} of France.",
        files=tuple(f"{zone}_Ground_Stations_{year}.csv" for year in (2016, 2017, 2018)),
        splits={**years, "test": ("2018-01-01", "2018-12-31")},
        variables=(*WEATHER, "humidity"),
        past=240,
        future=60,
    )


class Builder(tfds.core.GeneratorBasedBuilder):
    """Wind at stations: series of networks of weather stations, split by time."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        Config(
            name="beijing",
            description="Hourly, eight stations of Beijing.",
            files=("beijing.nc",),
            splits={
                "train": ("2013-03-01", "2015-02-28"),
                "validation": ("2015-03-01", "2015-08-31"),
                "test": ("2015-09-01", "2016-08-31"),
            },
        ),
        Config(
            name="ireland",
            description="Daily mean speeds, twelve stations of Ireland.",
            files=("irish_wind_gstat_complete.csv", "irish_wind_station_locations.csv"),
            splits={
                "train": ("1961-01-01", "1975-12-31"),
                "validation": ("1976-01-01", "1976-12-31"),
                "test": ("1977-01-01", "1978-12-31"),
            },
            variables=("speed",),
            past=3,
            future=1,
        ),
        _meteonet("NW"),
        _meteonet("SE"),
    ]

    def _info(self):
        field = tfds.features.Tensor(shape=(None, None), dtype=np.float32, encoding="zlib")
        place = tfds.features.Tensor(shape=(None,), dtype=np.float64)
        features = {
            **dict.fromkeys((*self.builder_config.variables, "distinct"), field),
            **dict.fromkeys(("latitude", "longitude", "height"), place),
            "station": tfds.features.Sequence(tfds.features.Text()),
            "time": tfds.features.Tensor(shape=(None,), dtype=np.int64, doc="Seconds since 1970."),
        }
        # One example is a month; months stay in order.
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features), supervised_keys=None, disable_shuffling=True
        )

    def _split_generators(self, dl_manager):
        config = self.builder_config
        ds = _read(config.name, [find_source("wind_stations", name) for name in config.files])
        splits = {name: ds.sel(time=slice(*days)) for name, days in config.splits.items()}
        return {name: self._generate_examples(part) for name, part in splits.items()}

    def _generate_examples(self, ds):
        months = ds.time.values.astype("datetime64[M]")
        for month in np.unique(months):
            part = ds.isel(time=months == month)
            example = {name: part[name].values.astype("float32") for name in self.builder_config.variables}
            example["distinct"] = np.broadcast_to(distinct(part.speed.values), part.speed.shape).astype("float32")
            example |= {name: part[name].values.astype("float64") for name in PLACES if name != "station"}
            example["station"] = [str(name) for name in part.station.values]
            example["time"] = part.time.values.astype("datetime64[s]").astype("int64")
            yield int(month.astype("int64")), example

    def pairs(self, months: tf.data.Dataset) -> tf.data.Dataset:
        """Windows (time, station, variable) of the past, and of `u` and `v`, or else the speed, of the times that follow.

        They start as often as the future is long; those that two months share are left out.
        """
        past, future, names = self.builder_config.past, self.builder_config.future, self.builder_config.variables
        wanted = [names.index(name) for name in (("u", "v") if "u" in names else ("speed",))]

        def windows(month):
            series = tf.stack([month[name] for name in names], axis=-1)
            starts = tf.range(0, tf.shape(series)[0] - past - future + 1, future)
            cut = tf.gather(series, starts[:, None] + tf.range(past + future))
            return tf.data.Dataset.from_tensor_slices((cut[:, :past], tf.gather(cut[:, past:], wanted, axis=-1)))

        return months.flat_map(windows)

    def to_xarray(self, examples) -> xr.Dataset:
        """Variables (time, station) in SI units; `distinct` is 0 where another station has the same series that month."""
        first = examples[0]
        dims = ("time", "station")
        joined = {name: np.concatenate([e[name] for e in examples]) for name in (*self.builder_config.variables, "distinct")}
        attributes = {name: attributes_of(name) for name in self.builder_config.variables}
        attributes["distinct"] = {"long_name": "1, but 0 where a station before it has the same series that month"}
        names = [name.decode() for name in first["station"]]
        places = {name: ("station", first[name], PLACES[name]) for name in PLACES if name != "station"}
        seconds = np.concatenate([e["time"] for e in examples])
        return xr.Dataset(
            {name: (dims, field, attributes[name]) for name, field in joined.items()},
            {"time": seconds.astype("datetime64[s]").astype("datetime64[ns]"), "station": names, **places},
            {"title": self.builder_config.description, "Conventions": "CF-1.11"},
        )


def distinct(speed: np.ndarray) -> np.ndarray:
    """Which stations (time, station) are not copies of one before them."""
    same = (speed[:, :, None] == speed[:, None]) | (np.isnan(speed[:, :, None]) & np.isnan(speed[:, None]))
    alike = (same.mean(axis=0) > ALIKE) & np.isfinite(speed).any(axis=0)
    return ~np.tril(alike, -1).any(axis=1)


def _read(name: str, paths: list[Path]) -> xr.Dataset:
    if name == "beijing":
        ds = read_netcdf(paths[0])
        return ds.assign_coords(
            {place: ("station", np.full(ds.sizes["station"], np.nan)) for place in PLACES if place != "station"}
        )
    if name == "ireland":
        return _read_ireland(*paths)
    return xr.concat([read_stations(path) for path in paths], "time", join="outer")


def _read_ireland(winds: Path, places: Path) -> xr.Dataset:
    """Daily mean speeds, which the file has in knots."""
    table, places = pd.read_csv(winds), pd.read_csv(places).set_index("Code")
    dates = pd.to_datetime({"year": 1900 + table["year"], "month": table["month"], "day": table["day"]})
    codes = [code for code in table.columns if code in places.index]
    located = {"latitude": places.loc[codes, "lat"], "longitude": places.loc[codes, "lon"]}
    return xr.Dataset(
        {"speed": (("time", "station"), KNOT * table[codes].to_numpy("float32"))},
        {
            "time": dates.to_numpy("datetime64[ns]"),
            "station": codes,
            **{name: ("station", values.to_numpy("float64")) for name, values in located.items()},
            "height": ("station", np.full(len(codes), np.nan)),
        },
    )
