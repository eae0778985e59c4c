"""Pictures of every theme's result."""

import matplotlib
import numpy as np
import xarray as xr

matplotlib.use("Agg", force=False)

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


# With more components than so many, a state is drawn as a row of colours instead of lines.
_FEW_COMPONENTS = 8


def nowcast(observed: xr.Dataset, forecast: xr.Dataset, persistence: xr.Dataset) -> Figure:
    """Last observed frames, forecast classes, cloud probability and persistence, one row each.

    Args:
        observed: `CT` (time, y, x) up to the reference time, and later where known; shown beside the forecast.
        forecast: what a cloud model's `predict` returned.
        persistence: what `Persistence().predict` returned.
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


def nowcast_scores(table: dict, leads: tuple[str, ...]) -> Figure:
    """Scores by lead time and reliability at the longest one, one line an approach.

    Args:
        table: {approach: (NowcastScores, seconds)}, as `themes.segmentation.compare` returns it.
        leads: names of the lead times.
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
        for name, (scores, _) in table.items():
            axis.plot(leads, scores.result()[score], "o-", label=name, markersize=4)
        axis.set_title(title, fontsize=10)
        axis.grid(alpha=0.3)
    for name, (scores, _) in table.items():
        probability, frequency, count = scores.reliability_curve()
        drawn = count[-1] > 0.001 * count[-1].sum()
        axes[1, 2].plot(probability[-1][drawn], frequency[-1][drawn], "o-", label=name, markersize=4)
    axes[1, 2].plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes[1, 2].set(title=f"reliability at {leads[-1]}", xlabel="forecast probability", ylabel="observed frequency")
    axes[1, 2].title.set_fontsize(10)
    axes[0, 0].legend(fontsize=8)
    return figure


def trajectory(observed: xr.Dataset, forecast: xr.Dataset) -> Figure:
    """Past states and their forecast, of the first sample: lines of a few components, or time against component.

    Args:
        observed: `state` (time, component), optionally with a leading `sample`.
        forecast: what a forecaster's `predict` returned.
    """
    past, future = (ds.state.isel(sample=0) if "sample" in ds.state.dims else ds.state for ds in (observed, forecast))
    if past.sizes["component"] > _FEW_COMPONENTS:
        figure, axis = plt.subplots(figsize=(9, 4.5), layout="constrained")
        both = xr.concat([past, future], "time")
        _hovmoller(axis, both.time.values, both.values, "state, and its forecast after the line")
        axis.axvline(past.time.values[-1], color="black", linewidth=0.8)
        return figure
    figure, axes = plt.subplots(past.sizes["component"], 1, figsize=(9, 6), layout="constrained", sharex=True, squeeze=False)
    for component, axis in enumerate(axes[:, 0]):
        axis.plot(past.time, past.isel(component=component), color="black", label="past")
        axis.plot(future.time, future.isel(component=component), color="tab:blue", label="forecast")
        axis.set_ylabel(f"component {past.component.values[component] if 'component' in past.coords else component}")
        axis.grid(alpha=0.3)
    axes[0, 0].legend(fontsize=8)
    axes[-1, 0].set_xlabel("time (time units)")
    return figure


def forecast_comparison(table: dict, example: np.ndarray, attractor: np.ndarray) -> Figure:
    """Error growth beside the Lyapunov slope, and forecasts beside the truth.

    Args:
        table: {approach: ForecastScores}, as `themes.forecasting.compare` returns it; the last approach is drawn in full.
        example: true states (lead, component) of the first sample.
        attractor: true states (sample, component).
    """
    best = list(table)[-1]
    if example.shape[1] > _FEW_COMPONENTS:
        figure, axes = plt.subplots(2, 2, figsize=(13, 8), layout="constrained")
        times = table[best].dt[0] * np.arange(1, len(example) + 1)
        shown = times <= 20 * table[best].dt[0] / table[best].dt[1]  # twenty Lyapunov times
        forecast = table[best].example
        for axis, values, title in (
            (axes[0, 1], example, "truth"),
            (axes[1, 0], forecast, f"forecast: {best}"),
            (axes[1, 1], forecast - example, f"error: {best}"),
        ):
            _hovmoller(axis, times[shown], values[shown], title)
    else:
        figure = plt.figure(figsize=(13, 8), layout="constrained")
        grid = figure.add_gridspec(2, 2)
        axes = np.array(
            [[figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])], [figure.add_subplot(grid[1, :])] * 2]
        )
        run = table[best].long_run
        axes[0, 1].plot(attractor[:20_000, 0], attractor[:20_000, 2], ".", color="grey", markersize=1, label="truth")
        style = "-" if len(run) > 2_000 else "."
        axes[0, 1].plot(run[:, 0], run[:, 2], style, color="tab:blue", linewidth=0.5, markersize=2, label=f"long run: {best}")
        axes[0, 1].set(title="attractor", xlabel="x", ylabel="z")
        axes[0, 1].legend(fontsize=8)
        _first_component(axes[1, 0], table, example)
    _error_growth(axes[0, 0], table)
    return figure


