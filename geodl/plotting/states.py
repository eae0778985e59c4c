"""Pictures of states of dynamical systems, forecast or assimilated."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

# With more components than so many, a state is drawn as a row of colours instead of lines.
_FEW_COMPONENTS = 8


def trajectory(observed: xr.Dataset, forecast: xr.Dataset) -> Figure:
    """Past states and their forecast, of the first sample: lines of a few components, or time against component.

    Args:
        observed: `state` (time, component), optionally with a leading `sample`.
        forecast: what a forecaster's `predict` returned.

    Example:
        >>> ds = xr.Dataset({"state": (("time", "component"), np.zeros((9, 3)))}, {"time": np.arange(9.0)})
        >>> print(len(trajectory(ds.isel(time=slice(5)), ds.isel(time=slice(5, 9))).axes))
        3
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


def forecast_comparison(compared: dict, example: np.ndarray, attractor: np.ndarray) -> Figure:
    """Error growth beside the Lyapunov slope, and forecasts beside the truth.

    Args:
        compared: {approach: StateForecastScores}, as `themes.compare` returns it; the last approach is drawn in full.
        example: true states (lead, component) of the first sample.
        attractor: true states (sample, component).

    Example:
        >>> from geodl.metrics import StateForecastScores
        >>> truth = np.random.default_rng(0).normal(size=(50, 3))
        >>> found = {"rmse": 0.01 * np.exp(0.1 * np.arange(50)), "valid_times": np.ones(1), "exponents": np.zeros(3)}
        >>> found |= {"attractor_distance": 0.1, "example": truth + 0.1, "long_run": truth, "seconds": 0.0}
        >>> figure = forecast_comparison({"shifted": StateForecastScores(dt=(0.1, 0.1), **found)}, truth, truth)
        >>> print(figure.axes[0].get_title())
        error growth
    """
    best = list(compared)[-1]
    if example.shape[1] > _FEW_COMPONENTS:
        figure, axes = plt.subplots(2, 2, figsize=(13, 8), layout="constrained")
        times = compared[best].dt[0] * np.arange(1, len(example) + 1)
        shown = times <= 20 * compared[best].dt[0] / compared[best].dt[1]  # twenty Lyapunov times
        forecast = compared[best].example
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
        run = compared[best].long_run
        axes[0, 1].plot(attractor[:20_000, 0], attractor[:20_000, 2], ".", color="grey", markersize=1, label="truth")
        style = "-" if len(run) > 2_000 else "."
        axes[0, 1].plot(run[:, 0], run[:, 2], style, color="tab:blue", linewidth=0.5, markersize=2, label=f"long run: {best}")
        axes[0, 1].set(title="attractor", xlabel="x", ylabel="z")
        axes[0, 1].legend(fontsize=8)
        _first_component(axes[1, 0], compared, example)
    _error_growth(axes[0, 0], compared)
    return figure


def assimilation(known: xr.Dataset, found: xr.Dataset):
    """Observations of one window, and its states with twice their standard deviation.

    Args:
        known: `observations` (time, component), with or without `sample`.
        found: `state` and `standard_deviation` on the same coordinates.

    Example:
        >>> names = ("observations", "state", "standard_deviation")
        >>> ds = xr.Dataset({name: (("time", "component"), np.ones((20, 3))) for name in names}, {"time": np.arange(20.0)})
        >>> print(len(assimilation(ds, ds).axes))
        3
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


def assimilation_comparison(compared: dict, window: xr.Dataset, dt: float):
    """The estimates of one window beside truth and observations, and the error in time.

    Args:
        compared: {approach: AssimilationScores}, as `themes.compare` returns it.
        window: `state` and `observations` (time, component).
        dt: time between two states.

    Example:
        >>> from geodl.metrics import AssimilationScores
        >>> truth = np.random.default_rng(0).normal(size=(5, 40, 3))
        >>> scores = AssimilationScores.of(truth + 1, None, truth, observed=truth > 0, seconds=0.0)
        >>> names = ("state", "observations")
        >>> window = xr.Dataset({name: (("time", "component"), truth[0]) for name in names}, {"component": list("xyz")})
        >>> print(len(assimilation_comparison({"shifted": scores}, window, dt=0.01).axes))
        4
    """
    times = dt * np.arange(window.sizes["time"])
    truth, observations = window.state.values, window.observations.values
    if truth.shape[1] > _FEW_COMPONENTS:
        panels = {"truth": truth, "observations": observations}
        panels |= {f"error: {name}": scores.example - truth for name, scores in compared.items()}
        figure, axes = plt.subplots(3, 3, figsize=(15, 10), layout="constrained")
        for axis, (title, values) in zip(axes.flat, panels.items(), strict=False):
            _hovmoller(axis, times, values, title)
        error = axes.flat[len(panels)]
    else:
        count = truth.shape[1]
        figure, axes = plt.subplots(count + 1, 1, figsize=(12, 2.6 * (count + 1)), sharex=True, layout="constrained")
        for i, axis in enumerate(axes[:count]):
            axis.plot(times, truth[:, i], color="black", linewidth=2.5, label="truth")
            for name, scores in compared.items():
                axis.plot(times, scores.example[:, i], linewidth=1, label=name)
            axis.plot(times, observations[:, i], "k.", label="observations")
            axis.set_ylabel(str(window.component.values[i]))
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=9)
        error = axes[count]
    for name, scores in compared.items():
        error.semilogy(times, scores.by_time, label=name, linewidth=1)
    error.set(title="root mean squared error of all windows", xlabel="time (time units)", ylabel="RMSE")
    error.grid(alpha=0.3)
    if truth.shape[1] > _FEW_COMPONENTS:
        error.legend(fontsize=7)
    return figure


def _error_growth(axis, compared) -> None:
    for name, scores in compared.items():
        times = scores.dt[1] * np.arange(1, len(scores.rmse) + 1)
        axis.semilogy(times, np.where(scores.rmse < 10, scores.rmse, np.nan), label=name)
    start = np.nanmin([scores.rmse[0] for scores in compared.values()])
    times = np.array([0.0, min(times[-1], -np.log(start))])
    axis.semilogy(times, start * np.exp(times), color="black", linestyle="--", linewidth=0.8, label="Lyapunov slope")
    axis.set(title="error growth", xlabel="lead time (Lyapunov times)", ylabel="relative RMSE")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)


def _first_component(axis, compared, example) -> None:
    lyapunov_times = next(iter(compared.values())).dt[1] * np.arange(1, len(example) + 1)
    axis.plot(lyapunov_times, example[:, 0], color="black", linewidth=2)
    bound = 1.3 * np.abs(example[:, 0]).max()
    for scores in compared.values():
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
