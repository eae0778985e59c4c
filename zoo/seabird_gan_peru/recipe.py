"""Trains `seabird_gan_peru` on trips of Peruvian boobies: four minutes on one core."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.metrics import TripLoss
from geodl.models import TrajectoryGAN, TripSelection
from geodl.training import resuming
from geodl.trips import split_by_bird

STEPS = 100  # of an epoch


def train(output: Path, epochs: int = 20, seed: int = 0, callbacks=(), draw: int = 0) -> keras.Model:
    """Fits the model to birds of a draw, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    run = f"seed_{seed}_draw_{draw}"  # another one begins anew
    trips = split_by_bird(datasets.open_dataset("seabirds", "peru", "all"), draw)
    birds, others = trips["train"], trips["validation"]
    lon, lat, seconds = (birds.attrs[name] for name in ("colony_lon", "colony_lat", "step_seconds"))
    model = TrajectoryGAN(lon, lat, seconds, steps=birds.sizes["step"])
    model.adapt(birds)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * STEPS, alpha=0.02)
    model.compile(optimizer=keras.optimizers.Adam(rate, beta_1=0.5), loss=TripLoss())
    model.fit(
        # All trips make one batch, because distributions are compared.
        model.training_data(birds).repeat(),
        steps_per_epoch=STEPS,
        epochs=epochs,
        callbacks=[
            TripSelection(birds, others, epochs // 2, output / f"best_{run}.npz"),
            *resuming(output, run),
            *callbacks,
        ],
        verbose=2,
    )
    # For those who go on with birds of another colony: few steps, at a lower rate.
    rate = keras.optimizers.schedules.CosineDecay(3e-4, 200, alpha=0.1)
    model.compile(optimizer=keras.optimizers.Adam(rate, beta_1=0.5), loss=model.loss)
    model.calibrate(birds, turns=False)  # these are well distributed already
    zoo.save(model, output)
    return model
