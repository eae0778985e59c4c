"""What a forecast at a station is made from: its last day, its season and site as recent weeks show them, its neighbours."""

import numpy as np
import xarray as xr

VARIABLES = ("u", "v", "speed", "temperature", "pressure", "dew_point", "rain")
LEADS, LAGS = 6, 24  # hours
MEMORY = 720  # hours that are used at most: thirty days
SAME_HOUR_DAYS = 21
MEANS = (3, 6, 12, 24, 168, 720)  # hours
NEIGHBOUR_LAGS = 6
LARGEST = 6.0  # standard deviations, to which features are cut


def station_values(ds: xr.Dataset) -> np.ndarray:
    """`VARIABLES` of a dataset (time, station) as one array (time, station, variable), NaN for those that it does not have."""
    missing = np.full(ds.u.shape, np.nan)
    return np.stack([ds[name].values if name in ds else missing for name in VARIABLES], axis=-1)


def hours_ahead(series: np.ndarray, hours: np.ndarray, leads: int = LEADS) -> np.ndarray:
    """What follows each of the hours in a series (time, station, …): (hour, station, lead, …).

    Example:
        >>> print(hours_ahead(np.arange(10)[:, None], np.array([2]))[0, 0])
        [3 4 5 6 7 8]
    """
    return np.stack([series[hours + lead] for lead in range(1, leads + 1)], axis=2)


def winds_ahead(counted: np.ndarray, hours: np.ndarray, leads: int = LEADS) -> np.ndarray:
    """What follows each of the hours (hour, station, lead, 4): u, v, speed, and their weight, 0 where they are not known.

    Args:
        counted: u, v and speed (time, station, 3), NaN where missing.
        hours: indices of times.
        leads: how many times follow.
    """
    weight = np.isfinite(counted[..., 2:])
    return hours_ahead(np.concatenate([counted, weight], axis=-1), hours, leads).astype("float32")


