"""Trains a `WindAttention` that forecasts from +6 min to +6 h, on the files of MeteoNet: stations of north-west France."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import xarray as xr

from geodl import datasets, zoo
from geodl.metrics import WindLoss
from geodl.models import WindAttention
from geodl.models.station_features import station_values, winds_ahead
from geodl.training import resuming

STEP, LEADS = 6, 60  # minutes, and how many of them
HOUR = 60 // STEP
NETWORK = 24  # stations near each other that a network sees at once
DAYS = 10  # of forecasts, one an hour, for which features are made at once
PAST = 130  # days before, more than the model uses
BATCH, BATCHES = 256, 100  # an epoch
VALIDATED = 8  # networks


def network(ds: xr.Dataset, random: np.random.Generator) -> xr.Dataset:
    """A station that has wind, at random, and those nearest to it."""
    center = random.choice(np.flatnonzero(ds.u.notnull().any("time")))
    east = np.cos(np.deg2rad(ds.latitude.values[center])) * (ds.longitude.values - ds.longitude.values[center])
    distance = np.hypot(ds.latitude.values - ds.latitude.values[center], east)
    return ds.isel(station=np.argsort(distance)[:NETWORK])


def counted(ds: xr.Dataset) -> np.ndarray:
    """u, v and speed (time, station, 3), NaN where the series is counted elsewhere."""
    return np.where(ds.distinct.values[..., None] > 0, station_values(ds)[..., :3], np.nan)


def draw(model: WindAttention, ds: xr.Dataset, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features of hourly forecasts in a network in some days, at a minute of the hour at random, and what follows them."""
    first = random.integers(1, max(len(ds.time) - 24 * HOUR * DAYS, 1) + 1)
    start, end = max(first - 24 * HOUR * PAST, 0), first + 24 * HOUR * DAYS + LEADS
    near = network(ds.isel(time=slice(start, end)), random)
    hours = np.arange(first - start, len(near.time) - LEADS, HOUR)
    return model.features(station_values(near), near.time.values, hours), winds_ahead(counted(near), hours, LEADS)


def batches(model: WindAttention, ds: xr.Dataset, seed: int) -> tf.data.Dataset:
    """Forecasts of many networks and days in random order, without end."""

    def drawn() -> Iterator:
        random = np.random.default_rng(seed)
        while True:
            yield draw(model, ds, random)

    stations = min(NETWORK, ds.sizes["station"])
    signature = (
        tf.TensorSpec((None, stations, model.size), tf.float32),
        tf.TensorSpec((None, stations, LEADS, 4), tf.float32),
    )
    pairs = tf.data.Dataset.from_generator(drawn, output_signature=signature).unbatch()
    return pairs.shuffle(8 * BATCH, seed=seed).batch(BATCH).prefetch(1)


def train(output: Path, epochs: int = 20, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model = WindAttention(step=STEP)
    random = np.random.default_rng(seed)
    ds = datasets.open_dataset("wind_stations", "meteonet_nw", "train")
    near = network(ds, random)
    model.adapt(station_values(near), near.time.values, counted(near), np.arange(0, len(near.time) - LEADS, HOUR))
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(2e-3, epochs * BATCHES), weight_decay=0.02, global_clipnorm=1.0
        ),
        loss=WindLoss(),
    )
    validation = datasets.open_dataset("wind_stations", "meteonet_nw", "validation")
    known = [np.concatenate(parts) for parts in zip(*(draw(model, validation, random) for _ in range(VALIDATED)), strict=True)]
    model.fit(
        batches(model, ds, seed),
        validation_data=tf.data.Dataset.from_tensor_slices(tuple(known)).batch(BATCH),
        epochs=epochs,
        steps_per_epoch=BATCHES,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    model.couple(known[0], known[1][..., 2])
    zoo.save(model, output)
    return model
