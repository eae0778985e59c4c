"""Trains `burgers_cnn_random` a posteriori, through the solver: a few minutes on one core."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines, zoo
from geodl.metrics import RelativeError
from geodl.models import BurgersCNN, burgers_states

# Horizon: share of the epochs, learning rate.
STAGES = {10: (0.2, 5e-3), 30: (0.3, 5e-3), 100: (0.5, 3e-3)}
STEPS = 25


def windows(split: str, horizon: int, seed: int):
    """Endless batches of states, and of u in the steps that follow, at random places of the domain and mirrored at random."""
    states = burgers_states(datasets.open_dataset("burgers", "random", split))
    states = np.concatenate([states, states[..., ::-1] * np.float32([-1, 1, -1])[:, None]])
    states = np.concatenate([np.roll(states, 4 * shift, axis=-1) for shift in range(8)])
    return pipelines.trajectory_windows(states, states[:, :, 0], horizon, seed=seed)


def train(output: Path, epochs: int = 48, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model over growing horizons, resuming at the one where a killed run stopped, and saves it in `output`."""
    keras.utils.set_random_seed(seed)
    model = BurgersCNN(points=32, channels=(24, 24, 24))
    model.build((None, 3, 32))
    for horizon, (share, rate) in STAGES.items():
        done = output / f"horizon_{horizon}.weights.h5"
        if done.exists():
            model.load_weights(done)
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
            windows("train", horizon, seed),
            steps_per_epoch=STEPS,
            validation_data=windows("validation", horizon, seed),
            validation_steps=1,
            epochs=stage_epochs,
            callbacks=[keras.callbacks.CSVLogger(output / f"horizon_{horizon}.csv"), *callbacks],
            verbose=2,
        )
        model.save_weights(done)
    # For fine-tuning on true tendencies; through the solver, `unrolled` makes the model to compile.
    model.compile(optimizer=keras.optimizers.Adam(1e-3, global_clipnorm=0.1), loss="mse")
    zoo.save(model, output)
    return model
