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

    scales = SCALES
    target_noise = 0.0  # variance of the errors of what has to be found

    def __init__(self, ds):
        self.fields, self.sea = ds.truth.values, ds.mask.values == 1
        self.noise = float(np.nanvar(ds.adt.values - self.fields))
        self.halves = np.array_split(self.fields, 2)
        with np.load(datasets.find_source("clouds", CLOUDS)) as scene:
            self.cloudy = scene["ct"][:, :, slice(*COLUMNS["train"])] >= 5

    def observed(self, half: int, copy: int, seed: int) -> np.ndarray:
        """Days of a half with noise and gaps; in every second copy gaps are where clouds of two places are."""
        random = np.random.default_rng((seed, half, copy))
        truth = self.halves[half]
        hidden = clouds_of_places(self.cloudy, truth.shape, random)
        if copy % 2:
            hidden &= clouds_of_places(self.cloudy, truth.shape, random)
        noisy = truth + np.sqrt(self.noise) * random.standard_normal(truth.shape)
        return np.where(hidden, np.nan, noisy).astype("float32")

    def target(self, half: int, values: np.ndarray) -> np.ndarray:
        """What has to be found where these values of a half are observed, NaN where it is not known."""
        return self.halves[half]

    def analysis(self, half: int, scales) -> MultiscaleAnalysis:
        """What is known of a half from the other one."""
        found = MultiscaleAnalysis(scales, self.sea.shape)
        found.adapt(self.halves[1 - half], self.noise)
        return found

    def error(self, scales, seed: int) -> float:
        """Mean logarithm of the errors (RMSE in gaps) of the first half, with many gaps, and of the other, with few."""
        errors = []
        for half in range(2):
            values = self.observed(half, half, seed)
            estimate = self.analysis(half, scales).estimate(tf.constant(values[None]))[0].numpy()
            error = (estimate - self.target(half, values))[np.isnan(values)]
            errors.append(np.nanmean(error**2) - self.target_noise)
        return float(np.log(errors).mean() / 2)

    def series(self, scales, copies: int, seed: int):
        """Inputs and targets of both halves, some times each."""
        reader, inputs, targets = FieldUNet(DAYS, (1,), (0,)), [], []
        for half in range(2):
            analysis = self.analysis(half, scales)
            for copy in range(copies):
                values = self.observed(half, copy, seed)
                inputs.append(reader.inputs(values, self.sea, analysis))
                targets.append(self.target(half, values))
        return inputs, targets


def fitted_scales(months: Months, output: Path, seed: int):
    """Each parameter in turn a step up or down, where that makes the error smaller; what is found is kept in `output`."""
    file = output / f"scales_seed_{seed}.json"
    found = {"scales": months.scales, "place": 0}
    found = json.loads(file.read_text()) if file.exists() else found | {"error": months.error(months.scales, seed)}
    size = len(months.scales[0])
    while found["place"] < len(months.scales) * size:
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


def train_on(months: Months, ds, output: Path, epochs: int, seed: int, callbacks=()) -> keras.Model:
    """Fits scales and model to the months of a dataset, resuming where a killed run stopped, and saves it."""
    keras.utils.set_random_seed(seed)
    scales = fitted_scales(months, output, seed)
    model = untrained(months.fields, ds, scales, months.noise)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(2e-3, epochs * STEPS), weight_decay=0.05, global_clipnorm=1.0
        ),
        loss=WindowLoss(scale=float(model.scale.numpy()), noise=months.target_noise),
        metrics=[window_mse],
    )
    windows = pipelines.series_windows(*months.series(scales, 4, seed), DAYS, batch_size=8, patch=PATCH, seed=seed)
    model.fit(
        pipelines.mirrored_windows(windows, SIGNED, seed),
        steps_per_epoch=STEPS,
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    zoo.save(model, output)
    return model


def train(output: Path, epochs: int = 4, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits scales and model, resuming where a killed run stopped, and saves it in the folder `output`."""
    ds = datasets.open_dataset("sea_level", "mediterranean", "train")
    return train_on(Months(ds), ds, output, epochs, seed, callbacks)
