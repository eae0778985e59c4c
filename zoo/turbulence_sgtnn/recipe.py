"""Trains `turbulence_sgtnn` on six runs of forced turbulence, turned and mirrored: ten minutes on one core."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines, zoo
from geodl.models import SGTNN, SubgridFluxModel
from geodl.training import resuming

BATCH = 4


def pairs(split: str):
    """States (4, x, y, z) and closures (x, y, z), kept in memory."""
    builder = datasets.prepared_builder("turbulence", "dns64")
    return builder.as_dataset(split=split, shuffle_files=False).map(builder.pair).cache()


def fit(
    model: SubgridFluxModel, output: Path, epochs: int, seed: int, callbacks=(), clipnorm: float | None = None
) -> keras.Model:
    """Fits a closure of the subgrid flux, resuming where a killed run stopped, and saves it in the folder `output`."""
    training, validation = pairs("train"), pairs("validation")
    states, closures = (np.stack(arrays) for arrays in zip(*training.as_numpy_iterator(), strict=True))
    model.build((None, *states.shape[1:]))
    model.adapt(states, closures)
    steps = epochs * -(-len(states) // BATCH)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(3e-3, steps), weight_decay=0.01, global_clipnorm=clipnorm
        ),
        loss="mse",
    )
    model.fit(
        pipelines.batches(pipelines.turned_boxes(training.shuffle(len(states), seed=seed), seed), BATCH),
        validation_data=validation.batch(BATCH),
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    zoo.save(model, output)
    return model


def train(output: Path, epochs: int = 200, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    # Products of coefficients have rare, very large gradients, one of which would end training.
    return fit(SGTNN(), output, epochs, seed, callbacks, clipnorm=1.0)
