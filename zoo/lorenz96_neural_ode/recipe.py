"""Trains `lorenz96_neural_ode` as `lorenz63_neural_ode` is trained: a few minutes on two cores."""

from pathlib import Path

import keras

from geodl import zoo
from geodl.models import NeuralODE


def train(output: Path, epochs: int = 60, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model = NeuralODE(components=40, dt=0.05, products=2, reach=2, horizon=4, dtype="float64")
    return zoo.recipe("lorenz63_neural_ode").fit(model, "lorenz96", "forecast", 64, output, epochs, seed, callbacks)
