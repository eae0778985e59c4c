"""Pictures of cloud nowcasts."""

import numpy as np
import xarray as xr
from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from geodl import cloud_types

# One colour a code: surfaces dull, low clouds warm, high clouds light, semi-transparent ones blue.
CLOUD_COLORS = (
    "#00000000", "#4b7a47", "#1f4e79", "#e9d8e6", "#b48ead",
    "#f2b134", "#e8892b", "#c8553d", "#d9d9d9", "#ffffff",
    "#9c7a4d", "#a6d3ee", "#74b3dc", "#4a8fc4", "#2f6aa3", "#bcd6d2",
)  # fmt: skip


def nowcast(observed: xr.Dataset, forecast: xr.Dataset, persistence: xr.Dataset) -> Figure:
    """Last observed frames, forecast classes, cloud probability and persistence, one row each.

    Args:
        observed: `CT` (time, y, x) up to the reference time, and later where known; shown beside the forecast.
        forecast: what a cloud model's `predict` returned.
        persistence: what `CloudPersistence().predict` returned.

    Example:
        >>> from geodl.baselines import CloudPersistence
        >>> minutes = np.timedelta64(15, "m") * np.arange(10)
        >>> ds = xr.Dataset({"CT": (("time", "lat", "lon"), np.full((10, 8, 8), 8, "uint8"))})
        >>> ds = ds.assign_coords(time=np.datetime64("2020-05-01", "ns") + minutes)
        >>> forecast = CloudPersistence().predict(ds.isel(time=slice(6)))
        >>> print(nowcast(ds, forecast, forecast).axes[4].get_title())
        forecast +15 min (100% right)
    """
    reference = forecast.time.values[0] - np.timedelta64(15, "m")
    past = observed.sel(time=observed.time <= reference).isel(time=slice(-4, None))
    later = observed.sel(time=observed.time > reference)
    figure, axes = plt.subplots(4, 4, figsize=(13, 11), layout="constrained", sharex=True, sharey=True)
    for axis, time in zip(axes[0], past.time.values, strict=False):
        types = _show_types(axis, past.CT.sel(time=time), f"observed {_clock(time)}")
    for column, time in enumerate(forecast.time.values):
        lead = f"+{(time - reference) / np.timedelta64(1, 'm'):.0f} min"
        known = observed.CT.sel(time=time) if time in later.time.values else None
        _show_types(axes[1, column], forecast.CT.sel(time=time), f"forecast {lead}{_agreement(forecast, known, time)}")
        field = forecast.cloud_probability.sel(time=time)
        image = axes[2, column].pcolormesh(*_coordinates(field), field.values, vmin=0, vmax=1, cmap="Blues_r", rasterized=True)
        axes[2, column].set_title(f"cloud probability {lead}", fontsize=9)
        _show_types(axes[3, column], persistence.CT.sel(time=time), f"persistence {lead}{_agreement(persistence, known, time)}")
    figure.colorbar(image, ax=axes[2], label="probability of cloud", shrink=0.9)
    bar = figure.colorbar(types, ax=[*axes[0], *axes[1]], ticks=np.arange(1, cloud_types.CODES), shrink=0.9)
    bar.ax.set_yticklabels([_legend(name) for name in cloud_types.MEANINGS[1:]], fontsize=7)
    dims = past.CT.dims[-2:]
    figure.supxlabel({"lon": "longitude (°E)", "x": "x (m)"}[dims[1]], fontsize=9)
    figure.supylabel({"lat": "latitude (°N)", "y": "y (m)"}[dims[0]], fontsize=9)
    figure.suptitle(f"Cloud nowcast from {_clock(reference, date=True)} UTC")
    return figure


