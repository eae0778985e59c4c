"""Covariances in time and space of a field with gaps, from the field itself."""

import numpy as np
from scipy import optimize

LAGS = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48])
FEWEST_PAIRS = 50
INCREMENT = 3  # times
LARGEST_SILL = 4.0  # of a variogram, over the variance of the sample


def fit_covariance(anomalies: np.ndarray, smoothest: float = 1.9) -> dict:
    r"""Fits the parameters of `GridInterpolation` to the products of pairs of observed values.

    $$ c_i(l) = \sigma^2 \left(a_i + (1 - a_i)\, e^{-(l / L_i)^{p_i}}\right), \quad r = c(0) - \sigma^2 $$

    Args:
        anomalies: (time, y, x), NaN where missing.
        smoothest: largest power \(p\).

    Returns:
        {"time", "y", "x": \((a, L, p)\), "variance": \(\sigma^2\), "noise": \(r\)}. An axis with too few pairs gets L = 1 in
        time and that of the other axis in space.

    Raises:
        ValueError: fewer than two observed values, or values that are all the same.

    Example:
        >>> random = np.random.default_rng(0)
        >>> found = fit_covariance(np.cumsum(random.standard_normal((40, 1, 1)), axis=0) * np.ones((1, 20, 20)))
        >>> print(sorted(found))
        ['noise', 'time', 'variance', 'x', 'y']
    """
    seen = np.isfinite(anomalies)
    check_difference(anomalies[seen])
    values = np.where(seen, anomalies, 0.0)
    total = (values**2).sum() / seen.sum()
    lags, covariances, weights = zip(*(_lagged(values, seen, axis) for axis in range(3)), strict=True)
    fitted = [axis for axis in range(3) if len(lags[axis])]

    def model(parameters):
        return [
            parameters[0] * _correlation(lags[axis], *parameters[1 + 3 * place : 4 + 3 * place])
            for place, axis in enumerate(fitted)
        ]

    def misfit(parameters):
        found = model(parameters)
        return np.concatenate([(found[i] - covariances[axis] / total) * weights[axis] for i, axis in enumerate(fitted)])

    start, low, high = [0.9], [0.05], [0.999]
    for _ in fitted:
        start, low, high = [*start, 0.1, 4.0, 1.2], [*low, 0.0, 0.3, 0.7], [*high, 0.95, 300.0, smoothest]
    found = optimize.least_squares(misfit, start, bounds=(low, high)).x if fitted else np.array([0.9])
    axes = {axis: tuple(found[1 + 3 * place : 4 + 3 * place]) for place, axis in enumerate(fitted)}
    space = axes.get(1) or axes.get(2) or (0.0, 1.0, 1.0)
    return {
        "time": axes.get(0, (0.0, 1.0, 1.0)),
        "y": axes.get(1, space),
        "x": axes.get(2, space),
        "variance": float(found[0] * total),
        "noise": float((1 - found[0]) * total),
    }


def fit_variogram(fields: np.ndarray, smoothest: float = 1.9) -> dict:
    r"""Fits the parameters of `GridInterpolation` to the squares of differences in space, for which no mean is needed.

    $$ \gamma_i(l) = r + \sigma^2\, (1 - e^{-(l / L_i)^{p_i}}) $$

    Where it still rises at the largest distances, the variance is larger than that of the sample.

    Args:
        fields: (time, y, x), NaN where missing.
        smoothest: largest power \(p\).

    Returns:
        As `fit_covariance`; fields of two times have nothing in common.

    Raises:
        ValueError: fewer than two observed values, or values that are all the same.

    References:
        Cressie (1993), Statistics for spatial data.

    Example:
        >>> slope = np.random.default_rng(0).standard_normal((1, 20, 20)).cumsum(axis=1)
        >>> print(fit_variogram(slope)["variance"] > slope.var())
        True
    """
    seen = np.isfinite(fields)
    check_difference(fields[seen])
    total = fields[seen].var()
    measured = {axis: _half_squares(fields, seen, axis) for axis in (1, 2)}
    measured = {axis: (lags, halves / total, weights) for axis, (lags, halves, weights) in measured.items() if len(lags)}
    if not measured:
        return fit_covariance(fields - fields[seen].mean())

    def misfit(parameters):
        sill, nugget = parameters[:2]
        return np.concatenate(
            [
                (nugget + sill * (1 - _correlation(lags, 0.0, *parameters[2 + 2 * i : 4 + 2 * i])) - halves) * weights
                for i, (lags, halves, weights) in enumerate(measured.values())
            ]
        )

    start, low, high = [1.0, 0.01], [0.05, 1e-4], [LARGEST_SILL, 1.0]
    for _ in measured:
        start, low, high = [*start, 8.0, 1.0], [*low, 0.3, 0.5], [*high, 300.0, smoothest]
    sill, nugget, *found = optimize.least_squares(misfit, start, bounds=(low, high)).x
    fitted = {axis: (0.0, *found[2 * i : 2 * i + 2]) for i, axis in enumerate(measured)}
    space = next(iter(fitted.values()))
    return {
        "time": (0.0, 1.0, 1.0),
        "y": fitted.get(1, space),
        "x": fitted.get(2, space),
        "variance": float(sill * total),
        "noise": float(nugget * total),
    }


