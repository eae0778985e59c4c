"""Trains `sediment_unet` on simulated days under simulated clouds: about half an hour on two cores."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines, zoo
from geodl.layers import LinearAnalysis
from geodl.metrics import WindowLoss, window_mse
from geodl.models import FieldUNet
from geodl.training import resuming

DAYS, MODES, LAGS = 9, 40, 15


def simulated_days(config: str = "osse_long", split: str = "train"):
    """Truth and observations (time, lat, lon), log10 of g m-3."""
    ds = datasets.open_dataset("sediments", config, split)
    return ds.assign(truth=np.log10(ds.truth), SPM=np.log10(ds.SPM))


def untrained() -> dict:
    """What the model knows before training: days in a window, the modes of the grid, and the variable."""
    network = {"days": DAYS, "filters": (64, 96), "blocks": (2, 2)}
    learned = {"grid": (64, 64), "variable": "SPM", "units": "g m-3", "logarithmic": True}
    return network | {"modes": MODES, "lags": LAGS, **learned}


def adapt(model, ds) -> None:
    """Gives the linear analysis what it needs to know of the truth."""
    model.build((None, DAYS, 5, None, None))
    model.adapt(ds.truth.values, (ds.lat.values, ds.lon.values), np.nanvar((ds.SPM - ds.truth).values))


def training_series(ds, blocks: int = 4, seed: int = 0):
    """Inputs and truths of simulated days; what is known of a block is learned from the others, as it is of new days."""
    truth, observed, sea = ds.truth.values, ds.SPM.values, ds.mask.values == 1
    noise = np.nanvar(observed - truth)
    # The same days under other clouds, with other errors.
    other = truth + np.sqrt(noise) * np.random.default_rng(seed).standard_normal(truth.shape).astype("float32")
    other = np.where(np.roll(np.isfinite(observed), len(truth) // 2, axis=0), other, np.nan)
    reader = FieldUNet(DAYS, (1,), (0,))
    inputs, targets = [], []
    for days in np.array_split(np.arange(len(truth)), blocks):
        analysis = LinearAnalysis(MODES, LAGS, sea.shape, tolerance=1e-3)
        analysis.adapt(np.delete(truth, days, axis=0), noise)
        inputs += [reader.inputs(series[days], sea, analysis) for series in (observed, other)]
        targets += 2 * [truth[days]]
    return inputs, targets


def fit(model, series, output: Path, epochs: int, rate: float, seed: int, callbacks=(), noise: float = 0.0) -> None:
    """Trains an adapted model on windows of inputs and targets, whose errors have the variance `noise`."""
    ds = simulated_days("osse", "validation")
    inputs = model.inputs(ds.SPM.values, ds.mask.values == 1)
    windows = [slice(first, first + DAYS) for first in range(0, len(inputs) - DAYS + 1, DAYS)]
    hidden = ds.truth.where(ds.SPM.isnull()).values  # scored in gaps
    validation = tuple(np.stack([values[window] for window in windows]) for values in (inputs, hidden))

    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(rate, epochs * 100), weight_decay=0.01, global_clipnorm=1.0
        ),
        loss=WindowLoss(scale=float(model.scale.numpy()), noise=noise),
        metrics=[window_mse],
    )
    model.fit(
        pipelines.series_windows(*series, DAYS, batch_size=8, seed=seed),
        steps_per_epoch=100,
        validation_data=validation,
        validation_batch_size=8,
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    zoo.save(model, output)


def train(output: Path, epochs: int = 24, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model, ds = FieldUNet(**untrained()), simulated_days()
    adapt(model, ds)
    fit(model, training_series(ds, seed=seed), output, epochs, 1.5e-3, seed, callbacks)
    return model
