"""Trains `burgers_cnn` a posteriori, through the solver: a few minutes on one core."""

from pathlib import Path

import keras

from geodl import datasets, pipelines, zoo
from geodl.files import write_whole
from geodl.metrics import RelativeError
from geodl.models import BurgersCNN, burgers_states

# A closure that is good for ten steps is where one starts that must be good for all of them.
# Horizon: share of the epochs, learning rate, windows a batch; over the longest one there are no more windows than runs.
STAGES = {10: (0.1, 5e-3, 64), 50: (0.25, 5e-3, 64), 125: (0.65, 3e-3, 5)}
STEPS = 25
STRIDE = 20  # steps of the data that are one of the solver


def windows(split: str, horizon: int, batch_size: int, seed: int):
    """Endless batches of states, and of u in the steps that follow."""
    states = burgers_states(datasets.open_dataset("burgers", "course", split))
    return pipelines.trajectory_windows(states, states[:, :, 0], horizon, STRIDE, batch_size, seed)


def train(output: Path, epochs: int = 80, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model over growing horizons, resuming at the one where a killed run stopped, and saves it in `output`."""
    keras.utils.set_random_seed(seed)
    model = BurgersCNN(points=25, channels=(24, 24), radius=3, ends="zero")
    model.build((None, 3, 25))
    return fit(model, STAGES, windows, output, epochs, seed, callbacks)


def fit(model: keras.Model, stages: dict, windows, output: Path, epochs: int, seed: int, callbacks=()) -> keras.Model:
    """Fits a closure through the solver over the horizons of `stages`, on `windows`, and saves it."""
    reached = []
    for horizon, (share, rate, batch_size) in stages.items():
        # Of this run alone: another seed or number of epochs begins anew.
        reached.append(output / f"horizon_{horizon}_seed_{seed}_epochs_{epochs}.weights.h5")
        if reached[-1].exists():
            model.load_weights(reached[-1])
            continue
        stage_epochs = max(1, round(share * epochs))
        solver = model.unrolled(horizon)
        solver.compile(
            optimizer=keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(rate, stage_epochs * STEPS, alpha=0.1), global_clipnorm=0.1
            ),
            loss=RelativeError(),
            jit_compile=True,
        )
        solver.fit(
            windows("train", horizon, batch_size, seed),
            steps_per_epoch=STEPS,
            validation_data=windows("validation", horizon, batch_size, seed),
            validation_steps=1,
            epochs=stage_epochs,
            callbacks=[keras.callbacks.CSVLogger(output / f"horizon_{horizon}.csv"), *callbacks],
            verbose=2,
        )
        write_whole(reached[-1], model.save_weights)
    # For fine-tuning on true tendencies; through the solver, `unrolled` makes the model to compile.
    model.compile(optimizer=keras.optimizers.Adam(1e-3, global_clipnorm=0.1), loss="mse")
    zoo.save(model, output)
    for weights in reached:
        weights.unlink()
    return model