def check_difference(values: np.ndarray) -> np.ndarray:
    """The values, if they differ; else raises a ValueError."""
    if values.size < 2 or np.ptp(values) == 0:
        raise ValueError(f"Expected observed values that differ, to fit a covariance; found {values.size} that do not.")
    return values


def fit_two_covariances(series: np.ndarray) -> tuple[dict | None, dict]:
    r"""Covariances of what does not change in time and of what does, whose mean at a pixel is not known.

    Increments in time have the correlation in space of what changes, and half their mean square is
    \(r + \sigma_d^2\, (1 - \rho_t(l))\); the rest of the variance is that of what does not change, which has the variogram of
    the fields.

    Args:
        series: (time, y, x), NaN where missing, of mean 0.

    Returns:
        Parameters as `fit_covariance` gives them: of the constant part, None where the series is too short to know it, and of
        the changing part.

    Example:
        >>> random = np.random.default_rng(0)
        >>> changing = np.cumsum(random.standard_normal((60, 1, 1)), axis=0) * np.ones((1, 20, 20))
        >>> constant, changing = fit_two_covariances(0.1 * changing + np.sin(np.arange(20)))
        >>> print(constant["variance"] > 0.1)
        True
    """
    # Large gaps are filled without adventures where the field is not taken for very smooth.
    whole = fit_variogram(series, smoothest=1.5)
    lag = min(INCREMENT, len(series) // 2)
    increments = series[lag:] - series[: len(series) - lag] if lag else np.empty((0,))
    if np.isfinite(increments).sum() < FEWEST_PAIRS or np.nanstd(increments) == 0:
        return None, whole
    changes = fit_covariance(increments, smoothest=1.5)
    lags = LAGS[len(series) > LAGS + 1]
    squares = [(series[lag:] - series[:-lag]) ** 2 for lag in lags]
    known = np.array([np.isfinite(square).any() for square in squares])
    lags = lags[known].astype(float)
    halves = np.array([np.nanmean(square) / 2 for square, kept in zip(squares, known, strict=True) if kept])
    noise = changes["noise"] / 2

    def misfit(parameters):
        variance, scale, power = parameters
        return (noise + variance * (1 - np.exp(-((lags / scale) ** power))) - halves) / np.sqrt(lags)

    total = np.nanvar(series)
    start = [min(max(halves.max() - noise, 0.01 * total), total), 4.0, 1.2]
    bounds = [1e-3 * total, 0.3, 0.7], [1.001 * total, 300.0, 1.9]
    variance, scale, power = optimize.least_squares(misfit, start, bounds=bounds).x
    changing = {**changes, "time": (0.0, scale, power), "variance": variance, "noise": max(noise, 1e-3 * variance)}
    left = max(total - variance - noise, whole["variance"] - variance, 1e-3 * total)
    # Each observation of what is constant is disturbed by what changes, for as long as it stays.
    disturbance = (variance + noise) * (1 + 2 * scale)
    return {"time": (1.0, 1.0, 1.0), "y": whole["y"], "x": whole["x"], "variance": left, "noise": disturbance}, changing


def _lagged(values, seen, axis):
    """Lags, mean products of pairs so far apart along an axis, and weights by the number of pairs."""
    length = values.shape[axis]
    lags, products, weights = [], [], []
    for lag in LAGS[LAGS < max(length // 2, min(length, 3))]:
        later, earlier = np.arange(lag, length), np.arange(length - lag)
        both = seen.take(later, axis) & seen.take(earlier, axis)
        count = both.sum()
        if count >= FEWEST_PAIRS:
            lags.append(lag)
            products.append((values.take(later, axis) * values.take(earlier, axis)).sum() / count)
            weights.append(np.sqrt(count / seen.sum()) / np.sqrt(lag))
    return np.array(lags, float), np.array(products), np.array(weights)


def _half_squares(values, seen, axis):
    """Lags, half the mean squared differences of pairs so far apart along an axis, and weights by the number of pairs."""
    length = values.shape[axis]
    lags, halves, weights = [], [], []
    for lag in LAGS[LAGS < max(length // 2, min(length, 3))]:
        squares = (values.take(range(lag, length), axis) - values.take(range(length - lag), axis)) ** 2
        count = np.isfinite(squares).sum()
        if count >= FEWEST_PAIRS:
            lags.append(lag)
            halves.append(np.nanmean(squares) / 2)
            weights.append(np.sqrt(count / seen.sum() / lag))
    return np.array(lags, float), np.array(halves), np.array(weights)


def _correlation(lag, share, scale, power):
    return share + (1 - share) * np.exp(-((lag / scale) ** power))
