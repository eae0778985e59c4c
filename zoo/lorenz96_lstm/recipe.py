"""Trains `lorenz96_lstm`, the plain network that `lorenz96_neural_ode` is compared with: a few minutes on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.models import LSTMForecaster


def train(output: Path, epochs: int = 150, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    training = datasets.load("lorenz96", "forecast", "train", batch_size=256, shuffle=True, seed=seed)
    validation = datasets.load("lorenz96", "forecast", "validation", batch_size=256)

    model = LSTMForecaster(components=40, dt=0.05, units=128, horizon=4)
    model.build((None, None, 40))
    model.adapt(datasets.open_dataset("lorenz96", "forecast", "train").state.values)
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(3e-3, epochs * len(training)), global_clipnorm=1.0
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
            # Seven thousand states of 40 components are few for a network that knows nothing of the equation.
            keras.callbacks.EarlyStopping("val_loss", patience=10, restore_best_weights=True),
            keras.callbacks.CSVLogger(output / "log.csv", append=True),
            *callbacks,
        ],
        verbose=2,
    )
    zoo.save(model, output)
    return model
