"""Do simulated trips have the spectrum of real ones, as the publication on them measures it?"""

import numpy as np
import xarray as xr

from geodl.trips import colony_of

NEAR = 1000.0  # m: fixes that are nearer to the colony are left out


def published_series(ds: xr.Dataset, scale: float, steps: int) -> np.ndarray:
    """Trips as the publication prepares them: without the fixes near the colony, 0 before and after, x without cosine.

    Args:
        ds: `x`, `y` (trip, step), in m.
        scale: that positions are divided by, m: 50 000 in Peru, 200 000 in Brazil.
        steps: of the series; a longer trip is cut.

    Returns:
        (trip, steps, 2), longitude first.

    References:
        Roy et al. (2022), Using generative adversarial networks (GAN) to simulate central-place foraging trajectories,
        Methods in Ecology and Evolution 13.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> ds = trips_dataset(np.array([[[500.0, 0], [0, 5000], [0, 10_000]]]), colony=(0, 0), step_seconds=60)
        >>> print(published_series(ds, scale=5e4, steps=5)[0, :, 1])
        [0.  0.1 0.2 0.  0. ]
    """
    x, y = ds.x.transpose("trip", "step").values, ds.y.transpose("trip", "step").values
    far = np.hypot(x, y) > NEAR  # false where missing
    values = np.stack([x / np.cos(np.deg2rad(colony_of(ds).lat)), y], axis=-1) / scale
    series = np.zeros((len(values), steps, 2))
    for target, trip, kept in zip(series, values, far, strict=True):
        chosen = trip[kept][: steps - 1]
        target[1 : 1 + len(chosen)] = chosen
    return series


def mean_periodogram(series: np.ndarray) -> np.ndarray:
    """Mean over trips of the squared modulus of the Fourier transform of series (trip, step, 2): (frequency, 2)."""
    return (abs(np.fft.rfft(series, axis=1)) ** 2).mean(axis=0)


def periodogram_score(real: np.ndarray, simulated: np.ndarray) -> np.ndarray:
    r"""Mean over frequencies, zero included, of \(\left(\log S(f) / \hat S(f)\right)^2\), S the mean periodogram of real trips.

    Args:
        real: series (trip, step, 2), as `published_series` makes them.
        simulated: others.

    Returns:
        (2,): of longitude, and of latitude.

    References:
        Roy et al. (2022), as above.

    Example:
        >>> trips = np.random.default_rng(0).normal(size=(10, 50, 2))
        >>> print(periodogram_score(trips, trips[::-1]).round(6), periodogram_score(trips, np.e * trips).round(6))
        [0. 0.] [4. 4.]
    """
    ratio = np.log(mean_periodogram(real) / mean_periodogram(simulated))
    return (ratio**2).mean(axis=0)
