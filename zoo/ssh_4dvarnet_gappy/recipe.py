"""Trains `ssh_4dvarnet_gappy` on observations alone, as `ssh_4dvarnet` on the truth: about twenty minutes on one core."""

from pathlib import Path

import keras
import numpy as np

from geodl import datasets, zoo
from geodl.cloud_masks import withheld_observations
from geodl.layers import LinearAnalysis

WITHHELD = 0.3  # share of the observations that has to be found
# Of eddies that pass, of eddies that stay and of the whole basin: times the lengths, in time and in space, of the one
# covariance that optimal interpolation fits to the observations. The search for scales starts from them.
LENGTHS = ((1.0, 1.0), (4.0, 1.0), (2.0, 8.0))

recipe = zoo.recipe("ssh_4dvarnet")


class ObservedMonths(recipe.Months):
    """The observations of two halves of a training series, of which some are withheld; the truth is not known."""

    def __init__(self, ds):
        self.sea = ds.mask.values == 1
        self.fields = np.where(self.sea, ds.adt.values, np.nan)
        self.halves = np.array_split(self.fields, 2)
        fitted = LinearAnalysis(grid=self.sea.shape)
        fitted.adapt_with_gaps(self.fields)
        _, days, _, _, rows, _, _, columns, _, variance, noise = fitted.local.covariance.numpy().tolist()
        self.scales = [(variance**0.5, time * days, space * rows, space * columns) for time, space in LENGTHS]
        self.noise = self.target_noise = noise

    def observed(self, half: int, copy: int, seed: int) -> np.ndarray:
        """Days of a half without the observations that are withheld."""
        withheld = withheld_observations(np.isfinite(self.halves[half]), WITHHELD, 1000 * seed + 10 * half + copy)
        return np.where(withheld, np.nan, self.halves[half]).astype("float32")

    def target(self, half: int, values: np.ndarray) -> np.ndarray:
        """The observations that are withheld."""
        return np.where(np.isnan(values), self.halves[half], np.nan).astype("float32")


def train(output: Path, epochs: int = 4, seed: int = 0, callbacks=()) -> keras.Model:
    """Fits scales and model, resuming where a killed run stopped, and saves it in the folder `output`."""
    ds = datasets.open_dataset("sea_level", "mediterranean", "train").drop_vars("truth")
    return recipe.train_on(ObservedMonths(ds), ds, output, epochs, seed, callbacks)
