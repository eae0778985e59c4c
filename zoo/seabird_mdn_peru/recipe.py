"""Trains `seabird_mdn_peru` on trips of Peruvian boobies: three minutes on one core."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.metrics import StepLikelihood
from geodl.models import TrajectoryMDN, TripSelection
from geodl.training import resuming
from geodl.trips import split_by_bird

STEPS, BATCH = 100, 16  # of an epoch; trips


def train(output: Path, epochs: int = 20, seed: int = 0, callbacks=(), draw: int = 0) -> keras.Model:
    """Fits the model to birds of a draw, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    run = f"seed_{seed}_draw_{draw}"  # another one begins anew
    trips = split_by_bird(datasets.open_dataset("seabirds", "peru", "all"), draw)
    birds, others = trips["train"], trips["validation"]
    lon, lat, seconds = (birds.attrs[name] for name in ("colony_lon", "colony_lat", "step_seconds"))
    model = TrajectoryMDN(lon, lat, seconds, steps=birds.sizes["step"])
    model.adapt(birds)
    rate = keras.optimizers.schedules.CosineDecay(5e-3, epochs * STEPS)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3, global_clipnorm=1.0)
    model.compile(optimizer=optimizer, loss=StepLikelihood(), jit_compile=True)
    model.fit(
        # Batches of one size, for which it is compiled once.
        model.training_data(birds, BATCH, seed).unbatch().repeat().batch(BATCH),
        steps_per_epoch=STEPS,
        epochs=epochs,
        validation_data=model.training_data(others),
        callbacks=[
            TripSelection(birds, others, epochs // 2, output / f"best_{run}.npz"),
            *resuming(output, run),
            *callbacks,
        ],
        verbose=2,
    )
    model.calibrate(birds)
    zoo.save(model, output)
    return model
