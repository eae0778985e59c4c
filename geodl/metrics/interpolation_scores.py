"""Scores of reconstructed fields, where they were observed and where not."""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from geodl.metrics.scores import Scores
from geodl.metrics.window_loss import gaussian_crps

SEGMENT = 32  # pixels of sea in a row that a spectrum is computed from
NINETY_PERCENT = 1.645  # standard deviations on each side


@dataclass
class InterpolationScores(Scores):
    """Scores of a series of fields, over sea; those of a concentration are of its logarithm to base 10, but MAPE.

    Args:
        fields: the reconstruction (time, y, x), in physical units.
        logarithmic: scores are of logarithms.
        rmse_gaps: root mean squared error where nothing was observed; `rmse_observed` where something was; `rmse` everywhere.
        r2: share of the variance of the truth that is explained, everywhere; `r2_gaps` in gaps.
        mape: mean absolute error over the truth, in gaps, in percent; NaN for what is not logarithmic and may be zero.
        gradient_rmse: of differences between neighbouring pixels, in gaps.
        crps: of the Gaussian in gaps; the mean absolute error where there is no standard deviation.
        coverage: share of the truth in gaps within the interval of 90 %.
        effective_resolution: wavelength, in pixels, below which the error has more than half the spectral density of the truth.
        wavelength: of the spectra, in pixels, along rows.
        error_spectrum: mean spectral density of the error.
        truth_spectrum: of the truth.
        seconds: for 100 frames.

    Example:
        >>> truth = np.random.default_rng(0).normal(size=(3, 4, 32))
        >>> scores = InterpolationScores.of(truth + 0.1, None, truth, truth > 0, logarithmic=False, seconds=0.0)
        >>> print(round(scores.rmse_gaps, 3), round(scores.crps, 3), scores.mape)
        0.1 0.1 nan
    """

    fields: np.ndarray
    logarithmic: bool
    rmse_gaps: float
    rmse_observed: float
    rmse: float
    r2: float
    r2_gaps: float
    mape: float
    gradient_rmse: float
    crps: float
    coverage: float
    effective_resolution: float
    wavelength: np.ndarray
    error_spectrum: np.ndarray
    truth_spectrum: np.ndarray
    seconds: float

    SCORES = ("rmse_gaps", "rmse_observed", "rmse", "r2", "r2_gaps", "mape", "gradient_rmse", "crps", "coverage",
              "effective_resolution")  # fmt: skip
    SECONDS = "seconds_for_100_frames"

    @classmethod
    def of(cls, fields, deviation, truth, observed, logarithmic: bool, seconds: float) -> "InterpolationScores":
        """Scores of fields (time, y, x) against the truth, NaN on land, with their standard deviation or None.

        `observed` is True where there was an observation.
        """
        transform = np.log10 if logarithmic else np.asarray
        sea = np.isfinite(truth)
        gaps, seen = sea & ~observed, sea & observed
        target, estimate = transform(truth), transform(fields)
        error = estimate - target
        spread = np.zeros(error.shape) if deviation is None else deviation
        crps = np.abs(error) if deviation is None else np.array(gaussian_crps(estimate, spread, target))
        across = [np.diff(error, axis=axis)[_both(gaps, axis)] for axis in (1, 2)]
        wavelength, error_spectrum, truth_spectrum = _spectra(error, target)
        return cls(
            fields=fields,
            logarithmic=logarithmic,
            rmse_gaps=_rms(error[gaps]),
            rmse_observed=_rms(error[seen]),
            rmse=_rms(error[sea]),
            r2=1 - np.mean(error[sea] ** 2) / np.var(target[sea]),
            r2_gaps=1 - np.mean(error[gaps] ** 2) / np.var(target[gaps]),
            mape=100 * np.mean(np.abs(fields / truth - 1)[gaps]) if logarithmic else np.nan,
            gradient_rmse=_rms(np.concatenate(across)),
            crps=float(np.mean(crps[gaps])),
            coverage=float(np.mean(np.abs(error[gaps]) < NINETY_PERCENT * spread[gaps])) if deviation is not None else np.nan,
            effective_resolution=_effective_resolution(wavelength, error_spectrum / truth_spectrum),
            wavelength=wavelength,
            error_spectrum=error_spectrum,
            truth_spectrum=truth_spectrum,
            seconds=seconds,
        )


def _rms(values) -> float:
    return float(np.sqrt(np.mean(values.astype("float64") ** 2)))


def _both(mask, axis):
    """Both pixels of a difference."""
    length = mask.shape[axis]
    return mask.take(range(1, length), axis) & mask.take(range(length - 1), axis)


def _spectra(error, truth):
    """Mean spectral densities along rows, of segments of sea: wavelength in pixels, of the error, of the truth."""
    rows = [
        (time, row, first)
        for row in range(truth.shape[1])
        for first in range(0, truth.shape[2] - SEGMENT + 1, SEGMENT)
        if np.isfinite(truth[0, row, first : first + SEGMENT]).all()
        for time in range(len(truth))
    ]
    if not rows:
        return np.array([np.nan]), np.array([np.nan]), np.array([np.nan])
    segments = [np.stack([field[time, row, first : first + SEGMENT] for time, row, first in rows]) for field in (error, truth)]
    frequency, densities = signal.periodogram(np.stack(segments), window="hann", detrend="linear")
    mean = densities.mean(axis=1)[:, 1:]
    return 1 / frequency[1:], mean[0], mean[1]


def _effective_resolution(wavelength, ratio) -> float:
    """The longest wavelength at which the ratio of the spectra exceeds one half, by interpolation of its logarithm."""
    above = np.flatnonzero(ratio > 0.5)
    if not len(above):
        return float(wavelength[-1])
    first = above[0]
    if first == 0:
        return float(wavelength[0])
    share = np.log(0.5 / ratio[first - 1]) / np.log(ratio[first] / ratio[first - 1])
    return float(wavelength[first - 1] ** (1 - share) * wavelength[first] ** share)
