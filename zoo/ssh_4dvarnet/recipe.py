"""Trains `ssh_4dvarnet` on two months of sea level under real clouds: about half an hour on two cores.

No weights of it are published: in June it is worse than the optimal interpolation that it starts from, having learned two
months of truth by heart.
"""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines, zoo
from geodl.layers import LinearAnalysis
from geodl.metrics import WindowLoss, window_mse
from geodl.models import FieldFourDVarNet
from geodl_datasets.sea_level.sea_level_dataset_builder import CLOUDS, COLUMNS, clouds_of_places

DAYS, PATCH = 9, 64


def training_series(copies: int = 4, seed: int = 0):
    """Inputs and truths of April and May under other clouds each time; each month with what is known from the other one."""
    ds = datasets.open_dataset("sea_level", "mediterranean", "train")
    truth, sea = ds.truth.values, ds.mask.values == 1
    noise = float(np.nanvar(ds.adt.values - truth))
    random = np.random.default_rng(seed)
    with np.load(datasets.find_source("clouds", CLOUDS)) as scene:
        cloudy = scene["ct"][:, :, slice(*COLUMNS["train"])] >= 5
    reader = FieldFourDVarNet(1, 1, 1, days=DAYS, filters=(1,), blocks=(0,))
    april = (ds.time.dt.month == 4).values
    inputs, targets = [], []
    for month in (april, ~april):
        analysis = LinearAnalysis(grid=sea.shape, tolerance=1e-3)
        analysis.adapt(truth[~month], noise)
        for _ in range(copies):
            series = truth[month] + np.sqrt(noise) * random.standard_normal(truth[month].shape)
            series[clouds_of_places(cloudy, series.shape, random)] = np.nan
            inputs.append(reader.inputs(series.astype("float32"), sea, analysis))
            targets.append(truth[month])
    return inputs, targets


def train(output: Path, epochs: int = 12, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    ds = datasets.open_dataset("sea_level", "mediterranean", "train")
    model = FieldFourDVarNet(
        iterations=3, hidden=32, prior_channels=16, days=DAYS, filters=(64, 96), blocks=(2, 2), grid=ds.mask.shape
    )
    model.build((None, DAYS, 5, None, None))
    model.adapt(ds.truth.values, (ds.latitude.values, ds.longitude.values), float(np.nanvar((ds.adt - ds.truth).values)))
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(1.5e-3, epochs * 100), weight_decay=0.01, global_clipnorm=1.0
        ),
        loss=WindowLoss(scale=float(model.scale.numpy())),
        metrics=[window_mse],
    )
    model.fit(
        pipelines.series_windows(*training_series(seed=seed), DAYS, batch_size=4, patch=PATCH, seed=seed),
        steps_per_epoch=100,
        epochs=epochs,
        callbacks=[
            keras.callbacks.BackupAndRestore(output / "backup"),
            keras.callbacks.CSVLogger(output / "log.csv", append=True),
            *callbacks,
        ],
        verbose=2,
    )
    zoo.save(model, output)
    return model
