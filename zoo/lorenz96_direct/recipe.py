"""Trains `lorenz96_direct`, from 7000 states of one trajectory alone: about 15 minutes on two cores."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines, zoo
from geodl.models import DirectNetwork


def simulated_windows(length: int, batch_size: int, seed: int):
    """Fresh windows each time: the neural ODE that learned the training trajectory simulates more of them."""
    forecaster = zoo.load("lorenz96_neural_ode")
    states = datasets.open_dataset("lorenz96", "forecast", "train").state.values[:, :1]
    starts = states[np.random.default_rng(seed).choice(len(states), 64, replace=False)]
    trajectories = forecaster.forward(starts, steps=10_000)["state"].astype("float32")
    plan = datasets.prepared_builder("lorenz96", "assimilation_half").builder_config.observations
    return pipelines.observed_windows(trajectories, plan, length, batch_size, seed=seed)


def train(output: Path, epochs: int = 15, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    validation = datasets.load("lorenz96", "assimilation_half", "validation", batch_size=10).take(1)

    model = DirectNetwork(components=40, dt=0.05, patch=4, channels=48, dilations=(1, 2, 4, 1, 2, 4), reach=2)
    model.build((None, None, 40))
    model.adapt(datasets.open_dataset("lorenz96", "assimilation_half", "train").state.values)
    # Half as long as the windows of the test: what a convolution sees in the middle is the same.
    training = simulated_windows(length=100, batch_size=8, seed=seed)
    return zoo.recipe("lorenz63_direct").fit(model, training, validation, 3.6, 2e-3, output, epochs, seed, callbacks)
