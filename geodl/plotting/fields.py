"""Pictures of fields with gaps, and of what interpolation makes of them."""

import numpy as np
import xarray as xr
from matplotlib import animation as movies
from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

LAND = "#b8a88a"


def interpolation(observed: xr.DataArray, found: xr.DataArray, deviation: xr.DataArray | None) -> Figure:
    """Some days of a series: what is observed, the estimate, and its standard deviation.

    Args:
        observed: (time, y, x) or (y, x), NaN in gaps and on land.
        found: of the same shape, NaN on land.
        deviation: standard deviation, of the same shape; nothing where there is none.

    Example:
        >>> days = xr.DataArray(np.random.default_rng(0).normal(size=(4, 8, 9)), dims=("time", "lat", "lon"), name="SPM")
        >>> figure = interpolation(days.where(days > 0), days, deviation=None)
        >>> print(figure.axes[4].get_title())
        estimate, field 0
    """
    shown = [field.expand_dims("time") if "time" not in field.dims else field for field in (observed, found, deviation)
             if field is not None]  # fmt: skip
    days = np.unique(np.linspace(0, shown[0].sizes["time"] - 1, 4).round().astype(int))
    figure, axes = plt.subplots(
        len(shown), len(days), figsize=(3.6 * len(days) + 1, 3 * len(shown)), sharex=True, sharey=True, layout="constrained",
        squeeze=False,
    )  # fmt: skip
    norm, land = _norm(shown[1]), shown[1].isnull().all("time").values
    for row, (name, field) in enumerate(zip(("observed", "estimate", "standard deviation"), shown, strict=False)):
        for axis, day in zip(axes[row], days, strict=True):
            scale = norm if row < 2 else colors.Normalize(0, np.nanquantile(field, 0.99))
            image = _map(axis, field.isel(time=day), scale, "viridis" if row < 2 else "magma", land)
            axis.set_title(f"{name}, {_day(field, day)}", fontsize=9)
        figure.colorbar(image, ax=axes[row], label=field.attrs.get("units", ""))
    figure.suptitle(str(observed.name))
    return figure


def interpolation_comparison(compared: dict, ds: xr.Dataset, variable: str, day: int) -> Figure:
    """One day: truth, what is observed, each reconstruction and its error; and the spectra of the errors.

    Args:
        compared: {approach: InterpolationScores}, as `themes.compare` returns it.
        ds: the variable as observed, and `truth` (time, y, x).
        variable: its name.
        day: index of the day that is drawn.

    Example:
        >>> from geodl.metrics import InterpolationScores
        >>> truth = np.random.default_rng(0).normal(size=(3, 4, 32))
        >>> scores = InterpolationScores.of(truth + 0.1, None, truth, truth > 0, logarithmic=False, seconds=0.0)
        >>> ds = xr.Dataset({"truth": (("time", "lat", "lon"), truth)})
        >>> ds["ssh"] = ds.truth.where(ds.truth > 0)
        >>> print(interpolation_comparison({"shifted": scores}, ds, "ssh", day=1).axes[3].get_title())
        error, RMSE in gaps 0.1
    """
    truth = ds.truth.isel(time=day)
    logarithmic = next(iter(compared.values())).logarithmic
    norm, land = _norm(truth), truth.isnull().values
    figure, axes = plt.subplots(
        3, len(compared) + 1, figsize=(3 * (len(compared) + 1), 8.4), layout="constrained", squeeze=False
    )
    for axis, field, title in zip(axes[:2, 0], (truth, ds[variable].isel(time=day)), ("truth", "observed"), strict=True):
        image = _map(axis, field, norm, "viridis", land)
        axis.set_title(f"{title}, {_day(ds[variable], day)}", fontsize=9)
    units = ds[variable].attrs.get("units", "")
    figure.colorbar(image, ax=axes[0, -1], label=units).minorticks_off()
    transform = np.log10 if logarithmic else lambda values: values
    errors = {name: transform(scores.fields[day]) - transform(truth.values) for name, scores in compared.items()}
    bound = np.nanquantile(np.abs(np.stack(list(errors.values()))), 0.98)
    for (name, scores), row in zip(compared.items(), axes.T[1:], strict=True):
        _map(row[0], truth.copy(data=scores.fields[day]), norm, "viridis", land)
        row[0].set_title(name, fontsize=9)
        image = _map(row[1], truth.copy(data=errors[name]), colors.Normalize(-bound, bound), "RdBu_r", land)
        row[1].set_title(f"error, RMSE in gaps {scores.rmse_gaps:.3g}", fontsize=8)
        row[2].loglog(scores.wavelength, scores.error_spectrum, label="error")
        row[2].loglog(scores.wavelength, scores.truth_spectrum, color="black", label="truth")
        row[2].invert_xaxis()
        row[2].set_xticks([32, 16, 8, 4, 2], ["32", "16", "8", "4", "2"])
        row[2].minorticks_off()
        row[2].set_xlabel("wavelength (pixels)", fontsize=8)
        row[2].sharey(axes[2, 1])
    label = "error of log10" if logarithmic else f"error ({units})"
    figure.colorbar(image, ax=axes[1, -1], label=label)
    axes[2, 1].legend(fontsize=8)
    axes[2, 1].set_ylabel("spectral density", fontsize=8)
    axes[2, 0].bar(range(len(compared)), [scores.rmse_gaps for scores in compared.values()])
    axes[2, 0].set_xticks(range(len(compared)), list(compared), rotation=60, ha="right", fontsize=7)
    axes[2, 0].set_title("RMSE in gaps", fontsize=9)
    return figure


