"""Trains `lorenz96_lstm`, the plain network that `lorenz96_neural_ode` is compared with: a few minutes on two cores."""

from pathlib import Path

import keras

from geodl import zoo
from geodl.models import LSTMForecaster


def train(output: Path, epochs: int = 150, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model = LSTMForecaster(components=40, dt=0.05, units=128, horizon=4)
    # Seven thousand states of 40 components are few for a network that knows nothing of the equation.
    stop = keras.callbacks.EarlyStopping("val_loss", patience=10, restore_best_weights=True)
    return zoo.recipe("lorenz63_lstm").fit(model, "lorenz96", output, epochs, seed, [stop, *callbacks])
