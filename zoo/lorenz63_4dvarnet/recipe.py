"""Trains `lorenz63_4dvarnet` from `lorenz63_direct`, with learned dynamics in its cost: about 20 minutes on two cores."""

from pathlib import Path

import keras

from geodl import datasets, zoo
from geodl.layers import DynamicsPrior, ODEIntegrator
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
    recipe = zoo.recipe("lorenz63_direct")
    # Other windows than those that `lorenz63_direct` was trained on.
    training = recipe.simulated_windows(batch_size=128, seed=seed + 1)
    validation = datasets.load("lorenz63", "assimilation_x", "validation", batch_size=250)

    guess = zoo.load("lorenz63_direct")
    model = FourDVarNet(guess, learned_dynamics(4, guess), iterations=5, hidden=64)
    model.build((None, None, 3))
    return recipe.fit(model, training, validation, 8.5, 7e-4, output, epochs, seed, callbacks)
