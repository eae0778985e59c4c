"""Scores of closures, of any system: the term beside the true one, and the spectra of what is simulated with it."""

import numpy as np
from scipy import stats
from scipy.spatial import distance

BINS = 200  # of the histograms


def relative_mse(fields: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared error over the mean square of the truth."""
    return float(np.mean((fields.astype("float64") - truth) ** 2) / np.mean(truth.astype("float64") ** 2))


def correlation(fields: np.ndarray, truth: np.ndarray) -> float:
    """Pearson's correlation over all points; 0 for a constant field."""
    if np.ptp(fields) == 0:
        return 0.0
    return float(np.corrcoef(fields.ravel(), truth.ravel())[0, 1])


def dissipation_error(fields: np.ndarray, truth: np.ndarray, resolved: np.ndarray) -> float:
    """Error of what the term takes on average from the squares of the resolved velocity or scalar, over its true value."""
    return float(abs(np.mean(fields * resolved, dtype="float64") / np.mean(truth * resolved, dtype="float64") - 1))


def jensen_shannon(fields: np.ndarray, truth: np.ndarray) -> float:
    """Jensen–Shannon distance of two histograms of as many bins over the range of the truth, beyond which all is one bin."""
    edges = np.r_[-np.inf, np.linspace(truth.min(), truth.max(), BINS + 1), np.inf]
    return float(distance.jensenshannon(*(np.histogram(values, edges)[0] for values in (fields, truth))))


def kolmogorov_smirnov(fields: np.ndarray, truth: np.ndarray) -> float:
    """Largest difference of the distribution functions of two samples."""
    return float(stats.ks_2samp(fields.ravel(), truth.ravel()).statistic)


def spectrum_distance(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of the decimal logarithms of two spectra (wavenumber,)."""
    return float(np.mean(np.abs(np.log10(found / truth))))
