"""Trains `ssh_unet` on two months of sea level under real clouds: some minutes on one core.

No weights of it are published: in June, of which it learned nothing, it is as good as its first guess and hardly better.
"""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines, zoo
from geodl.layers import LinearAnalysis
from geodl.metrics import WindowLoss, window_mse
from geodl.models import FieldUNet
from geodl_datasets.sea_level.sea_level_dataset_builder import CLOUDS, COLUMNS, clouds_of_places

DAYS, PATCH = 9, 64
SIGNED = (0, 2, 3)  # estimate, observations, mean


def training_series(ds, copies: int, seed: int):
    """Inputs and truths of the days of a dataset under other clouds each time, with errors drawn anew.

    Each half of the days is that of an analysis of all of them with the mean of the other half, as new days have a mean that is
    not known. In every second copy a pixel is hidden only where the clouds of two places hide it.
    """
    truth, sea = ds.truth.values, ds.mask.values == 1
    noise = np.nanvar(ds.adt.values - truth)
    random = np.random.default_rng(seed)
    with np.load(datasets.find_source("clouds", CLOUDS)) as scene:
        cloudy = scene["ct"][:, :, slice(*COLUMNS["train"])] >= 5
    reader = FieldUNet(DAYS, (1,), (0,))
    whole = LinearAnalysis(grid=sea.shape)
    whole.adapt(truth, noise)
    inputs, targets = [], []
    for half in np.array_split(np.arange(len(truth)), 2):
        analysis = LinearAnalysis(grid=sea.shape, tolerance=1e-3)
        analysis.adapt(np.delete(truth, half, axis=0), noise)
        analysis.local.covariance.assign(whole.local.covariance)
        for copy in range(copies):
            hidden = clouds_of_places(cloudy, truth.shape, random)
            if copy % 2:
                hidden &= clouds_of_places(cloudy, truth.shape, random)
            observed = np.where(hidden, np.nan, truth + np.sqrt(noise) * random.standard_normal(truth.shape))
            inputs.append(reader.inputs(observed.astype("float32"), sea, analysis)[half])
            targets.append(truth[half])
    return inputs, targets


def untrained(ds) -> keras.Model:
    """A model that knows mean and covariances of the days of a dataset."""
    model = FieldUNet(days=DAYS, filters=(32, 48), blocks=(2, 2), grid=ds.mask.shape)
    model.build((None, DAYS, 5, None, None))
    model.adapt(ds.truth.values, (ds.latitude.values, ds.longitude.values), np.nanvar((ds.adt - ds.truth).values))
    return model


def fit(model, ds, epochs: int, copies: int, seed: int, callbacks, validation=None) -> None:
    """Trains on windows of the days of a dataset, mirrored at random."""
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(3e-3, epochs * 100),
            weight_decay=0.05,
            global_clipnorm=1.0,
            use_ema=True,
            ema_momentum=0.995,
        ),
        loss=WindowLoss(scale=float(model.scale.numpy())),
        metrics=[window_mse],
    )
    windows = pipelines.series_windows(*training_series(ds, copies, seed), DAYS, batch_size=8, patch=PATCH, seed=seed)
    model.fit(
        pipelines.mirrored_windows(windows, SIGNED, seed),
        steps_per_epoch=100,
        validation_data=validation,
        validation_batch_size=1,
        epochs=epochs,
        callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True), *callbacks],
        verbose=2,
    )


def train(output: Path, epochs: int = 4, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    ds = datasets.open_dataset("sea_level", "mediterranean", "train")
    model = untrained(ds)
    fit(model, ds, epochs, 3, seed, [keras.callbacks.CSVLogger(output / "log.csv"), *callbacks])
    zoo.save(model, output)
    return model
