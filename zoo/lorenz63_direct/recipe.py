"""Trains `lorenz63_direct`, from 12 000 states of one trajectory alone: about 25 minutes on two cores."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, pipelines, zoo
from geodl.metrics import WindowLoss, window_mse
from geodl.models import DirectNetwork
from geodl.training import resuming

MIRROR = (-1, -1, 1)  # the equation does not change under (x, y, z) → (−x, −y, z)


def simulated_windows(batch_size: int, seed: int):
    """Fresh windows each time: the neural ODE that learned the training trajectory simulates more of them."""
    forecaster = zoo.load("lorenz63_neural_ode")
    states = datasets.open_dataset("lorenz63", "forecast", "train").state.values[:, :1]
    starts = states[np.random.default_rng(seed).choice(len(states), 256, replace=False)]
    trajectories = forecaster.forward(starts, steps=40_000)["state"]
    plan = datasets.prepared_builder("lorenz63", "assimilation_x").builder_config.observations
    return pipelines.observed_windows(trajectories, plan, 200, batch_size, MIRROR, seed)


def fit(
    model, training, validation, scale: float, rate: float, output: Path, epochs: int, seed: int, callbacks=()
) -> keras.Model:
    """Fits a model to windows of states of this scale, resuming where a killed run stopped, and saves it in `output`."""
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, epochs * 100), global_clipnorm=1.0),
        loss=WindowLoss(scale=scale),
        metrics=[window_mse],
    )
    model.fit(
        training,
        steps_per_epoch=100,
        validation_data=validation,
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    zoo.save(model, output)
    return model


def train(output: Path, epochs: int = 50, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    validation = datasets.load("lorenz63", "assimilation_x", "validation", batch_size=250)

    model = DirectNetwork(components=3, dt=0.01, patch=8, channels=128, dilations=(1, 2, 4, 1, 2, 4), mirror=MIRROR)
    model.build((None, None, 3))
    model.adapt(datasets.open_dataset("lorenz63", "assimilation_x", "train").state.values)
    training = simulated_windows(batch_size=256, seed=seed)
    return fit(model, training, validation, 8.5, 2e-3, output, epochs, seed, callbacks)
