"""Pictures of turbulence: slices, histograms and spectra."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from geodl.fourier_box import regridded
from geodl.metrics import subgrid_scores

FLUX = "subgrid_flux_divergence"
FINER = 4  # points that are drawn, along each axis, for one of the grid
BINS = np.linspace(-5, 5, 61)  # of histograms, in standard deviations of the truth


def subgrid_flux_map(state: xr.Dataset, closure: xr.Dataset) -> Figure:
    """Slices of the scalar and of its closure at the middle of z, the histogram of the closure and the spectrum of the scalar.

    Args:
        state: `u`, `v`, `w` and `scalar` (x, y, z), optionally with a leading `sample`, of which the first one is drawn.
        closure: `subgrid_flux_divergence`, as a model returned it.

    Example:
        >>> fields = np.random.default_rng(0).normal(size=(5, 8, 8, 8))
        >>> names = ("u", "v", "w", "scalar", "subgrid_flux_divergence")
        >>> ds = xr.Dataset({name: (("x", "y", "z"), field) for name, field in zip(names, fields, strict=True)})
        >>> print(subgrid_flux_map(ds, ds).axes[1].get_title())
        divergence of its subgrid flux, z = π
    """
    state, closure = (ds.isel(sample=0) if "sample" in ds.dims else ds for ds in (state, closure))
    scalar, flux = (field.transpose("x", "y", "z").values for field in (state.scalar, closure[FLUX]))
    figure, axes = plt.subplots(2, 2, figsize=(9.5, 8.4), layout="constrained")
    for axis, field, title in ((axes[0, 0], scalar, "scalar"), (axes[0, 1], flux, "divergence of its subgrid flux")):
        figure.colorbar(_slice(axis, field, np.abs(field).max(), f"{title}, z = π"), ax=axis)
    _histograms(axes[1, 0], {"closure": flux}, flux.std())
    _spectra(axes[1, 1], {"scalar": subgrid_scores.spectrum(scalar)})
    return figure


def subgrid_flux_comparison(compared: dict, ds: xr.Dataset) -> Figure:
    """A slice of the truth and of each closure, their histograms, and the spectra of the scalar in simulations with them.

    Args:
        compared: {approach: SubgridScores}, as `themes.compare` returns it.
        ds: test split (sample, x, y, z); the first sample is drawn.

    Example:
        >>> from geodl.metrics import SubgridScores
        >>> fields = np.random.default_rng(0).normal(size=(2, 1, 8, 8, 8))
        >>> names = ("scalar", "subgrid_flux_divergence")
        >>> ds = xr.Dataset({name: (("sample", "x", "y", "z"), field) for name, field in zip(names, fields, strict=True)})
        >>> scores = SubgridScores(*9 * [0.5], fields=fields[1], spectrum=np.ones(3), true_spectrum=np.ones(3), seconds=0.0)
        >>> print(subgrid_flux_comparison({"a closure": scores}, ds).axes[1].get_title())
        truth
    """
    truth, scalar = ds[FLUX].values, ds.scalar.values
    slices = {"scalar": scalar[0], "truth": truth[0]}
    slices |= {f"{name}\ncorrelation {found.correlation:.2f}": found.fields[0] for name, found in compared.items()}
    figure = plt.figure(figsize=(2.1 * len(slices), 8.2), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.4))
    largest = np.abs(truth[0]).max()
    axes = above.subplots(1, len(slices))
    for axis, (title, field) in zip(axes, slices.items(), strict=True):
        shown = np.abs(field).max() if title == "scalar" else largest
        image = _slice(axis, field, shown, title)
        axis.label_outer()
    above.colorbar(image, ax=axes, shrink=0.8, label="divergence of the subgrid flux")
    left, right = below.subplots(1, 2)
    _histograms(left, {"truth": truth} | {name: found.fields for name, found in compared.items()}, truth.std())
    truth = next(iter(compared.values())).true_spectrum
    _spectra(right, {"filtered simulation": truth} | {name: found.spectrum for name, found in compared.items()})
    return figure


def _slice(axis, field: np.ndarray, largest: float, title: str):
    """The middle of z, between the points of the grid as its Fourier modes have it."""
    fine = regridded(field, FINER * field.shape[-1])[..., FINER * field.shape[-1] // 2]
    image = axis.imshow(fine.T, origin="lower", extent=(0, 2 * np.pi) * 2, cmap="RdBu_r", vmin=-largest, vmax=largest)
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("x", fontsize=9)
    axis.set_ylabel("y", fontsize=9)
    return image


def _histograms(axis, values: dict[str, np.ndarray], deviation: float) -> None:
    for index, (name, field) in enumerate(values.items()):
        density, _ = np.histogram(field / deviation, BINS, density=True)
        style = {"color": "black", "linewidth": 2} if index == 0 else {"linewidth": 1.2}
        axis.plot((BINS[1:] + BINS[:-1]) / 2, np.where(density > 0, density, np.nan), ".-", markersize=3, label=name, **style)
    axis.set_yscale("log")
    axis.set_title("density of the divergence of the subgrid flux", fontsize=10)
    axis.set_xlabel("in standard deviations", fontsize=9)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)


def _spectra(axis, spectra: dict[str, np.ndarray]) -> None:
    for index, (name, variance) in enumerate(spectra.items()):
        style = {"color": "black", "linewidth": 2} if index == 0 else {"linewidth": 1.2}
        axis.loglog(np.arange(1, len(variance) + 1), variance, "o-", markersize=4, label=name, **style)
    first = next(iter(spectra.values()))
    wavenumbers = np.arange(1, len(first) + 1)
    axis.loglog(wavenumbers, 1.5 * first[0] * wavenumbers ** (-5 / 3), ":", color="grey", label="slope −5/3")
    axis.set_title("spectrum of the scalar", fontsize=10)
    axis.set_xlabel("wavenumber", fontsize=9)
    axis.grid(alpha=0.3, which="both")
    axis.legend(fontsize=8)
