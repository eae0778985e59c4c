"""Trains `burgers_cnn_random` a posteriori, through the solver: a few minutes on one core."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines, zoo
from geodl.models import BurgersCNN, burgers_states

# Horizon: share of the epochs, learning rate, windows a batch.
STAGES = {10: (0.2, 5e-3, 64), 30: (0.3, 5e-3, 64), 100: (0.5, 3e-3, 64)}


def windows(split: str, horizon: int, batch_size: int, seed: int):
    """Endless batches of states, and of u in the steps that follow, at random places of the domain and mirrored at random."""
    states = burgers_states(datasets.open_dataset("burgers", "random", split))
    states = np.concatenate([states, states[..., ::-1] * np.float32([-1, 1, -1])[:, None]])
    states = np.concatenate([np.roll(states, 4 * shift, axis=-1) for shift in range(8)])
    return pipelines.trajectory_windows(states, states[:, :, 0], horizon, batch_size=batch_size, seed=seed)


def train(output: Path, epochs: int = 48, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model over growing horizons, resuming at the one where a killed run stopped, and saves it in `output`."""
    keras.utils.set_random_seed(seed)
    model = BurgersCNN(points=32, channels=(24, 24, 24))
    model.build((None, 3, 32))
    return zoo.recipe("burgers_cnn").fit(model, STAGES, windows, output, epochs, seed, callbacks)
