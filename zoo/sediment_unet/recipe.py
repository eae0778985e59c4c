"""Trains `sediment_unet` on simulated days under simulated clouds: about half an hour on two cores."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines
from geodl.layers import LinearAnalysis
from geodl.metrics import WindowLoss, window_mse
from geodl.models import FieldUNet

DAYS, MODES, LAGS = 9, 40, 15


def training_series(blocks: int = 4, seed: int = 0):
    """Inputs and truths of simulated days; what is known of a block is learned from the others, as it is of new days."""
    ds = datasets.open_dataset("sediments", "osse_long", "train")
    truth, observed, sea = np.log10(ds.truth.values), np.log10(ds.SPM.values), ds.mask.values == 1
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


def untrained(**settings) -> dict:
    """What the model knows before training: days in a window, and the modes of the grid."""
    return {"days": DAYS, "filters": (64, 96), "blocks": (2, 2), "modes": MODES, "lags": LAGS, "grid": (64, 64), **settings}


def fit(model, output: Path, epochs: int, rate: float, seed: int, callbacks=()) -> None:
    """Adapts the linear analysis and trains the network on windows of the training series."""
    ds = datasets.open_dataset("sediments", "osse_long", "train")
    truth = np.log10(ds.truth.values)
    noise = np.nanvar(np.log10(ds.SPM.values) - truth)
    if not model.built:
        model.build((None, DAYS, 5, None, None))
    model.adapt(truth, (ds.lat.values, ds.lon.values), noise)

    ds = datasets.open_dataset("sediments", "osse", "validation")
    inputs = model.inputs(np.log10(ds.SPM.values), ds.mask.values == 1)
    windows = [slice(first, first + DAYS) for first in range(0, len(inputs) - DAYS + 1, DAYS)]
    hidden = np.where(np.isnan(ds.SPM.values), np.log10(ds.truth.values), np.nan)  # scored in gaps
    validation = tuple(np.stack([series[window] for window in windows]) for series in (inputs, hidden))

    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(rate, epochs * 100), weight_decay=0.01, global_clipnorm=1.0
        ),
        loss=WindowLoss(scale=float(model.scale.numpy())),
        metrics=[window_mse],
    )
    model.fit(
        pipelines.series_windows(*training_series(seed=seed), DAYS, batch_size=8, seed=seed),
        steps_per_epoch=100,
        validation_data=validation,
        validation_batch_size=8,
        epochs=epochs,
        callbacks=[
            keras.callbacks.BackupAndRestore(output / "backup"),
            keras.callbacks.CSVLogger(output / "log.csv", append=True),
            *callbacks,
        ],
        verbose=2,
    )


def train(output: Path, epochs: int = 24, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    from geodl import zoo

    keras.utils.set_random_seed(seed)
    model = FieldUNet(**untrained())
    fit(model, output, epochs, 1.5e-3, seed, callbacks)
    zoo.save(model, output)
    return model
