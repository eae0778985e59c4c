"""Trains `sediment_unet_gappy` on observations alone, as `sediment_unet` on the truth: about forty minutes on two cores."""

from pathlib import Path

import keras
import numpy as np

from geodl import zoo
from geodl.cloud_masks import withheld_observations
from geodl.layers import LinearAnalysis
from geodl.models import FieldUNet

WITHHELD = 0.3  # share of the observations that the network has to find


def training_series(ds, recipe, noise: float, blocks: int = 4, seed: int = 0):
    """Inputs without the observations that are withheld, and these; what is known of a block is learned from the others."""
    observed, sea = ds.SPM.values, ds.mask.values == 1
    reader = FieldUNet(recipe.DAYS, (1,), (0,))
    inputs, targets = [], []
    for block, days in enumerate(np.array_split(np.arange(len(observed)), blocks)):
        analysis = LinearAnalysis(recipe.MODES, recipe.LAGS, sea.shape, tolerance=1e-3)
        analysis.adapt(np.delete(observed, days, axis=0), noise)
        for copy in range(2):
            withheld = withheld_observations(np.isfinite(observed[days]), WITHHELD, seed + 2 * block + copy)
            inputs.append(reader.inputs(np.where(withheld, np.nan, observed[days]), sea, analysis))
            targets.append(np.where(withheld, observed[days], np.nan))
    return inputs, targets


def train(output: Path, epochs: int = 24, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits the model, resuming where a killed run stopped, and saves it in the folder `output`."""
    keras.utils.set_random_seed(seed)
    recipe = zoo.recipe("sediment_unet")
    ds = recipe.simulated_days().drop_vars("truth")
    model = FieldUNet(**recipe.untrained())
    model.build((None, recipe.DAYS, 5, None, None))
    model.adapt(ds.SPM.values, (ds.lat.values, ds.lon.values))
    noise = float(model.analysis.local.covariance.numpy()[10])  # as the analysis has found it
    recipe.fit(model, training_series(ds, recipe, noise, seed=seed), output, epochs, 1.5e-3, seed, callbacks, noise)
    return model
