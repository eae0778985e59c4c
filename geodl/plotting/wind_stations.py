"""Pictures of forecasts of the wind at stations."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from geodl.metrics.wind_station_scores import LEVELS

SHOWN_STATIONS = 4
PAST_HOURS = 24
BLOCK, RESAMPLED = 24 * 7, 200  # hours of a block of the bootstrap, and how often
EDGES = (0.0, *LEVELS[2:], 1.0)  # of the bins of ranks


def fan_chart(observed: xr.Dataset, known: xr.Dataset, forecast: xr.Dataset) -> Figure:
    """The last day of the speed at up to four stations, and its forecast with intervals of 50 % and 90 %.

    Args:
        observed: `u`, `v` (time, station), and where they go on after the forecast was made, drawn for comparison.
        known: what the forecast was made from.
        forecast: what a forecaster of the wind at stations returned.

    Example:
        >>> hours = np.datetime64("2020-05-01", "ns") + np.arange(30) * np.timedelta64(1, "h")
        >>> wind = {name: (("time", "station"), np.ones((30, 2))) for name in ("u", "v", "speed")}
        >>> ds = xr.Dataset(wind, {"time": hours, "station": ["A", "B"]})
        >>> figure = fan_chart(ds, ds.isel(time=slice(24)), ds.isel(time=slice(24, 30)))
        >>> print([axis.get_title() for axis in figure.axes])
        ['A', 'B']
    """
    stations = _stations_with_wind(known)[:SHOWN_STATIONS]
    figure, axes = plt.subplots(
        len(stations), 1, figsize=(8, 1 + 2.2 * len(stations)), layout="constrained", sharex=True, squeeze=False
    )
    start, last = known.time.values[-1], forecast.time.values[-1]
    for axis, station in zip(axes[:, 0], stations, strict=True):
        speed = np.hypot(observed.u, observed.v).sel(station=station)
        past, future = speed.sel(time=slice(start - np.timedelta64(PAST_HOURS, "h"), start)), speed.sel(time=slice(start, last))
        axis.plot(past.time, past, "k-", linewidth=1.2, label="observed")
        axis.plot(future.time[1:], future[1:], "ko", markersize=4)
        found = forecast.sel(station=station)
        if "speed_quantile" in found:
            for low, high, alpha in ((0.05, 0.95, 0.2), (0.25, 0.75, 0.4)):
                bounds = (found.speed_quantile.sel(quantile=level) for level in (low, high))
                axis.fill_between(found.time, *bounds, alpha=alpha, color="C0", linewidth=0, label=f"{high - low:.0%}")
        axis.plot(found.time, found.speed, "C0-", label="mean")
        axis.axvline(start, color="grey", linewidth=0.8, linestyle=":")
        axis.set_title(str(station), fontsize=10)
        axis.set_ylabel("speed (m/s)", fontsize=9)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    axes[0, 0].legend(fontsize=8, ncols=4, loc="upper left")
    axes[-1, 0].tick_params(axis="x", labelsize=8)
    return figure


def wind_station_comparison(compared: dict) -> Figure:
    """Skill of the speed against persistence, with 90 % intervals of a block bootstrap; CRPS; ranks of the observations.

    Args:
        compared: {approach: WindStationScores}, as `themes.compare` returns it, persistence first.

    Example:
        >>> from geodl.metrics import WindStationScores
        >>> truth, samples = np.ones((336, 2, 6, 3)), np.zeros((4, 336, 2, 6, 2))
        >>> fields = {"wind": samples[0], "speed": samples[0, ..., 0], "quantiles": np.zeros((336, 2, 6, len(LEVELS)))}
        >>> calm = WindStationScores.of(fields, samples, truth, seconds=0.0)
        >>> print(wind_station_comparison({"calm": calm}).axes[1].lines[0].get_ydata())
        [1. 1. 1. 1. 1. 1.]
    """
    figure, (skill, crps, ranks) = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    reference = next(iter(compared.values())).speed_errors
    for number, (name, scores) in enumerate(compared.items()):
        style = {"color": f"C{number}", "label": name}
        leads = np.arange(1, len(scores.speed_rmse) + 1)
        low, middle, high = _skill(scores.speed_errors, reference)
        skill.errorbar(leads, middle, [middle - low, high - middle], fmt="o-", markersize=3, capsize=2, **style)
        crps.plot(leads, scores.crps, "o-", markersize=3, **style)
        share = np.bincount(scores.ranks, minlength=len(LEVELS) - 1) / len(scores.ranks)
        if share[1:-1].any():  # a forecast with spread
            ranks.stairs(share / np.diff(EDGES), EDGES, **style)
    skill.set_title("RMSE of the speed: skill against persistence", fontsize=10)
    crps.set_title("CRPS of the speed (m/s)", fontsize=10)
    ranks.set_title("histogram of F(observed), 1 where reliable", fontsize=10)
    ranks.axhline(1, color="grey", linewidth=0.8)
    ranks.set_ylim(0, 2)
    ranks.set_xlabel("probability that was forecast", fontsize=9)
    for axis in (skill, crps):
        axis.set_xlabel("lead time (hours)", fontsize=9)
        axis.grid(alpha=0.3)
    skill.legend(fontsize=8)
    return figure


def _skill(errors, reference):
    """Fifth, fiftieth and ninety-fifth percentile (lead,) of 1 - RMSE / RMSE of the reference, over resampled weeks."""
    blocks = len(errors) // BLOCK
    sums = [_sums(values, blocks) for values in (errors, reference)]
    drawn = np.random.default_rng(0).integers(blocks, size=(RESAMPLED, blocks))
    found, wanted = (np.sqrt(square[drawn].sum(axis=1) / count[drawn].sum(axis=1)) for square, count in sums)
    return np.quantile(1 - found / wanted, (0.05, 0.5, 0.95), axis=0)


def _sums(errors, blocks):
    """Sum of squares and count (block, lead)."""
    parts = errors[: blocks * BLOCK].reshape(blocks, -1, errors.shape[-1])
    return np.nansum(parts**2, axis=1), np.isfinite(parts).sum(axis=1)


def _stations_with_wind(known: xr.Dataset) -> np.ndarray:
    day = known.time > known.time[-1] - np.timedelta64(PAST_HOURS, "h")
    seen = known.u.sel(time=day).notnull().any("time")
    return known.station.values[seen.values] if "station" in known.coords else np.flatnonzero(seen.values)
