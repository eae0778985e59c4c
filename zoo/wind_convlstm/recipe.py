"""Trains `wind_convlstm` on half a day of ARPEGE over north-west France: a few minutes on one core."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from geodl import datasets, zoo
from geodl.models import WindConvLSTM
from geodl.models.wind_field_forecaster import CHANNELS, FUTURE, PAST
from geodl.training import resuming

STEPS, BATCH, PATCH = 50, 8, 48
MEAN_WIND = 3.0  # m s-1
FLAT = 0.2  # share of the patches without relief and land


def windows(split: str):
    """Wind (sample, 12, y, x, 2) of six past and six future hours, relief and land mask (y, x, 2)."""
    ds = datasets.open_dataset("wind_fields", "arpege_nw", split)
    wind, static = (ds[names].to_dataarray().values for names in (["u10", "v10"], ["orography", "land_sea_mask"]))
    return np.moveaxis(wind, 0, -1), np.moveaxis(static, 0, -1)


def pair(wind, static):
    """Input and target of a model, of wind (12, y, x, 2) and static fields (y, x, 2)."""
    spacing = np.zeros_like(static)  # the model does not read it
    past = np.moveaxis(wind[:PAST], -1, 0).reshape(2 * PAST, *static.shape[:2])
    return np.concatenate([past, np.moveaxis(np.concatenate([static, spacing], axis=-1), -1, 0)]), wind[PAST:]


def turned(wind, static, quarters: int, mirror: bool):
    """The same weather turned to the left by quarters of a turn and mirrored east to west; the wind turns with its field."""
    wind, static = (np.rot90(field, quarters, axes=(-3, -2)) for field in (wind, static))
    for _ in range(quarters):
        wind = np.stack([-wind[..., 1], wind[..., 0]], axis=-1)
    if mirror:
        wind, static = wind[..., ::-1, :] * np.float32([-1, 1]), static[..., ::-1, :]
    return wind, static


def veered(wind, angle: float, mean):
    """The winds alone turned to the left by an angle, a mean wind added.

    Half a day has few of them: so their changes count, and not where they come from or what they carry along.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    return wind @ np.float32([[cosine, sine], [-sine, cosine]]) + np.float32(mean)


def patch(wind, static, random):
    """Input and target at a random place of a random window, in a random direction."""
    row, column = (random.integers(size - PATCH + 1) for size in static.shape[:2])
    rows, columns = slice(row, row + PATCH), slice(column, column + PATCH)
    ground = static[rows, columns] * np.float32(random.random() > FLAT)
    angle = random.uniform(0, 2 * np.pi)
    air = veered(wind[random.integers(len(wind))][:, rows, columns], angle, random.normal(0, MEAN_WIND, 2))
    return pair(*turned(air, ground, random.integers(4), random.random() < 0.5))


def batches(wind, static, seed: int):
    """Endless batches of patches."""

    def draw():
        random = np.random.default_rng(seed)
        while True:
            pairs = [patch(wind, static, random) for _ in range(BATCH)]
            yield tuple(np.stack(arrays) for arrays in zip(*pairs, strict=True))

    signature = (tf.TensorSpec((BATCH, CHANNELS, PATCH, PATCH)), tf.TensorSpec((BATCH, FUTURE, PATCH, PATCH, 2)))
    return tf.data.Dataset.from_generator(draw, output_signature=signature).prefetch(2)


def train(output: Path, epochs: int = 20, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    wind, static = windows("train")
    later, _ = windows("validation")
    model = WindConvLSTM()
    model.build((None, CHANNELS, None, None))
    model.adapt(wind)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(1e-3, epochs * STEPS), weight_decay=0.05, global_clipnorm=1.0
        ),
        loss="mse",
        metrics=[keras.metrics.RootMeanSquaredError(name="rmse")],
    )
    model.fit(
        batches(wind, static, seed),
        steps_per_epoch=STEPS,
        validation_data=tuple(np.stack(arrays) for arrays in zip(*(pair(each, static) for each in later), strict=True)),
        epochs=epochs,
        callbacks=[
            *resuming(output, f"seed_{seed}"),
            keras.callbacks.EarlyStopping("val_loss", patience=12, restore_best_weights=True),
            *callbacks,
        ],
        verbose=2,
    )
    zoo.save(model, output)
    return model
