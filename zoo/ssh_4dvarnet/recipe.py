"""Trains `ssh_4dvarnet` on two months of sea level under real clouds: about a quarter of an hour on one core."""

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from geodl import datasets, pipelines, zoo
from geodl.files import write_whole
from geodl.layers import MultiscaleAnalysis
from geodl.metrics import WindowLoss, window_mse
from geodl.models import FieldFourDVarNet, FieldUNet
from geodl.training import resuming
from geodl_datasets.sea_level.sea_level_dataset_builder import CLOUDS, COLUMNS, clouds_of_places

DAYS, PATCH, STEPS = 9, 64, 100
SIGNED = (0, 2, 3)  # estimate, observations, mean
# Of eddies, of the whole basin and of eddies that stay: standard deviation (m), days, rows and columns, found by hand on the
# same two months; the search starts from them, with steps of this factor.
SCALES = [(0.0163, 12.0, 5.0, 6.0), (0.0231, 40.0, 50.0, 60.0), (0.0212, 70.0, 6.0, 7.2)]
FACTOR = 1.25


class Months:
    """The truth of two halves of a training series, each under clouds that are drawn anew, seen with the mean of the other.

    So are new days seen, whose mean is not known.
    """

    def __init__(self, ds):
        self.truth, self.sea = ds.truth.values, ds.mask.values == 1
        self.noise = float(np.nanvar(ds.adt.values - self.truth))
        self.halves = np.array_split(np.arange(len(self.truth)), 2)
        with np.load(datasets.find_source("clouds", CLOUDS)) as scene:
            self.cloudy = scene["ct"][:, :, slice(*COLUMNS["train"])] >= 5

    def observed(self, half: int, copy: int, seed: int) -> np.ndarray:
        """Days of a half with noise and gaps; in every second copy gaps are where clouds of two places are."""
        random = np.random.default_rng((seed, half, copy))
        truth = self.truth[self.halves[half]]
        hidden = clouds_of_places(self.cloudy, truth.shape, random)
        if copy % 2:
            hidden &= clouds_of_places(self.cloudy, truth.shape, random)
        noisy = truth + np.sqrt(self.noise) * random.standard_normal(truth.shape)
        return np.where(hidden, np.nan, noisy).astype("float32")

    def analysis(self, half: int, scales) -> MultiscaleAnalysis:
        """What is known of a half from the other one."""
        found = MultiscaleAnalysis(scales, self.sea.shape)
        found.adapt(self.truth[self.halves[1 - half]], self.noise)
        return found

    def error(self, scales, seed: int) -> float:
        """Mean logarithm of the errors (RMSE in gaps) of the first half, with many gaps, and of the other, with few."""
        errors = []
        for half in range(2):
            values = self.observed(half, half, seed)
            estimate = self.analysis(half, scales).estimate(tf.constant(values[None]))[0].numpy()
            gaps = np.isnan(values) & self.sea
            errors.append(((estimate - self.truth[self.halves[half]])[gaps] ** 2).mean())
        return float(np.log(errors).mean() / 2)

    def series(self, scales, copies: int, seed: int):
        """Inputs and truths of both halves, some times each."""
        reader = FieldUNet(DAYS, (1,), (0,))
        pairs = [(half, copy) for half in range(2) for copy in range(copies)]
        inputs = [reader.inputs(self.observed(*pair, seed), self.sea, self.analysis(pair[0], scales)) for pair in pairs]
        return inputs, [self.truth[self.halves[half]] for half, _ in pairs]


def fitted_scales(months: Months, output: Path, seed: int):
    """Each parameter in turn a step up or down, where that makes the error smaller; what is found is kept in `output`."""
    file = output / "scales.json"
    found = (
        json.loads(file.read_text()) if file.exists() else {"scales": SCALES, "place": 0, "error": months.error(SCALES, seed)}
    )
    size = len(SCALES[0])
    while found["place"] < len(SCALES) * size:
        for step in (FACTOR, 1 / FACTOR):
            tried = [list(scale) for scale in found["scales"]]
            tried[found["place"] // size][found["place"] % size] *= step
            error = months.error(tried, seed)
            if error < found["error"]:
                found |= {"scales": tried, "error": error}
                break
        found["place"] += 1
        print(f"{np.round(found['scales'], 4).tolist()}: {100 * np.exp(found['error']):.4f} cm", flush=True)
        text = json.dumps(found)
        write_whole(file, lambda path, text=text: path.write_text(text))
    return found["scales"]


def fit(model, series, output: Path, epochs: int, seed: int, callbacks=(), noise: float = 0.0) -> None:
    """Trains on windows of inputs and targets, whose errors have the variance `noise`, resuming where a killed run stopped."""
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(2e-3, epochs * STEPS), weight_decay=0.05, global_clipnorm=1.0
        ),
        loss=WindowLoss(scale=float(model.scale.numpy()), noise=noise),
        metrics=[window_mse],
    )
    windows = pipelines.series_windows(*series, DAYS, batch_size=8, patch=PATCH, seed=seed)
    model.fit(
        pipelines.mirrored_windows(windows, SIGNED, seed),
        steps_per_epoch=STEPS,
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )


def untrained(series, ds, scales, noise: float) -> keras.Model:
    """A model that knows mean and variances of a series (day, y, x) on the grid of a dataset."""
    model = FieldFourDVarNet(
        iterations=3,
        hidden=24,
        prior_channels=12,
        days=DAYS,
        filters=(32, 48),
        blocks=(2, 2),
        grid=ds.mask.shape,
        scales=scales,
        variable="adt",
        units="m",
    )
    model.build((None, DAYS, 5, None, None))
    model.adapt(series, (ds.latitude.values, ds.longitude.values), noise)
    return model


def train(output: Path, epochs: int = 4, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits scales and model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    ds = datasets.open_dataset("sea_level", "mediterranean", "train")
    months = Months(ds)
    scales = fitted_scales(months, output, seed)
    model = untrained(months.truth, ds, scales, months.noise)
    fit(model, months.series(scales, 4, seed), output, epochs, seed, callbacks)
    zoo.save(model, output)
    return model
