"""Trains `sediment_4dvarnet` from `sediment_unet`: about half an hour on two cores."""

from pathlib import Path

import keras

from geodl import zoo
from geodl.models import FieldFourDVarNet


def started(ds, recipe) -> FieldFourDVarNet:
    """A model with the weights of `sediment_unet`; its solver is untrained."""
    model = FieldFourDVarNet(iterations=3, hidden=32, prior_channels=16, **recipe.untrained())
    recipe.adapt(model, ds)
    guess = zoo.load("sediment_unet")
    for part in ("encoder", "decoder", "head"):
        getattr(model, part).set_weights(getattr(guess, part).get_weights())
    return model


def train(output: Path, epochs: int = 8, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    recipe = zoo.recipe("sediment_unet")
    ds = recipe.simulated_days()
    model = started(ds, recipe)
    # Other windows than those that `sediment_unet` was trained on.
    recipe.fit(model, recipe.training_series(ds, seed=seed + 1), output, epochs, 1e-3, seed + 1, callbacks)
    return model
