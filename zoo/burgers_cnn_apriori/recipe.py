"""Trains `burgers_cnn_apriori` on the true subgrid tendency, without the solver: a minute on one core."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.models import BurgersCNN
from geodl.training import resuming


def train(output: Path, epochs: int = 100, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model = BurgersCNN(points=25, channels=(24, 24), radius=3, ends="zero")
    model.build((None, 3, 25))
    learned, validation = (datasets.open_dataset("burgers", "course", split) for split in ("train", "validation"))
    training = model.training_data(learned, 256, seed)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(5e-3, epochs * len(training), alpha=0.01)),
        loss="mse",
    )
    model.fit(
        training,
        validation_data=model.training_data(validation, 256),
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    zoo.save(model, output)
    return model
