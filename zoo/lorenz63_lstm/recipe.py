"""Trains `lorenz63_lstm`, the plain network that `lorenz63_neural_ode` is compared with: a few minutes on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.models import LSTMForecaster
from geodl.training import resuming


def fit(model: LSTMForecaster, dataset: str, output: Path, epochs: int, seed: int, callbacks=()) -> keras.Model:
    """Fits a network to trajectories, resuming where a killed run stopped, and saves it in the folder `output`."""
    training = datasets.load(dataset, "forecast", "train", batch_size=256, shuffle=True, seed=seed)
    states = datasets.open_dataset(dataset, "forecast", "train").state.values
    model.build((None, None, states.shape[-1]))
    model.adapt(states)
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(3e-3, epochs * len(training)), global_clipnorm=1.0
        ),
        loss="mse",
        jit_compile=True,
    )
    model.fit(
        training,
        validation_data=datasets.load(dataset, "forecast", "validation", batch_size=256),
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    zoo.save(model, output)
    return model


def train(output: Path, epochs: int = 150, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model = LSTMForecaster(components=3, dt=0.01, units=64, horizon=4)
    return fit(model, "lorenz63", output, epochs, seed, callbacks)
