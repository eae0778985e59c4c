"""Pictures of Burgers' equation and its closures."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure


def burgers_comparison(compared: dict, truth: np.ndarray, dt: float) -> Figure:
    """Errors in time, energy spectra, and one run in space and time with the error of each approach below it.

    Args:
        compared: {approach: BurgersScores}, as `themes.compare` returns it.
        truth: u (run, time, x); the last run is drawn.
        dt: time between two states.

    Example:
        >>> from geodl.metrics import BurgersScores
        >>> truth = np.random.default_rng(0).normal(size=(2, 5, 16))
        >>> scores = BurgersScores.of(1.1 * truth, truth, term=truth, true_term=truth, stable_time=5.0, seconds=0.0)
        >>> figure = burgers_comparison({"stronger": scores}, truth, dt=0.1)
        >>> print(figure.axes[0].get_legend().get_texts()[0].get_text())
        stronger, 0.1000
    """
    from geodl.metrics.burgers_scores import energy_spectrum

    figure = plt.figure(figsize=(2.6 * (len(compared) + 1), 8), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1, 1.1))
    errors, spectra = above.subplots(1, 2)
    times = dt * np.arange(1, truth.shape[1] + 1)
    for name, scores in compared.items():
        (line,) = errors.semilogy(times, scores.by_time, label=f"{name}, {scores.relative_error:.4f}")
        spectra.loglog(scores.spectrum[1:], color=line.get_color())
    true_spectrum = energy_spectrum(truth.astype("float64"))
    spectra.loglog(true_spectrum[1:], "k--", label="truth")
    errors.set(xlabel="time", ylabel="relative error", title="error of the trajectory, and its mean")
    spectra.set(
        xlabel="wavenumber",
        ylabel="energy",
        title="energy spectrum, second half of the time",
        ylim=(true_spectrum.min() / 30, None),
    )
    errors.legend(fontsize=8)
    spectra.legend(fontsize=8)
    maps = {"truth": truth[-1]} | {
        f"{name}\nminus truth": scores.trajectory[-1] - truth[-1] for name, scores in compared.items()
    }
    axes = below.subplots(1, len(maps), sharex=True, sharey=True)
    largest = np.abs(truth[-1]).max()
    for axis, (title, field) in zip(axes, maps.items(), strict=True):
        limit = largest if title == "truth" else largest / 4
        image = axis.imshow(
            field, origin="lower", aspect="auto", extent=(0, 1, 0, times[-1]), cmap="RdBu_r", vmin=-limit, vmax=limit
        )
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("x")
        if title == "truth":
            axis.set_ylabel("time")
            below.colorbar(image, ax=axis, location="bottom", label="u")
    below.colorbar(image, ax=list(axes[1:]), location="bottom", label="error of u", shrink=0.4)
    return figure


def burgers_rollout(known: xr.Dataset, found: xr.Dataset) -> Figure:
    """A trajectory in space and time, and its first and last state.

    Args:
        known: `u` (x), optionally with `time`, of which the last one is drawn, and a leading `sample`, of which the first.
        found: what `BurgersClosure.rollout` returned.

    Example:
        >>> run = xr.Dataset({"u": (("time", "x"), np.random.default_rng(0).normal(size=(5, 16)))}, {"time": np.arange(5.0)})
        >>> figure = burgers_rollout(run.isel(time=[0]), run.isel(time=slice(1, 5)))
        >>> print([text.get_text() for text in figure.axes[1].get_legend().get_texts()])
        ['first state', 'time 4']
    """
    known, found = (ds.isel(sample=0) if "sample" in ds.dims else ds for ds in (known, found))
    start = known.u.isel(time=-1) if "time" in known.u.dims else known.u
    x = found.x.values if "x" in found.coords else np.arange(found.sizes["x"]) / found.sizes["x"]
    figure, (space_time, lines) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    limit = float(np.abs(found.u).max())
    image = space_time.pcolormesh(x, found.time, found.u.values, cmap="RdBu_r", vmin=-limit, vmax=limit, shading="nearest")
    figure.colorbar(image, ax=space_time, label="u")
    space_time.set(xlabel="x", ylabel="time")
    lines.plot(x, start, label="first state")
    lines.plot(x, found.u.isel(time=-1), label=f"time {float(found.time[-1]):.3g}")
    lines.set(xlabel="x", ylabel="u")
    lines.grid(alpha=0.3)
    lines.legend()
    return figure
