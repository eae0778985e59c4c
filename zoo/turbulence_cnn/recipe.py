"""Trains `turbulence_cnn` as `turbulence_sgtnn`: ten minutes on one core."""

from pathlib import Path

import keras

from geodl import zoo
from geodl.models import SubgridCNN


def train(output: Path, epochs: int = 200, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    return zoo.recipe("turbulence_sgtnn").fit(SubgridCNN(), output, epochs, seed, callbacks)