def assimilation(known: xr.Dataset, found: xr.Dataset):
    """Observations of one window, and its states with twice their standard deviation.

    Args:
        known: `observations` (time, component), with or without `sample`.
        found: `state` and `standard_deviation` on the same coordinates.
    """
    known, found = (ds.isel(sample=0) if "sample" in ds.dims else ds for ds in (known, found))
    count = min(found.sizes["component"], _FEW_COMPONENTS)
    figure, axes = plt.subplots(count, 1, figsize=(11, 2.2 * count), sharex=True, layout="constrained", squeeze=False)
    for i, axis in enumerate(axes[:, 0]):
        state, spread = found.state.values[:, i], 2 * found.standard_deviation.values[:, i]
        axis.fill_between(found.time, state - spread, state + spread, color="tab:blue", alpha=0.25, linewidth=0)
        axis.plot(found.time, state, color="tab:blue", label="state ± 2 standard deviations")
        axis.plot(known.time, known.observations.values[:, i], "k.", markersize=4, label="observations")
        axis.set_ylabel(str(found.component.values[i]) if "component" in found.coords else f"component {i}")
    axes[0, 0].legend(fontsize=8)
    axes[-1, 0].set_xlabel("time (time units)")
    return figure


def assimilation_comparison(table: dict, window: xr.Dataset, dt: float):
    """The estimates of one window beside truth and observations, and the error in time.

    Args:
        table: {name of the approach: scores with `example` and `by_time`}.
        window: `state` and `observations` (time, component).
        dt: time between two states.
    """
    times = dt * np.arange(window.sizes["time"])
    truth, observations = window.state.values, window.observations.values
    if truth.shape[1] > _FEW_COMPONENTS:
        panels = {"truth": truth, "observations": observations}
        panels |= {f"error: {name}": scores.example - truth for name, scores in table.items()}
        figure, axes = plt.subplots(3, 3, figsize=(15, 10), layout="constrained")
        for axis, (title, values) in zip(axes.flat, panels.items(), strict=False):
            _hovmoller(axis, times, values, title)
        error = axes.flat[len(panels)]
    else:
        count = truth.shape[1]
        figure, axes = plt.subplots(count + 1, 1, figsize=(12, 2.6 * (count + 1)), sharex=True, layout="constrained")
        for i, axis in enumerate(axes[:count]):
            axis.plot(times, truth[:, i], color="black", linewidth=2.5, label="truth")
            for name, scores in table.items():
                axis.plot(times, scores.example[:, i], linewidth=1, label=name)
            axis.plot(times, observations[:, i], "k.", label="observations")
            axis.set_ylabel(str(window.component.values[i]))
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=9)
        error = axes[count]
    for name, scores in table.items():
        error.semilogy(times, scores.by_time, label=name, linewidth=1)
    error.set(title="root mean squared error of all windows", xlabel="time (time units)", ylabel="RMSE")
    error.grid(alpha=0.3)
    if truth.shape[1] > _FEW_COMPONENTS:
        error.legend(fontsize=7)
    return figure


def _error_growth(axis, table) -> None:
    for name, scores in table.items():
        times = scores.dt[1] * np.arange(1, len(scores.rmse) + 1)
        axis.semilogy(times, np.where(scores.rmse < 10, scores.rmse, np.nan), label=name)
    start = np.nanmin([scores.rmse[0] for scores in table.values()])
    times = np.array([0.0, min(times[-1], -np.log(start))])
    axis.semilogy(times, start * np.exp(times), color="black", linestyle="--", linewidth=0.8, label="Lyapunov slope")
    axis.set(title="error growth", xlabel="lead time (Lyapunov times)", ylabel="relative RMSE")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)


def _first_component(axis, table, example) -> None:
    lyapunov_times = next(iter(table.values())).dt[1] * np.arange(1, len(example) + 1)
    axis.plot(lyapunov_times, example[:, 0], color="black", linewidth=2)
    bound = 1.3 * np.abs(example[:, 0]).max()
    for scores in table.values():
        drawn = np.abs(scores.example[:, 0]) < bound
        axis.plot(lyapunov_times, np.where(drawn, scores.example[:, 0], np.nan), linewidth=1)
    axis.set(
        title="one forecast (truth in black, colours as above)", xlabel="lead time (Lyapunov times)", ylabel="x", xlim=(0, 18)
    )


def _hovmoller(axis, times, values, title) -> None:
    bound = 15.0
    image = axis.pcolormesh(
        times, np.arange(values.shape[1]), values.T, cmap="RdBu_r", vmin=-bound, vmax=bound, shading="nearest", rasterized=True
    )
    axis.set(title=title, xlabel="time (time units)", ylabel="component")
    axis.figure.colorbar(image, ax=axis)


def _show_types(axis, field: xr.DataArray, title: str):
    image = axis.pcolormesh(
        *_coordinates(field),
        field.values,
        cmap=colors.ListedColormap(CLOUD_COLORS[1:]),
        norm=colors.BoundaryNorm(np.arange(0.5, cloud_types.CODES), cloud_types.CODES - 1),
        rasterized=True,
    )
    image.cmap.set_under("#777777")  # no data
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