def animation(observed: xr.DataArray, found: xr.DataArray) -> movies.FuncAnimation:
    """The series, what is observed beside the estimate; `animation.save("series.gif", writer="pillow")` writes it.

    Args:
        observed: (time, y, x), NaN in gaps and on land.
        found: of the same shape, NaN on land.

    Example:
        >>> import tempfile
        >>> days = xr.DataArray(np.random.default_rng(0).normal(size=(2, 8, 9)), dims=("time", "lat", "lon"))
        >>> film = animation(days.where(days > 0), days)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     film.save(f"{folder}/days.gif", writer="pillow")
    """
    figure = Figure(figsize=(9, 4), layout="constrained")  # not one of pyplot's: a notebook shows the film alone
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    norm, land = _norm(found), found.isnull().all("time").values
    images = [
        _map(axis, field.isel(time=0), norm, "viridis", land) for axis, field in zip(axes, (observed, found), strict=True)
    ]
    figure.colorbar(images[1], ax=axes, label=found.attrs.get("units", ""))

    def draw(day):
        for image, field in zip(images, (observed, found), strict=True):
            image.set_array(field.isel(time=day).values)
        axes[0].set_title(f"observed, {_day(observed, day)}", fontsize=9)
        axes[1].set_title("estimate", fontsize=9)
        return images

    return movies.FuncAnimation(figure, draw, frames=found.sizes["time"], interval=150)


def _norm(field: xr.DataArray):
    """Colours from the first to the last percent of the values; logarithmic for what is positive and spans a decade."""
    low, high = np.nanquantile(field, [0.01, 0.99])
    return colors.LogNorm(low, high) if low > 0 and high > 10 * low else colors.Normalize(low, high)


def _map(axis, field: xr.DataArray, norm, cmap, land: np.ndarray):
    y, x = field.dims
    lines = [field[dim].values if dim in field.coords else np.arange(field.sizes[dim]) for dim in (x, y)]
    axis.pcolormesh(*lines, np.where(land, 1.0, np.nan), cmap=colors.ListedColormap([LAND]), rasterized=True)
    axis.tick_params(labelsize=7)
    axis.locator_params(nbins=4)
    axis.label_outer()
    return axis.pcolormesh(*lines, field.values, norm=norm, cmap=cmap, rasterized=True)


def _day(field: xr.DataArray, day: int) -> str:
    return str(field.time.values[day])[:10] if "time" in field.coords else f"field {day}"
