"""Pictures of forecasts of the daily wind speed at stations."""

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from geodl.metrics.wind_station_scores import LEVELS
from geodl.plotting.wind_stations import EDGES


def daily_speed_forecast(observed: xr.Dataset, known: xr.Dataset, forecast: xr.Dataset) -> Figure:
    """The last speed at each station, and the forecast of the next day with intervals of 50 % and 90 %.

    Args:
        observed: `speed` (time, station), and where it goes on after the forecast was made, drawn for comparison.
        known: what the forecast was made from.
        forecast: what a `DailySpeedForecaster` returned.

    Example:
        >>> days = np.datetime64("2020-05-01", "ns") + np.arange(3) * np.timedelta64(1, "D")
        >>> ds = xr.Dataset({"speed": (("time", "station"), np.ones((3, 4)))}, {"time": days, "station": list("ABCD")})
        >>> figure = daily_speed_forecast(ds, ds.isel(time=slice(2)), ds.isel(time=[2]))
        >>> print(figure.axes[0].get_title())
        2020-05-03
    """
    place = np.arange(forecast.sizes["station"])
    figure, axis = plt.subplots(figsize=(2 + 0.6 * len(place), 4), layout="constrained")
    found = forecast.isel(time=0)
    if "speed_quantile" in found:
        for low, high, width in ((0.05, 0.95, 2), (0.25, 0.75, 6)):
            bounds = (found.speed_quantile.sel(quantile=level) for level in (low, high))
            axis.vlines(place, *bounds, color="C0", alpha=0.5, linewidth=width, label=f"{high - low:.0%}")
    axis.plot(place, found.speed, "C0o", label="mean")
    axis.plot(place, known.speed.isel(time=-1), "kx", markersize=4, label="the day before")
    if found.time.values in observed.time.values:
        axis.plot(place, observed.speed.sel(time=found.time), "ko", markersize=4, label="observed")
    names = forecast.station.values if "station" in forecast.coords else place
    axis.set_xticks(place, names, fontsize=8, rotation=45)
    axis.set_ylabel("speed (m/s)", fontsize=9)
    axis.set_ylim(bottom=0)
    axis.set_title(np.datetime_as_string(found.time.values, "D"), fontsize=10)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8, ncols=2)
    return figure


def daily_speed_comparison(compared: dict, stations: np.ndarray) -> Figure:
    """RMSE of each approach at each station, and the ranks of the observations.

    Args:
        compared: {approach: DailySpeedScores}, as `themes.compare` returns it.
        stations: (station,), names.

    Example:
        >>> from geodl.metrics import DailySpeedScores
        >>> scores = DailySpeedScores.of({"speed": np.ones((9, 2))}, truth=np.zeros((9, 2)), seconds=0.0)
        >>> print(daily_speed_comparison({"one": scores}, np.array(["A", "B"])).axes[0].lines[0].get_ydata())
        [1. 1.]
    """
    figure, (rmse, ranks) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for number, (name, scores) in enumerate(compared.items()):
        style = {"color": f"C{number}", "label": name}
        rmse.plot(stations, np.sqrt(np.nanmean(scores.errors**2, axis=0)), "o-", markersize=3, **style)
        if len(scores.ranks):
            share = np.bincount(scores.ranks, minlength=len(LEVELS) - 1) / len(scores.ranks)
            ranks.stairs(share / np.diff(EDGES), EDGES, **style)
    rmse.set_title("RMSE of the speed on the next day (m/s)", fontsize=10)
    rmse.tick_params(axis="x", labelsize=8, rotation=45)
    rmse.grid(alpha=0.3)
    rmse.legend(fontsize=8)
    ranks.set_title("histogram of F(observed), 1 where reliable", fontsize=10)
    ranks.axhline(1, color="grey", linewidth=0.8)
    ranks.set_ylim(0, 2)
    ranks.set_xlabel("probability that was forecast", fontsize=9)
    return figure
