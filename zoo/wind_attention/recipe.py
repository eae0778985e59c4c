"""Trains `wind_attention` on two years of eight stations of Beijing: about seven minutes on two cores."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from geodl import datasets, zoo
from geodl.metrics import WindLoss
from geodl.models import WindAttention
from geodl.models.station_exposure import exposed
from geodl.models.station_features import LEADS, hours_ahead, station_values
from geodl.training import resuming

HIDDEN = 0.1  # share of the stations that a network of others has to do without
SHORT, WEEK = 0.15, 7  # share of the days of which not ninety days of the past are known, but a week (days)
EXPOSURE, TURN = 0.2, 0.35  # standard deviations of the logarithm of a factor, and of an angle (radians)
BATCH = 256


def series(split: str):
    """Values (time, station, variable), times, and u, v and speed (time, station, 3), NaN where counted elsewhere."""
    ds = datasets.open_dataset("wind_stations", "beijing", split)
    values = station_values(ds)
    return values, ds.time.values, np.where(ds.distinct.values[..., None] > 0, values[..., :3], np.nan)


def following(counted: np.ndarray) -> np.ndarray:
    """u, v, speed and weight of the hours that follow each hour: (hour, station, lead, 4).

    Lead times count by their inverse: of late ones there is less to learn, and more to memorise.
    """
    wind = hours_ahead(counted, np.arange(len(counted) - LEADS))
    weight = np.isfinite(wind[..., 2]) / np.arange(1, LEADS + 1)
    return np.concatenate([wind, weight[..., None]], axis=-1).astype("float32")


def with_short_pasts(model, features: np.ndarray, values: np.ndarray, times: np.ndarray, seed: int) -> np.ndarray:
    """The features, on some days those of a short past, so that the model is good for users who know no more."""
    hours = np.arange(len(features))
    days = (times[hours] - times[0]) // np.timedelta64(1, "D")
    short = np.random.default_rng(seed).random(days[-1] + 1)[days] < SHORT
    return np.where(short[:, None, None], model.features(values, times, hours, days=WEEK), features)


def batches(features: np.ndarray, targets: np.ndarray, seed: int) -> tf.data.Dataset:
    """Hours in random order, of stations more or less exposed and turned at random, some of them hidden."""
    random = tf.random.Generator.from_seed(seed)

    def vary(inputs, truth):
        shape = (*tf.unstack(tf.shape(inputs)[:2]), 1)
        factor, angle = tf.exp(random.normal(shape, stddev=EXPOSURE)), random.normal(shape, stddev=TURN)
        inputs, wind = exposed(inputs, truth[..., :3], factor, angle)
        hidden = tf.where(random.uniform(shape) < HIDDEN, np.float32(np.nan), inputs)
        return hidden, tf.concat([wind, truth[..., 3:]], axis=-1)

    pairs = tf.data.Dataset.from_tensor_slices((features, targets))
    return pairs.shuffle(len(features), seed=seed).batch(BATCH).map(vary).prefetch(2)


def train(output: Path, epochs: int = 8, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model = WindAttention()
    values, times, counted = series("train")
    features, targets = model.adapt(values, times, counted), following(counted)
    features = with_short_pasts(model, features, values, times, seed)
    steps = epochs * -(-len(features) // BATCH)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(2e-3, steps), weight_decay=0.02, global_clipnorm=1.0
        ),
        loss=WindLoss(),
    )
    values, times, counted = series("validation")
    known = model.features(values, times, np.arange(len(values) - LEADS)), following(counted)
    model.fit(
        batches(features, targets, seed),
        validation_data=tf.data.Dataset.from_tensor_slices(known).batch(BATCH),
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    model.couple(known[0], known[1][..., 2])
    zoo.save(model, output)
    return model