def station_features(values: np.ndarray, times: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Features (hour, station, feature) of the hours `hours` (indices of times), NaN where they are not known.

    Lags and trailing means of the wind over hours to thirty days, its mean at the target hours in the last three weeks,
    temperature, pressure and humidity with their tendencies, the mean over all stations, hour and season.

    Args:
        values: (time, station, variable), hourly, those of `VARIABLES` in SI units, NaN where missing.
        times: (time,), datetime64.
        hours: increasing indices of times.

    Example:
        >>> times = np.datetime64("2020-01-01T00", "h") + np.arange(48)
        >>> print(station_features(np.ones((48, 3, 7)), times, hours=np.array([47])).shape)
        (1, 3, 152)
    """
    first = max(hours[0] - MEMORY, 0)
    values, times, hours = np.asarray(values[first:], "float64"), times[first:], hours - first
    u, v, speed, temperature, pressure, dew_point, rain = np.moveaxis(values, -1, 0)
    wind = np.stack([np.sqrt(speed), u, v], axis=-1)
    everywhere = np.broadcast_to(mean_of_known(wind, axis=1)[:, None], wind.shape)
    weather = np.stack([temperature, pressure, dew_point], axis=-1)
    day, month = trailing_means(weather, (24, MEMORY), hours)
    now = weather[hours]
    means = trailing_means(wind, MEANS, hours)
    squares = trailing_means(wind[..., :1] ** 2, (24, MEMORY), hours)
    variance = [square - means[MEANS.index(length)][..., :1] ** 2 for length, square in zip((24, MEMORY), squares, strict=True)]
    parts = [
        *(lagged(wind, lag, hours) for lag in range(LAGS)),
        *means,
        *_at_target_hours(np.stack([speed, u, v], axis=-1), hours),
        *(np.sqrt(np.maximum(part, 0)) for part in variance),
        *(lagged(everywhere, lag, hours) for lag in range(NEIGHBOUR_LAGS)),
        now[..., :1],
        now - day,
        now - month,
        *(now - lagged(weather, lag, hours) for lag in (1, 3, 6)),
        (temperature - dew_point)[hours][..., None],
        np.log1p(*trailing_means(rain[..., None], (3,), hours)),
        np.broadcast_to(clock(times[hours])[:, None], (len(hours), values.shape[1], 6)),
    ]
    return np.concatenate(parts, axis=-1).astype("float32")


def hourly_series(values: np.ndarray, times: np.ndarray, hours: np.ndarray, every: int):
    """What is known every hour in a finer series: values, their times, and the indices of `hours` among them.

    Values are the means of what is known in the hour that ends there; rain is the amount of an hour at its mean rate.

    Args:
        values: (time, station, variable), those of `VARIABLES` or the first of them.
        times: (time,), datetime64.
        hours: increasing indices of times, multiples of `every` apart.
        every: times in an hour.

    Example:
        >>> times = np.datetime64("2020-01-01T00:00") + 6 * np.arange(40)
        >>> means, ends, index = hourly_series(np.ones((40, 3, 7)), times, np.array([24, 34]), every=10)
        >>> print(means.shape, ends[index])
        (4, 3, 7) ['2020-01-01T02:24' '2020-01-01T03:24']
    """
    if every == 1:
        return values, times, hours
    # So that an hour ends at each of the indices; the first one may lack its beginning.
    lacking = -(hours[0] + 1) % every
    whole = (len(values) + lacking) // every
    padded = np.concatenate([np.full((lacking, *values.shape[1:]), np.nan), values])[: whole * every]
    means = mean_of_known(padded.reshape(whole, every, *values.shape[1:]), axis=1)
    means[..., VARIABLES.index("rain") :] *= every
    return means, times[every - 1 - lacking :: every], (hours + lacking) // every


def phases(values: np.ndarray, times: np.ndarray, hours: np.ndarray, every: int):
    """Hours at one minute of the hour after the other: which ones, and their `hourly_series`."""
    for phase in set((hours % every).tolist()):
        chosen = hours % every == phase
        yield chosen, hourly_series(values, times, hours[chosen], every)


def lagged(series: np.ndarray, lag: int, hours: np.ndarray) -> np.ndarray:
    """Values (time, station, …) so many hours before; NaN before the first one."""
    found = series[np.maximum(hours - lag, 0)]
    return np.where((hours >= lag)[:, None, None], found, np.nan)


def trailing_means(series: np.ndarray, lengths: tuple[int, ...], hours: np.ndarray) -> list[np.ndarray]:
    """Means of the known values (time, station, …) of so many last hours, at increasing hours."""
    known = np.isfinite(series)
    first = max(hours[0] - max(lengths), 0)
    total, count = (
        np.concatenate([np.zeros((1, *series.shape[1:]), kind), np.cumsum(part[first:].astype(kind), axis=0)])
        for part, kind in ((np.where(known, series, 0), "float64"), (known, "int32"))
    )
    end = hours - first + 1
    begins = [np.maximum(end - length, 0) for length in lengths]
    counts = [count[end] - count[begin] for begin in begins]
    sums = [total[end] - total[begin] for begin in begins]
    return [np.where(n > 0, part / np.maximum(n, 1), np.nan) for part, n in zip(sums, counts, strict=True)]


def _at_target_hours(series, hours):
    """For each lead time, the mean at the hour of the day that is forecast, over the last days."""
    return [
        mean_of_known(np.stack([lagged(series, 24 * day - lead, hours) for day in range(1, SAME_HOUR_DAYS + 1)]), axis=0)
        for lead in range(1, LEADS + 1)
    ]


def mean_of_known(series: np.ndarray, axis: int) -> np.ndarray:
    """Mean of what is not NaN; NaN where nothing is."""
    # Sums over the first axis of an array in memory are much faster than over others.
    series = np.ascontiguousarray(np.moveaxis(series, axis, 0))
    known = np.isfinite(series)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, series, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def clock(times: np.ndarray) -> np.ndarray:
    """Two harmonics of the day and one of the year (time, 6)."""
    day = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "D")
    year = (times - times.astype("datetime64[Y]")) / np.timedelta64(1, "D") / 365.25
    angles = 2 * np.pi * np.stack([day, 2 * day, year], axis=-1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)


def ridge_regression(features: np.ndarray, targets: np.ndarray, penalty: float = 1e-3) -> np.ndarray:
    r"""Coefficients (feature + 1, target), the last row the constant, of linear regression where targets are known.

    $$ \min_\beta\; \overline{|\mathbf y - X \beta|^2} + \lambda\, |\beta|^2 $$

    Args:
        features: (sample, feature), standardised, without NaN.
        targets: (sample, target), NaN where missing.
        penalty: \(\lambda\), not on the constant.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((100, 2))
        >>> print(ridge_regression(x, x @ [[1.0], [2.0]] + 3, penalty=1e-6).round(2).ravel())
        [1. 2. 3.]
    """
    design = np.concatenate([features, np.ones((len(features), 1), features.dtype)], axis=1)
    found = []
    for target in targets.T:
        known = np.isfinite(target)
        x = design[known]
        normal = x.T @ x / known.sum() + penalty * np.diag([1.0] * features.shape[1] + [0.0])
        found.append(np.linalg.solve(normal, x.T @ target[known] / known.sum()))
    return np.stack(found, axis=1)
