"""Trains `wind_attention` on two years of eight stations of Beijing: about fifteen minutes on two cores."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from geodl import datasets, zoo
from geodl.metrics import WindLoss
from geodl.models import WindAttention
from geodl.models.station_features import LEADS, hours_ahead, station_features, station_values

HIDDEN = 0.1  # share of the stations that a network of others has to do without
BATCH = 256


def samples(split: str):
    """Features (hour, station, feature), and (hour, station, lead, 4): u, v, speed and weight of the hours that follow."""
    ds = datasets.open_dataset("wind_stations", "beijing", split)
    values = station_values(ds)
    wanted = np.stack([ds[name].values for name in ("u", "v", "speed", "distinct")], axis=-1)
    hours = np.arange(len(values) - LEADS)
    return station_features(values, ds.time.values, hours), hours_ahead(wanted, hours)


def batches(features: np.ndarray, targets: np.ndarray, seed: int) -> tf.data.Dataset:
    """Hours in random order, some of their stations hidden."""
    random = tf.random.Generator.from_seed(seed)

    def hide(inputs, truth):
        return tf.where(random.uniform((tf.shape(inputs)[0], 1)) < HIDDEN, np.float32(np.nan), inputs), truth

    pairs = tf.data.Dataset.from_tensor_slices((features, targets))
    return pairs.shuffle(len(features), seed=seed).map(hide).batch(BATCH).prefetch(2)


def train(output: Path, epochs: int = 14, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    features, targets = samples("train")
    model = WindAttention()
    model.adapt(features, np.sqrt(targets[..., 2]))
    steps = epochs * -(-len(features) // BATCH)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(2e-3, steps), weight_decay=0.02, global_clipnorm=1.0
        ),
        loss=WindLoss(),
    )
    model.fit(
        batches(features, targets, seed),
        validation_data=tf.data.Dataset.from_tensor_slices(samples("validation")).batch(BATCH),
        epochs=epochs,
        callbacks=[
            keras.callbacks.BackupAndRestore(output / "backup"),
            keras.callbacks.CSVLogger(output / "log.csv", append=True),
            *callbacks,
        ],
        verbose=2,
    )
    features, targets = samples("validation")
    model.couple(features, np.where(targets[..., 3] > 0, targets[..., 2], np.nan))
    zoo.save(model, output)
    return model
