"""Trains `seabird_gan_brazil` on trips of masked boobies of Fernando de Noronha: three minutes on one core."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, zoo
from geodl.files import write_whole
from geodl.metrics import TripLoss
from geodl.models import TrajectoryGAN, TripSelection
from geodl.training import resuming
from geodl.trips import split_by_bird

STEPS = 100  # of an epoch
REFINEMENT = 6  # epochs


def train(output: Path, epochs: int = 14, seed: int = 0, callbacks=(), draw: int = 0) -> keras.Model:
    """Fits the model to birds of a draw, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    run = f"seed_{seed}_draw_{draw}"  # another one begins anew
    trips = split_by_bird(datasets.open_dataset("seabirds", "brazil", "all"), draw)
    birds, others = trips["train"], trips["validation"]
    lon, lat, seconds = (birds.attrs[name] for name in ("colony_lon", "colony_lat", "step_seconds"))
    # Few trips: turned by more than elsewhere, so that they are not copied.
    model = TrajectoryGAN(lon, lat, seconds, steps=birds.sizes["step"], turn=0.6)
    model.adapt(birds)
    # All trips make one batch, because distributions are compared.
    learned = model.training_data(birds).repeat()
    follow = lambda name, epochs: [  # noqa: E731
        TripSelection(birds, others, epochs // 2, output / f"{name}_best_{run}.npz"),
        *resuming(output, f"{name}_{run}"),
        *callbacks,
    ]
    first = output / f"first_{run}.npz"
    if not first.is_file():
        rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * STEPS, alpha=0.02)
        model.compile(optimizer=keras.optimizers.Adam(rate, beta_1=0.5), loss=TripLoss())
        model.fit(learned, steps_per_epoch=STEPS, epochs=epochs, callbacks=follow("first", epochs), verbose=2)
        write_whole(first, lambda path: np.savez(path, *model.get_weights()))
    with np.load(first) as saved:
        model.set_weights(list(saved.values()))
    # Now turns and lengths of steps are matched, spectra get used to that, and trips learn to keep away from real ones.
    rate = keras.optimizers.schedules.CosineDecay(5e-4, REFINEMENT * STEPS, alpha=0.02)
    loss = TripLoss(spectral=2, lengths=2, turns=2, nearest=4)
    model.compile(optimizer=keras.optimizers.Adam(rate, beta_1=0.5), loss=loss)
    calibration = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: model.calibrate(birds))
    following = [calibration, *follow("second", REFINEMENT)]
    model.fit(learned, steps_per_epoch=STEPS, epochs=REFINEMENT, callbacks=following, verbose=2)
    # For those who go on with birds of another colony: few steps, at a lower rate.
    rate = keras.optimizers.schedules.CosineDecay(3e-4, 200, alpha=0.1)
    model.compile(optimizer=keras.optimizers.Adam(rate, beta_1=0.5), loss=model.loss)
    model.calibrate(birds)
    zoo.save(model, output)
    first.unlink()
    return model
