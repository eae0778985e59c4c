"""Trains `lorenz63_neural_ode`: a few minutes on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.models import NeuralODE
from geodl.training import resuming


def fit(
    model: NeuralODE, dataset: str, config: str, batch_size: int, output: Path, epochs: int, seed: int, callbacks=()
) -> keras.Model:
    """Fits a neural ODE to trajectories, resuming where a killed run stopped, and saves it in the folder `output`."""
    training = datasets.load(dataset, config, "train", batch_size=batch_size, shuffle=True, seed=seed)
    states = datasets.open_dataset(dataset, config, "train").state.values
    model.build((None, None, states.shape[-1]))
    model.tendency.adapt(states, model.dt)
    steps = epochs * len(training)
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.ExponentialDecay(0.02, steps, 1e-4), beta_2=0.99, global_clipnorm=1.0
        ),
        loss="mse",
        jit_compile=True,
    )
    model.fit(
        training,
        validation_data=datasets.load(dataset, config, "validation", batch_size=batch_size),
        epochs=epochs,
        callbacks=[*resuming(output, f"seed_{seed}"), *callbacks],
        verbose=2,
    )
    zoo.save(model, output)
    return model


def train(output: Path, epochs: int = 400, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    # Double precision: the error that is left is smaller than single precision can tell.
    model = NeuralODE(components=3, dt=0.01, products=3, horizon=4, dtype="float64")
    return fit(model, "lorenz63", "forecast", 256, output, epochs, seed, callbacks)
