"""Scores of closures of a subgrid flux, before and after they are used in a simulation."""

from dataclasses import dataclass

import numpy as np

from geodl.fourier_box import AXES, largest_wavenumber, multiplicity, wavenumbers
from geodl.metrics.scores import Scores


@dataclass
class SubgridScores(Scores):
    r"""Scores over samples and points of a box, and of a simulation with the closure.

    With the closure \(f = \nabla \cdot \boldsymbol\tau\), that of the filtered simulation \(f^*\) and the scalar \(\theta\):

    Args:
        relative_mse: \(\overline{(f - f^*)^2} / \overline{f^{*2}}\); 1 without a closure.
        correlation: of \(f\) and \(f^*\).
        dissipation_error: \(|\overline{f \theta} / \overline{f^* \theta} - 1|\), of the variance that is lost to eddies.
        jensen_shannon: distance of the histograms of \(f\) and \(f^*\), 0 to .83.
        kolmogorov_smirnov: largest difference of their distribution functions.
        rescaled_mse: `relative_mse` where the scalar is ten times as large, the closure scaled back.
        moving_mse: `relative_mse` in a frame that moves by one unit of velocity along each axis.
        spectrum_distance: mean over wavenumbers of \(|\log_{10}(E / E^*)|\), of the spectra of the scalar in a simulation with
            the closure and in the filtered one, on average over the same times after the same states.
        stable_time: how long the simulation with the closure stays finite, in turnover times of the largest eddies.
        fields: \(f\) (sample, x, y, z).
        spectrum: \(E\) (wavenumber,), from 1 on.
        true_spectrum: \(E^*\).
        seconds: of a priori closures.

    References:
        Frezat, Balarac, Le Sommer, Fablet and Lguensat (2021), Physical invariance in neural networks for subgrid-scale scalar
        flux modeling, Physical Review Fluids 6.

    Example:
        >>> names = "relative_mse", "correlation", "dissipation_error", "jensen_shannon", "kolmogorov_smirnov"
        >>> no_closure = dict(zip(names, (1.0, 0.0, 1.0, 0.8, 0.5))) | {"rescaled_mse": 1.0, "moving_mse": 1.0}
        >>> simulated = {"spectrum_distance": 0.31416, "stable_time": 10.0, "spectrum": np.ones(3), "true_spectrum": np.ones(3)}
        >>> scores = SubgridScores(**no_closure, **simulated, fields=np.zeros((1, 4, 4, 4)), seconds=0.0)
        >>> scores.result()["spectrum_distance"]
        [0.3142]
    """

    relative_mse: float
    correlation: float
    dissipation_error: float
    jensen_shannon: float
    kolmogorov_smirnov: float
    rescaled_mse: float
    moving_mse: float
    spectrum_distance: float
    stable_time: float
    fields: np.ndarray
    spectrum: np.ndarray
    true_spectrum: np.ndarray
    seconds: float

    SCORES = (
        "relative_mse",
        "correlation",
        "dissipation_error",
        "jensen_shannon",
        "kolmogorov_smirnov",
        "rescaled_mse",
        "moving_mse",
        "spectrum_distance",
        "stable_time",
    )


def spectrum(fields: np.ndarray) -> np.ndarray:
    """Variance (…, wavenumber) of fields (…, n, n, n) in shells of wavenumbers around 1, 2, …, to the largest resolved one.

    >>> x = 2 * np.pi * np.arange(16) / 16
    >>> print(spectrum(np.broadcast_to(np.sin(3 * x), (16, 16, 16))).round(3))
    [0.  0.  0.5 0.  0. ]
    """
    points = fields.shape[-1]
    shell = np.rint(np.sqrt(sum(k**2 for k in wavenumbers(points))))
    modes = np.abs(np.fft.rfftn(fields.astype("float64"), axes=AXES) / points**3) ** 2 * multiplicity(points)
    shells = [modes[..., shell == k].sum(axis=-1) for k in range(1, largest_wavenumber(points) + 1)]
    return np.stack(shells, axis=-1)


def turnover_time(velocity: np.ndarray) -> float:
    r"""Turnover time \(L / u'\) of the largest eddies of isotropic velocities (sample, 3, n, n, n).

    $$ u'^2 = \tfrac23 \int E\, dk, \qquad L = \frac{\pi}{2 u'^2} \int \frac{E}{k}\, dk $$
    """
    energy = spectrum(velocity).sum(axis=1).mean(axis=0) / 2
    square = 2 / 3 * energy.sum()
    scale = np.pi / (2 * square) * np.sum(energy / np.arange(1, len(energy) + 1))
    return float(scale / np.sqrt(square))
