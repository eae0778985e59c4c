"""Cloud masks that look and move like real ones, to hide what is known."""

import numpy as np
from scipy import special

# Fitted to the pixels of 3 km of a Meteosat scene over Europe (config `msg_europe` of the dataset `clouds`): see
# `benchmarks/sediments.py`, which draws both.
COVERAGE = 0.63
OUTER_SCALE = 800.0  # pixels, beyond which clouds know nothing of each other
SPECTRAL_EXPONENT = 2.95  # of the spectrum of the field behind the masks, in two dimensions
MEMORY = 6.0  # hours in which structures of `MEMORY_SCALE` pixels change; larger ones change more slowly
MEMORY_SCALE, MEMORY_EXPONENT = 100.0, 1.0
DOMAIN = 512  # pixels, periodic; masks are cut out of it


def simulated_cloud_masks(
    times: int, height: int, width: int, hours: float = 24.0, coverage: float = COVERAGE, seed: int = 0
) -> np.ndarray:
    r"""Masks of clouds (time, y, x), True where it is cloudy.

    A Gaussian random field above a threshold. Its spectrum is \((k^2 + k_0^2)^{-\beta/2}\); each of its waves is a red noise
    in time that forgets the sooner, the shorter the wave.

    Args:
        times: number of masks.
        height: pixels of 3 km, at most `DOMAIN`.
        width: likewise.
        hours: between two masks.
        coverage: mean share of cloud.
        seed: of the random field.

    Raises:
        ValueError: masks larger than the domain, or a coverage that is not between 0 and 1.

    Example:
        >>> masks = simulated_cloud_masks(times=3, height=64, width=64)
        >>> print(masks.shape, masks.dtype)
        (3, 64, 64) bool
    """
    if max(height, width) > DOMAIN:
        raise ValueError(f"Expected masks of at most {DOMAIN} pixels a side, found {height} x {width}.")
    if not 0 < coverage < 1:
        raise ValueError(f"Expected a coverage between 0 and 1, found {coverage}.")
    random = np.random.default_rng(seed)
    wavenumber = np.hypot(np.fft.fftfreq(DOMAIN)[:, None], np.fft.rfftfreq(DOMAIN)[None])
    wavenumber = np.hypot(wavenumber, 1 / OUTER_SCALE)
    amplitude = wavenumber ** (-SPECTRAL_EXPONENT / 2)
    memory = MEMORY * (wavenumber * MEMORY_SCALE) ** -MEMORY_EXPONENT
    keep = np.exp(-hours / memory)

    def wave():
        return np.fft.rfft2(random.standard_normal((DOMAIN, DOMAIN))) * amplitude

    # The variance of a pixel: Parseval's theorem, with the half of the spectrum that `rfft2` leaves out.
    twice = np.full(wavenumber.shape, 2.0)
    twice[:, [0, -1]] = 1.0
    deviation = np.sqrt((twice * amplitude**2).sum()) / DOMAIN
    threshold = -special.ndtri(coverage) * deviation
    masks = np.empty((times, height, width), bool)
    state = wave()
    for time in range(times):
        masks[time] = np.fft.irfft2(state, (DOMAIN, DOMAIN))[:height, :width] > threshold
        state = keep * state + np.sqrt(1 - keep**2) * wave()
    return masks


def withheld_observations(seen: np.ndarray, share: float, seed: int = 0) -> np.ndarray:
    """Observed values to withhold, under gaps of another shape: those of other days of the series, turned and moved.

    Args:
        seen: (day, y, x), True where observed.
        share: of the observed values; whole gaps are taken until it is reached.
        seed: of the random choices.

    Returns:
        (day, y, x), True where withheld. Some of each day is left.

    Example:
        >>> seen = ~simulated_cloud_masks(times=10, height=32, width=32)
        >>> withheld = withheld_observations(seen, share=0.2)
        >>> print(bool((withheld & ~seen).any()), bool(withheld.any()))
        False True
    """
    random = np.random.default_rng(seed)
    withheld = np.zeros(seen.shape, bool)
    for day in random.permutation(len(seen)):
        gaps = ~seen[random.integers(len(seen))][::-1, ::-1]
        gaps = np.roll(gaps, random.integers(gaps.shape), axis=(0, 1))
        hidden = seen[day] & gaps
        if 0 < hidden.sum() < seen[day].sum():
            withheld[day] = hidden
        if withheld.sum() >= share * seen.sum():
            break
    if not withheld.any():  # no gaps, or very little that is observed
        count = max(1, int(share * seen.sum()))
        withheld.flat[random.choice(np.flatnonzero(seen), count, replace=False)] = True
    return withheld
