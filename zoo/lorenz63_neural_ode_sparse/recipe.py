"""Trains `lorenz63_neural_ode_sparse` as `lorenz63_neural_ode` is trained: a few minutes on two cores."""

from pathlib import Path

import keras

from geodl import zoo
from geodl.models import NeuralODE


def train(output: Path, epochs: int = 800, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    model = NeuralODE(components=3, dt=0.2, substeps=20, products=3, horizon=2, dtype="float64")
    return zoo.recipe("lorenz63_neural_ode").fit(model, "lorenz63", "forecast_sparse", 256, output, epochs, seed, callbacks)
