"""Trains `lorenz96_4dvarnet` from `lorenz96_direct`, with the known equation in its cost: about half an hour on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.dynamics import Lorenz96
from geodl.layers import DynamicsPrior, ODEIntegrator
from geodl.models import FourDVarNet


def train(output: Path, epochs: int = 20, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    # Other windows than those that `lorenz96_direct` was trained on.
    training = zoo.recipe("lorenz96_direct").simulated_windows(length=100, batch_size=8, seed=seed + 1)
    validation = datasets.load("lorenz96", "assimilation_half", "validation", batch_size=10).take(1)

    guess = zoo.load("lorenz96_direct")
    mean, scale = guess.mean.numpy().tolist(), guess.scale.numpy().tolist()
    # Two steps of the window at once: each iteration carries what is observed twice as far.
    prior = DynamicsPrior(ODEIntegrator(Lorenz96(), dt=0.1, steps=1), lag=2, mean=mean, scale=scale)
    model = FourDVarNet(guess, prior, iterations=8, hidden=32)
    model.build((None, None, 40))
    return zoo.recipe("lorenz63_direct").fit(model, training, validation, 3.6, 1e-3, output, epochs, seed, callbacks)
