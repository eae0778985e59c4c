"""Trains `lorenz63_4dvarnet` from `lorenz63_direct`, with learned dynamics in its cost: about 20 minutes on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.layers import DynamicsPrior, ODEIntegrator
from geodl.metrics import WindowLoss, window_mse
from geodl.models import FourDVarNet
from geodl.models.neural_ode import LearnedTendency


def learned_dynamics(lag: int, guess) -> DynamicsPrior:
    """φ forecasts `lag` steps ahead by the tendency of `lorenz63_neural_ode`: nothing here knows the equation."""
    published = zoo.load("lorenz63_neural_ode").tendency
    tendency = LearnedTendency(published.products, published.reach)
    tendency.build((None, 3))
    tendency.set_weights(published.get_weights())
    tendency.trainable = False
    mean, scale = guess.mean.numpy().tolist(), guess.scale.numpy().tolist()
    return DynamicsPrior(ODEIntegrator(tendency, dt=0.01 * lag, steps=1), lag, mean, scale)


def train(output: Path, epochs: int = 15, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    # Other windows than those that `lorenz63_direct` was trained on.
    training = zoo.recipe("lorenz63_direct").simulated_windows(batch_size=128, seed=seed + 1)
    validation = datasets.load("lorenz63", "assimilation_x", "validation", batch_size=250)

    guess = zoo.load("lorenz63_direct")
    model = FourDVarNet(guess, learned_dynamics(4, guess), iterations=5, hidden=64)
    model.build((None, None, 3))
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(7e-4, epochs * 100), global_clipnorm=1.0),
        loss=WindowLoss(scale=8.5),
        metrics=[window_mse],
    )
    model.fit(
        training,
        steps_per_epoch=100,
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
