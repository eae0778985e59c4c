"""Trains `burgers_cnn_apriori` on the true subgrid tendency, without the solver: a minute on one core."""

from pathlib import Path

import keras
import tensorflow as tf

from geodl import datasets, zoo
from geodl.models import BurgersCNN, burgers_states
from geodl.training import resuming


def pairs(model, split: str):
    """States (state, 3, x), and what the coarse solver lacks of their true tendency (state, x)."""
    ds = datasets.open_dataset("burgers", "course", split)
    states = burgers_states(ds).reshape(-1, 3, model.points)
    return states, ds.tendency.values.reshape(-1, model.points) - model.dynamics(states)[:, 0]


def train(output: Path, epochs: int = 100, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model = BurgersCNN(points=25, channels=(24, 24), radius=3, ends="zero")
    model.build((None, 3, 25))
    states, missing = pairs(model, "train")
    training = tf.data.Dataset.from_tensor_slices((states, missing)).shuffle(len(states), seed=seed).batch(256)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(5e-3, epochs * len(training), alpha=0.01)),
        loss="mse",
    )
    model.fit(
        training,
        validation_data=pairs(model, "validation"),
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    zoo.save(model, output)
    return model