def classes(forecast: xr.Dataset) -> Figure:
    """Most probable class at each lead time, and its probability.

    Args:
        forecast: `label`, 0 without data, and `label_probability` (time, y, x), as a model with classes of its own gives them.

    Example:
        >>> times = np.datetime64("2020-05-01T12:00", "ns") + np.timedelta64(15, "m") * np.arange(4)
        >>> names = ("label", "label_probability")
        >>> ds = xr.Dataset({name: (("time", "lat", "lon"), np.ones((4, 8, 8))) for name in names}, {"time": times})
        >>> print([axis.get_title() for axis in classes(ds).axes[:2]])
        ['2020-05-01 12:00', '12:15']
    """
    times = forecast.time.values
    highest = max(1, int(forecast.label.max()))
    figure, axes = plt.subplots(2, len(times), figsize=(13, 6), layout="constrained", sharex=True, sharey=True, squeeze=False)
    for column, time in enumerate(times):
        label, probability = (forecast[name].sel(time=time) for name in ("label", "label_probability"))
        style = {"cmap": plt.get_cmap("viridis", highest), "vmin": 0.5, "vmax": highest + 0.5, "rasterized": True}
        image = axes[0, column].pcolormesh(*_coordinates(label), label.where(label > 0).values, **style)
        shown = axes[1, column].pcolormesh(
            *_coordinates(label), probability.values, vmin=0, vmax=1, cmap="magma", rasterized=True
        )
        axes[0, column].set_title(_clock(time, date=column == 0), fontsize=9)
    figure.colorbar(image, ax=axes[0], ticks=range(1, highest + 1), label="class")
    figure.colorbar(shown, ax=axes[1], label="its probability")
    return figure


def nowcast_scores(compared: dict) -> Figure:
    """Scores by lead time and reliability at the longest one, one line an approach.

    Args:
        compared: {approach: NowcastScores}, as `themes.compare` returns it.

    Example:
        >>> from geodl.metrics import NowcastScores
        >>> scores, codes = NowcastScores(leads=4), np.random.default_rng(0).integers(1, 16, (4, 8, 8))
        >>> scores.update(codes, codes, codes / 16)
        >>> print(nowcast_scores({"perfect": scores}).axes[1].get_title())
        CSI (higher is better)
    """
    titles = {
        "binary_accuracy": "binary accuracy (higher is better)",
        "csi": "CSI (higher is better)",
        "class_accuracy": "accuracy over 15 classes (higher is better)",
        "brier": "Brier score (lower is better)",
        "bias": "frequency bias (1 is best)",
    }
    figure, axes = plt.subplots(2, 3, figsize=(13, 7), layout="constrained")
    for axis, (score, title) in zip(axes.flat, titles.items(), strict=False):
        for name, scores in compared.items():
            leads = [row["lead_time"] for row in scores.rows()]
            axis.plot(leads, scores.by_lead_time()[score], "o-", label=name, markersize=4)
        axis.set_title(title, fontsize=10)
        axis.grid(alpha=0.3)
    for name, scores in compared.items():
        probability, frequency, count = scores.reliability_curve()
        drawn = count[-1] > 0.001 * count[-1].sum()
        axes[1, 2].plot(probability[-1][drawn], frequency[-1][drawn], "o-", label=name, markersize=4)
    axes[1, 2].plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes[1, 2].set(title=f"reliability at {leads[-1]}", xlabel="forecast probability", ylabel="observed frequency")
    axes[1, 2].title.set_fontsize(10)
    axes[0, 0].legend(fontsize=8)
    return figure


def _show_types(axis, field: xr.DataArray, title: str):
    image = axis.pcolormesh(
        *_coordinates(field),
        field.values,
        cmap=colors.ListedColormap(CLOUD_COLORS[1:]).with_extremes(under="#777777"),  # no data
        norm=colors.BoundaryNorm(np.arange(0.5, cloud_types.CODES), cloud_types.CODES - 1),
        rasterized=True,
    )
    axis.set_title(title, fontsize=9)
    return image


def _coordinates(field: xr.DataArray):
    y, x = field.dims
    return (field[dim].values if dim in field.coords else np.arange(field.sizes[dim]) for dim in (x, y))


def _agreement(forecast: xr.Dataset, observed: xr.DataArray | None, time) -> str:
    if observed is None:
        return ""
    codes, known = forecast.CT.sel(time=time).values, observed.values > 0
    return f" ({np.mean(codes[known] == observed.values[known]):.0%} right)"


def _legend(meaning: str) -> str:
    return meaning.replace("_", " ").replace("high semitransparent", "semi-transp.").replace(" clouds", "")


def _clock(time, date: bool = False) -> str:
    text = str(np.datetime64(time, "m"))
    return text.replace("T", " ") if date else text[11:]
