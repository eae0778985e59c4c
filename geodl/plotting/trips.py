"""Pictures of foraging trips, real and simulated."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from geodl.metrics.periodogram_score import mean_periodogram, published_series
from geodl.metrics.trip_statistics import trip_statistics
from geodl.plotting.coast_line import draw_coast_line
from geodl.trips import EARTH_RADIUS, closed_trips, colony_of, fixes, unproject

SHOWN_TRIPS = 40  # of each kind on a map
MAPS = 3  # approaches on a map in a comparison: the last ones


def trip_map(simulated: xr.Dataset, real: xr.Dataset | None = None) -> Figure:
    """Trips on a map, with the colony and, where the extra `maps` is installed, the coast line.

    Args:
        simulated: `x`, `y` (trip, step), as `sample` returns them.
        real: trips of birds, drawn beside them.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> positions = np.random.default_rng(0).normal(0, 3000, (4, 30, 2))
        >>> trips = trips_dataset(positions, colony=(-77.264, -11.773), step_seconds=60, birds=list("AABB"))
        >>> print([axis.get_title() for axis in trip_map(trips, real=trips).axes])
        ['birds: 4 of 4 trips', 'simulated: 4 of 4 trips']
    """
    shown = {"simulated": simulated} if real is None else {"birds": real, "simulated": simulated}
    figure, axes = plt.subplots(1, len(shown), figsize=(6.5 * len(shown), 6), layout="constrained", squeeze=False)
    extent = _extent(list(shown.values()))
    for number, (axis, (name, ds)) in enumerate(zip(axes[0], shown.items(), strict=True)):
        _draw_map(axis, ds, extent, "black" if name == "birds" else "C0")
        axis.set_title(f"{name}: {min(ds.sizes['trip'], SHOWN_TRIPS)} of {ds.sizes['trip']} trips", fontsize=10)
        if number:
            axis.tick_params(labelleft=False)
    return figure


def completed_trips(known: xr.Dataset, completed: xr.Dataset) -> Figure:
    """Partly observed trips, and what fills their gaps.

    Args:
        known: `x`, `y`, `lon`, `lat` (trip, step), some NaN where a position is missing.
        completed: what a generator's `complete` returned.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> positions = np.random.default_rng(0).normal(0, 3000, (4, 30, 2))
        >>> trips = trips_dataset(positions, colony=(-77.264, -11.773), step_seconds=60, birds=list("AABB"))
        >>> figure = completed_trips(trips.where(trips.step % 3 == 0), trips)
        >>> print(figure.axes[0].get_legend().get_texts()[0].get_text())
        known
    """
    figure, axis = plt.subplots(figsize=(6.5, 6), layout="constrained")
    _draw_map(axis, completed, _extent([completed]), "C0")
    kept = completed.where(fixes(known))
    lon, lat = unproject(kept.x.values[:SHOWN_TRIPS], kept.y.values[:SHOWN_TRIPS], colony_of(known))
    axis.plot(_unwrapped(lon, known).ravel(), lat.ravel(), "k.", markersize=2, label="known")
    axis.legend(fontsize=8)
    return figure


def trip_comparison(compared: dict, real: xr.Dataset, scale: float) -> Figure:
    """Maps of the birds and of the last approaches; steps, turns and spectrum; spectrum against memory.

    Args:
        compared: {approach: TrajectoryScores}, as `themes.compare` returns it.
        real: trips of the training birds.
        scale: that the publication divides positions by, m.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> positions = np.random.default_rng(0).normal(0, 3000, (4, 30, 2))
        >>> trips = trips_dataset(positions, colony=(-77.264, -11.773), step_seconds=60, birds=list("AABB"))
        >>> from geodl.metrics import TrajectoryScores
        >>> sets = {"nearest": np.ones(2), "periodogram_train": np.full(2, 0.1)}
        >>> figure = trip_comparison({"trips again": TrajectoryScores(sets, trips, seconds=0.0)}, trips, scale=5e4)
        >>> print(figure.axes[1].get_title())
        trips again
    """
    figure, axes = plt.subplots(2, MAPS + 1, figsize=(16, 8), layout="constrained")
    mapped = {"birds": real} | {name: compared[name].trips for name in list(compared)[-MAPS:]}
    colours = {"birds": "black"} | {name: f"C{number}" for number, name in enumerate(compared)}
    extent = _extent(list(mapped.values()))
    for axis, (name, ds) in zip(axes[0], mapped.items(), strict=False):
        _draw_map(axis, ds, extent, colours[name])
        axis.set_title(name, fontsize=10)
    for axis in axes[0, len(mapped) :]:
        axis.set_axis_off()
    for name, ds in ({"birds": real} | {name: scores.trips for name, scores in compared.items()}).items():
        _distributions(axes[1, :3], ds, real, scale, color=colours[name], label=name, linewidth=2 if name == "birds" else 1)
    for name, scores in compared.items():
        means = [scores.sets[key] for key in ("nearest", "periodogram_train")]
        centre, spread = [values.mean() for values in means], [values.std() for values in means]
        axes[1, 3].errorbar(*centre, xerr=spread[0], yerr=spread[1], fmt="o", color=colours[name], capsize=2)
    axes[1, 3].axvline(0.9, color="grey", linewidth=0.8, linestyle=":")
    axes[1, 3].set(yscale="log", title="spectrum against memory", ylabel="periodogram score")
    axes[1, 3].set_xlabel("distance to training trips over that between birds", fontsize=9)
    axes[1, 0].legend(fontsize=7)
    for axis in axes[1]:
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.3)
    return figure


def _distributions(axes, ds: xr.Dataset, real: xr.Dataset, scale: float, **style) -> None:
    """Density of step lengths and turning angles, and the mean periodogram of the longitude."""
    seconds = real.attrs["step_seconds"]
    found, wanted = (trip_statistics(closed_trips(trips), seconds) for trips in (ds, real))
    edges = np.linspace(0, np.quantile(wanted["step_length"], 0.999) * 1.2, 40)
    axes[0].stairs(np.histogram(found["step_length"], edges, density=True)[0], edges / 1e3, **style)
    axes[0].set(title=f"step length in {seconds:g} s (km)", yticks=[])
    angles = np.linspace(-np.pi, np.pi, 49)
    axes[1].stairs(np.histogram(found["turning_angle"], angles, density=True)[0], np.rad2deg(angles), **style)
    axes[1].set(title="turning angle (degrees)", yscale="log")
    spectrum = mean_periodogram(published_series(ds, scale, real.sizes["step"]))[1:, 0]
    frequency = np.fft.rfftfreq(real.sizes["step"], seconds)[1:]
    axes[2].loglog(frequency, spectrum, **style)
    axes[2].set(title="mean periodogram of the longitude", xlabel="frequency (Hz)")
    axes[2].xaxis.set_minor_formatter(NullFormatter())


def _draw_map(axis, ds: xr.Dataset, extent, colour: str) -> None:
    """Trips in degrees, the colony, the coast line, a grid of meridians and parallels, and a scale."""
    colony = colony_of(ds)
    draw_coast_line(axis, extent)
    for trip in range(min(ds.sizes["trip"], SHOWN_TRIPS)):
        part = ds.isel(trip=trip)
        lon, lat = unproject(part.x.values, part.y.values, colony)
        axis.plot(_unwrapped(lon, ds), lat, color=colour, linewidth=0.8, alpha=0.5)
    axis.plot(*colony, "*", color="red", markersize=12, markeredgecolor="white", zorder=5)
    west, east, south, north = extent
    axis.set(xlim=(west, east), ylim=(south, north), aspect=1 / np.cos(np.deg2rad(colony.lat)))
    axis.grid(alpha=0.4, linewidth=0.6)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _degrees((value + 180) % 360 - 180, "EW")))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _degrees(value, "NS")))
    axis.locator_params(nbins=5)
    axis.tick_params(labelsize=8)
    _draw_scale(axis, extent, colony.lat)


def _draw_scale(axis, extent, latitude: float) -> None:
    """A bar of a round length, about a quarter of the width of the map."""
    west, east, south, north = extent
    degree = EARTH_RADIUS * np.pi / 180 * np.cos(np.deg2rad(latitude))  # m
    quarter = (east - west) / 4 * degree
    power = 10 ** np.floor(np.log10(quarter))
    length = max(factor for factor in (1, 2, 5) if factor * power <= quarter) * power
    left, height = west + 0.05 * (east - west), south + 0.05 * (north - south)
    axis.plot([left, left + length / degree], [height, height], color="black", linewidth=3, solid_capstyle="butt")
    axis.annotate(f"{length / 1e3:g} km", (left, height), (0, 5), textcoords="offset points", fontsize=8)


def _extent(datasets: list[xr.Dataset]) -> tuple[float, float, float, float]:
    """A square, in metres, about all positions: west, east, south, north, in degrees."""
    colony = colony_of(datasets[0])
    ends = [[(float(ds[name].min()), float(ds[name].max())) for ds in datasets] for name in ("x", "y")]
    low, high = np.array([np.min(pairs) for pairs in ends]), np.array([np.max(pairs) for pairs in ends])
    middle, half = (low + high) / 2, 0.55 * max((high - low).max(), 1.0)
    degree = EARTH_RADIUS * np.pi / 180
    east_west = np.array([middle[0] - half, middle[0] + half]) / degree / np.cos(np.deg2rad(colony.lat)) + colony.lon
    south_north = np.array([middle[1] - half, middle[1] + half]) / degree + colony.lat
    return (*east_west, *south_north)


def _unwrapped(lon: np.ndarray, ds: xr.Dataset) -> np.ndarray:
    """Longitudes that do not jump at the date line."""
    colony = colony_of(ds)
    return colony.lon + (lon - colony.lon + 180) % 360 - 180


def _degrees(value: float, sides: str) -> str:
    return f"{abs(value):g}°{sides[0] if value > 0 else sides[1] if value < 0 else ''}"
