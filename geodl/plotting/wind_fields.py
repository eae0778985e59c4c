"""Pictures of forecasts of wind fields."""

import numpy as np
import xarray as xr
from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

HOUR = np.timedelta64(1, "h")
SHOWN = (1, 3, 6)  # hours ahead
ARROWS = 16  # along the longer side


def wind_map(observed: xr.Dataset, forecast: xr.Dataset) -> Figure:
    """The last wind and the forecast one, three and six hours later: speed in colours, arrows along the wind.

    Args:
        observed: `u10` and `v10` (time, lat, lon), optionally with a leading `sample`, of which the first one is drawn, and
            `land_sea_mask` (lat, lon) where known, for the coast.
        forecast: what a forecaster of wind fields returned.

    Example:
        >>> hours = np.datetime64("2020-05-01", "ns") + np.arange(12) * HOUR
        >>> wind = {name: (("time", "lat", "lon"), np.ones((12, 5, 6))) for name in ("u10", "v10")}
        >>> ds = xr.Dataset(wind, {"time": hours, "lat": np.linspace(48, 47, 5), "lon": np.linspace(-3, -2, 6)})
        >>> print(wind_map(ds.isel(time=slice(6)), ds.isel(time=slice(6, 12))).axes[1].get_title())
        +1 h, 2020-05-01 06:00
    """
    observed, forecast = (ds.isel(sample=0) if "sample" in ds.dims else ds for ds in (observed, forecast))
    last = observed.time.values.max()
    maps = {f"last wind{_clock(last)}": observed.sel(time=last)}
    maps |= {f"+{lead} h{_clock(last + lead * HOUR)}": forecast.sel(time=last + lead * HOUR) for lead in SHOWN}
    figure, axes = plt.subplots(2, 2, figsize=(9.5, 9), layout="constrained", sharex=True, sharey=True)
    _draw(figure, dict(zip(axes.flat, maps.items(), strict=True)), observed.get("land_sea_mask"))
    return figure


def wind_field_comparison(compared: dict, ds: xr.Dataset) -> Figure:
    """Scores by lead time, one line an approach, and the truth of one sample at +6 h beside each forecast.

    Args:
        compared: {approach: WindFieldScores}, as `themes.compare` returns it.
        ds: `u10` and `v10` (sample, time, lat, lon), with the future; the middle sample is drawn.

    Example:
        >>> from geodl.metrics import WindFieldScores
        >>> truth = np.random.default_rng(0).normal(size=(3, 6, 5, 6, 2))
        >>> scores = WindFieldScores.of(truth + 0.1, truth, np.zeros((3, 5, 6, 2)), seconds=0.0)
        >>> wind = {f"{name}10": (("sample", "time", "lat", "lon"), truth[..., i]) for i, name in enumerate("uv")}
        >>> ds = xr.Dataset(wind, {"lat": np.linspace(48, 47, 5), "lon": np.linspace(-3, -2, 6)})
        >>> print(wind_field_comparison({"shifted": scores}, ds).axes[4].get_title())
        shifted, vector RMSE 0.14 m/s
    """
    scores = {"vector_rmse": "vector RMSE (m/s)", "speed_rmse": "RMSE of speed (m/s)", "skill": "skill against persistence"}
    columns = max(len(scores), len(compared) + 1)
    figure = plt.figure(figsize=(4.4 * columns, 8.8), layout="constrained")
    above, below = figure.subfigures(2, 1)
    for axis, (score, title) in zip(above.subplots(1, len(scores)), scores.items(), strict=True):
        for name, found in compared.items():
            leads = np.arange(1, len(getattr(found, score)) + 1)
            axis.plot(leads, getattr(found, score), "o-", label=name, markersize=4)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("lead time (hours)", fontsize=9)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    sample, last = ds.sizes["sample"] // 2, ds.isel(time=-1)
    maps = {"truth at +6 h": last.isel(sample=sample)}
    for name, found in compared.items():
        u, v = np.moveaxis(found.fields[sample, -1], -1, 0)
        error = np.sqrt(np.nanmean((u - last.u10[sample]) ** 2 + (v - last.v10[sample]) ** 2))
        maps[f"{name}, vector RMSE {error:.2f} m/s"] = maps["truth at +6 h"].assign(
            u10=(last.u10.dims[1:], u), v10=(last.v10.dims[1:], v)
        )
    axes = below.subplots(1, len(maps), sharex=True, sharey=True)
    _draw(below, dict(zip(axes, maps.items(), strict=True)), ds.get("land_sea_mask"))
    return figure


def _draw(figure, maps: dict, land: xr.DataArray | None) -> None:
    """Titles and winds, one an axis, in one scale of colours and one of arrows."""
    speeds = {title: np.hypot(wind.u10, wind.v10) for title, wind in maps.values()}
    norm = colors.Normalize(0, max(1.0, *(float(speed.quantile(0.995)) for speed in speeds.values())))
    for axis, (title, wind) in maps.items():
        speed = speeds[title]
        y, x = speed.dims
        image = axis.pcolormesh(speed[x], speed[y], speed.values, norm=norm, cmap="viridis", rasterized=True)
        thin = {dim: slice(None, None, max(1, round(max(speed.shape) / ARROWS))) for dim in speed.dims}
        arrows = wind[["u10", "v10"]].isel(thin)
        axis.quiver(
            arrows[x], arrows[y], arrows.u10.values, arrows.v10.values,
            color="white", scale=0.7 * ARROWS * norm.vmax, width=0.004, pivot="middle",
        )  # fmt: skip
        if land is not None:
            axis.contour(land[x], land[y], land.values, [0.5], colors="black", linewidths=0.8)
        axis.set_title(title, fontsize=10)
        # A degree of longitude is shorter than one of latitude.
        axis.set_aspect(1 / max(0.1, float(np.cos(np.radians(speed[y].mean())))))
        axis.set_xlabel("longitude (°E)", fontsize=9)
        axis.set_ylabel("latitude (°N)", fontsize=9)
        axis.label_outer()
    figure.colorbar(image, ax=list(maps), label="speed (m/s)", shrink=0.9, extend="max")


def _clock(time) -> str:
    return f", {str(np.datetime64(time, 'm')).replace('T', ' ')}" if np.issubdtype(time.dtype, np.datetime64) else ""
