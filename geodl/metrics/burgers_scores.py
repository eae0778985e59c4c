"""Scores of closures of Burgers' equation: of the term itself, and of what the coarse solver makes with it."""

from dataclasses import dataclass

import numpy as np

from geodl.metrics import closure_scores
from geodl.metrics.scores import Scores


@dataclass
class BurgersScores(Scores):
    r"""A priori: the term on true states. A posteriori: the trajectory that the closed solver gives from the first state.

    Args:
        correlation, relative_mse, dissipation_error, kolmogorov_smirnov: of the subgrid tendency, as in
            `geodl.metrics.closure_scores`.
        relative_error: \(\|u - u^*\| / \|u^*\|\), a mean over runs and times.
        final_error: the same at the last time.
        energy_error: of the energy \(\overline{u^2} / 2\), relative, its mean over runs and times.
        spectrum_distance: of the energy spectra in the second half of the time, as in `geodl.metrics.closure_scores`.
        stable_time: until the solution is not finite, in multiples of the time of the trajectories, at most `STABLE`.
        by_time: relative error (time,).
        spectrum: energy spectrum of u (wavenumber,).
        trajectory: u (run, time, x).
        seconds: of all trajectories, compiled before.

    Example:
        >>> truth = np.random.default_rng(0).normal(size=(2, 5, 16))
        >>> scores = BurgersScores.of(1.1 * truth, truth, term=truth, true_term=truth, stable_time=5.0, seconds=0.0)
        >>> print(round(scores.relative_error, 3), round(scores.correlation, 3), round(scores.energy_error, 3))
        0.1 1.0 0.21
    """

    correlation: float
    relative_mse: float
    dissipation_error: float
    kolmogorov_smirnov: float
    relative_error: float
    final_error: float
    energy_error: float
    spectrum_distance: float
    stable_time: float
    by_time: np.ndarray
    spectrum: np.ndarray
    trajectory: np.ndarray
    seconds: float

    STABLE = 5  # times the time of a trajectory
    SCORES = (
        "correlation",
        "relative_mse",
        "dissipation_error",
        "kolmogorov_smirnov",
        "relative_error",
        "final_error",
        "energy_error",
        "spectrum_distance",
        "stable_time",
    )

    @classmethod
    def of(cls, u, truth, term, true_term, stable_time: float, seconds: float) -> "BurgersScores":
        """Scores of trajectories u (run, time, x), NaN after a blow-up, and of the term on true states (run, time, x)."""
        u, truth, term, true_term = (np.asarray(field, "float64") for field in (u, truth, term, true_term))
        error = np.linalg.norm(u - truth, axis=-1) / np.linalg.norm(truth, axis=-1)
        energy, true_energy = (np.mean(field**2, axis=-1) for field in (u, truth))
        spectrum, true_spectrum = energy_spectrum(u), energy_spectrum(truth)
        return cls(
            correlation=closure_scores.correlation(term, true_term),
            relative_mse=closure_scores.relative_mse(term, true_term),
            dissipation_error=closure_scores.dissipation_error(term, true_term, truth),
            kolmogorov_smirnov=closure_scores.kolmogorov_smirnov(term, true_term),
            relative_error=float(error.mean()),
            final_error=float(error[:, -1].mean()),
            energy_error=float(np.mean(np.abs(energy - true_energy) / true_energy)),
            spectrum_distance=closure_scores.spectrum_distance(spectrum[1:], true_spectrum[1:]),
            stable_time=stable_time,
            by_time=error.mean(axis=0),
            spectrum=spectrum,
            trajectory=u,
            seconds=seconds,
        )


def energy_spectrum(u: np.ndarray) -> np.ndarray:
    """Energy by wavenumber (wavenumber,) of u (run, time, x), a mean over runs and the second half of the times."""
    modes = np.abs(np.fft.rfft(u[:, u.shape[1] // 2 :])) ** 2 / u.shape[-1] ** 2
    modes[..., 1 : (u.shape[-1] + 1) // 2] *= 2  # the waves of negative wavenumber
    return modes.mean(axis=(0, 1)) / 2
