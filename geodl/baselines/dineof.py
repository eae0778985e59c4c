"""DINEOF: gaps are filled by the orthogonal functions of the series itself."""

import keras
import numpy as np

from geodl.baselines.field_climatology import pixel_means
from geodl.models.field import Field
from geodl.models.field_interpolator import FieldInterpolator

WITHHELD = 0.03  # share of the observed values that choose the number of modes
FEWEST_WITHHELD = 30


@keras.saving.register_keras_serializable(package="geodl")
class Dineof(FieldInterpolator):
    """Fills gaps by a truncated singular value decomposition, again and again until they change no more.

    The number of modes is the one that best predicts values withheld under the gaps of other days; with it, all values are
    used.

    Args:
        most_modes: tried at most.
        tolerance: change of the gaps, relative to the standard deviation of the anomalies, that ends the iterations.
        iterations: at most, for each number of modes.
        seed: of what is withheld.

    References:
        Beckers and Rixen (2003), EOF calculations and data filling from incomplete oceanographic datasets, Journal of
        Atmospheric and Oceanic Technology 20.

    Example:
        >>> import xarray as xr
        >>> wave = np.sin(np.arange(40))[:, None, None] * np.cos(np.arange(80).reshape(8, 10))
        >>> seen = np.random.default_rng(0).random(wave.shape) < 0.5
        >>> days = np.datetime64("2020-01-01", "ns") + np.arange(40) * np.timedelta64(1, "D")
        >>> ds = xr.Dataset({"adt": (("time", "lat", "lon"), np.where(seen, wave, np.nan))}, {"time": days})
        >>> print(bool(abs(Dineof().predict(ds).adt.values - wave).max() < 0.05))
        True
    """

    def __init__(self, most_modes=30, tolerance=1e-3, iterations=100, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.most_modes, self.tolerance, self.iterations = int(most_modes), float(tolerance), int(iterations)
        self.seed = int(seed)

    def analyse(self, field: Field) -> tuple[np.ndarray, np.ndarray]:
        series = field.values[:, field.sea].astype("float64")
        seen = np.isfinite(series)
        mean = pixel_means(series)
        anomalies = np.where(seen, series - mean, 0.0)
        withheld = _withheld(seen, np.random.default_rng(self.seed))
        modes, errors, filled = 0, [np.mean(anomalies[withheld] ** 2)], np.where(withheld, 0, anomalies)
        # Each number of modes starts from what the one before has found; three in a row that are worse end the search.
        for count in range(1, min(self.most_modes, *series.shape) + 1):
            filled = self._fill(filled, seen & ~withheld, count)
            errors.append(np.mean((filled - anomalies)[withheld] ** 2))
            if errors[-1] < min(errors[:-1]):
                modes = count
            elif count - modes >= 3:
                break
        filled = anomalies
        for count in range(1, modes + 1):
            filled = self._fill(filled, seen, count)
        found = np.full(field.values.shape, np.nan)
        found[:, field.sea] = mean + (_truncated(filled, modes) if modes else 0 * filled)
        return found, np.full(found.shape, np.nan)

    def _fill(self, filled, known, modes):
        """Values in the gaps that are those of the truncated decomposition of the whole."""
        scale = filled[known].std() + 1e-30
        for _ in range(self.iterations):
            after = np.where(known, filled, _truncated(filled, modes))
            change = np.sqrt(np.mean((after - filled) ** 2))
            filled = after
            if change < self.tolerance * scale:
                break
        return filled

    def get_config(self):
        return {
            **super().get_config(),
            "most_modes": self.most_modes,
            "tolerance": self.tolerance,
            "iterations": self.iterations,
            "seed": self.seed,
        }


def _withheld(seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Observed values under the gaps of another day, of days drawn until their share is reached."""
    withheld = np.zeros(seen.shape, bool)
    target = max(WITHHELD * seen.sum(), FEWEST_WITHHELD)
    for day in random.permutation(len(seen)):
        hidden = seen[day] & ~seen[random.integers(len(seen))]
        if hidden.sum() < seen[day].sum():  # some of the day must be left
            withheld[day] = hidden
        if withheld.sum() >= target:
            break
    if not withheld.any():  # a single day, or no gaps
        withheld = seen & (random.random(seen.shape) < WITHHELD)
    return withheld


def _truncated(values: np.ndarray, modes: int) -> np.ndarray:
    """The first modes of a series (day, pixel), by the eigenvectors of its smaller Gram matrix."""
    if values.shape[0] > values.shape[1]:
        return _truncated(values.T, modes).T
    vectors = np.linalg.eigh(values @ values.T)[1][:, -modes:]
    return vectors @ (vectors.T @ values)
