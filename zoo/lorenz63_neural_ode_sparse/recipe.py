"""Trains `lorenz63_neural_ode_sparse`: a few minutes on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.models import NeuralODE


def train(output: Path, epochs: int = 800, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    training = datasets.load("lorenz63", "forecast_sparse", "train", batch_size=256, shuffle=True, seed=seed)
    validation = datasets.load("lorenz63", "forecast_sparse", "validation", batch_size=256)

    # Double precision: the error that is left is smaller than single precision can tell.
    model = NeuralODE(components=3, dt=0.2, substeps=20, products=3, horizon=2, dtype="float64")
    model.build((None, None, 3))
    model.tendency.adapt(datasets.open_dataset("lorenz63", "forecast_sparse", "train").state.values, model.dt)
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
        validation_data=validation,
        epochs=epochs,
        callbacks=[
            keras.callbacks.BackupAndRestore(output / "backup"),
            keras.callbacks.CSVLogger(output / "log.csv", append=True),
            *callbacks,
        ],
        verbose=2,
    )
    zoo.save(model, output)
    return model
