"""Empirical orthogonal functions of a series with or without gaps, and how their amplitudes change in time."""

import numpy as np
from scipy import linalg

MEMORY = 0.9  # correlation of the amplitudes from one time to the next, before the data are looked at


def orthogonal_functions(
    anomalies: np.ndarray, modes: int, noise: float = 0.0, iterations: int = 15
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    r"""Orthogonal functions, the covariances of their amplitudes, and the variance that they leave out.

    $$ \mathbf y_t = H_t E\, \mathbf a_t + \boldsymbol\epsilon_t, \quad \mathbf a_{t + 1} = A\, \mathbf a_t + \boldsymbol\eta_t,
       \quad A = C_1 C_0^{-1} $$

    Without gaps they are those of the singular value decomposition. With gaps amplitudes are known by a Kalman smoother, given
    E, C and the variance of \(\epsilon\), and these are known by the amplitudes and their errors: expectation maximisation,
    which starts from the covariances of pairs of pixels that were seen together. Filling the gaps first would lower variances.

    Args:
        anomalies: (time, pixel), NaN where missing.
        modes: number of functions.
        noise: variance of the errors of observations, where there are gaps.
        iterations: of the expectation maximisation.

    Returns:
        E (mode, pixel); \(C_0\) and \(C_1\) (mode, mode), covariances of the amplitudes of one time, and of a time with the one
        before; the mean variance of a pixel that E leaves out.

    Raises:
        ValueError: fewer pixels or times than modes.

    References:
        Shumway and Stoffer (1982), An approach to time series smoothing and forecasting using the EM algorithm, Journal of Time
        Series Analysis 3.

    Example:
        >>> wave = np.sin(np.arange(60) / 5)[:, None] * np.cos(np.arange(8))
        >>> eofs, same, next_, left = orthogonal_functions(wave, modes=1)
        >>> print(eofs.shape, same.shape, left < 1e-6)
        (1, 8) (1, 1) True
    """
    times, pixels = anomalies.shape
    if modes > min(times, pixels):
        raise ValueError(f"Expected at least {modes} times and pixels for as many modes; found {times} and {pixels}.")
    seen = np.isfinite(anomalies)
    values, seen = np.where(seen, anomalies, 0).astype("float32"), seen.astype("float32")
    pairs = times if seen.all() else np.maximum(seen.T @ seen, 1)
    covariance = values.T @ values / pairs
    variances, eofs = linalg.eigh(covariance, subset_by_index=(pixels - modes, pixels - 1))
    eofs = eofs[:, ::-1].T
    if seen.all():
        amplitudes = values @ eofs.T
        same, next_ = amplitudes.T @ amplitudes / times, amplitudes[1:].T @ amplitudes[:-1] / times
        return eofs, same, next_, float(np.trace(covariance) - np.trace(same)) / pixels
    same = np.diag(np.maximum(variances[::-1] - noise, 1e-3 * variances[-1]))
    next_, error = MEMORY * same, noise
    for _ in range(iterations):
        eofs, same, next_, error = _improved(values, seen, eofs, same, next_, error)
    return eofs, same, next_, max(error - noise, 1e-3 * float(np.trace(same)) / pixels)


def lagged_covariances(same: np.ndarray, next_: np.ndarray, lags: int) -> np.ndarray:
    r"""Covariances (lag, mode, mode) of amplitudes at lags 0 to `lags` - 1: \(C_l = A^l C_0\)."""
    covariances = [same]
    for _ in range(lags - 1):
        covariances.append(_propagator(same, next_) @ covariances[-1])
    return np.stack(covariances)


def _propagator(same, next_):
    ridge = 1e-6 * np.trace(same) / len(same)
    return linalg.solve(same + ridge * np.eye(len(same)), next_.T, assume_a="pos").T


def _improved(values, seen, eofs, same, next_, error):
    """One step of expectation maximisation."""
    times, modes = len(values), len(eofs)
    pairs = (eofs[:, None] * eofs).reshape(modes**2, -1)
    information = (seen @ pairs.T).reshape(times, modes, modes) / error
    mean, covariance, crossed = _smoothed(information, values @ eofs.T / error, same, _propagator(same, next_))
    # Over the number of times both, so that the two together are positive definite.
    same = (mean.T @ mean + covariance.sum(axis=0)) / times
    next_ = (mean[1:].T @ mean[:-1] + crossed) / times

    squares = (mean[:, :, None] * mean[:, None] + covariance).reshape(times, -1).astype("float32")
    normal = (seen.T @ squares).reshape(-1, modes, modes) + 1e-6 * times * np.trace(same) / modes * np.eye(modes)
    right = values.T @ mean.astype("float32")
    eofs = np.linalg.solve(normal, right[..., None])[..., 0]
    misfit = (values**2).sum() - 2 * (eofs * right).sum() + np.einsum("pk,pkl,pl->", eofs, normal, eofs)

    # The same functions, orthogonal and in the order of their variances.
    basis, factors = np.linalg.qr(eofs)
    turned = np.linalg.eigh(factors @ same @ factors.T)[1][:, ::-1]
    change = turned.T @ factors
    return (basis @ turned).T.astype("float32"), change @ same @ change.T, change @ next_ @ change.T, misfit / seen.sum()


def _smoothed(information, data, same, propagator):
    """Kalman smoother: means, covariances (time, mode, mode), and the sum of the covariances of a time with the one before."""
    times, modes = data.shape
    identity = np.eye(modes)
    growth = same - propagator @ same @ propagator.T
    means, covariances, forecasts = np.zeros((times, modes)), np.zeros((times, modes, modes)), np.zeros((times, modes, modes))
    mean, forecast = np.zeros(modes), same
    for t in range(times):
        forecasts[t] = forecast
        covariances[t] = np.linalg.solve(identity + forecast @ information[t], forecast)
        means[t] = mean + covariances[t] @ (data[t] - information[t] @ mean)
        mean, forecast = propagator @ means[t], propagator @ covariances[t] @ propagator.T + growth
    crossed = np.zeros((modes, modes))
    for t in range(times - 2, -1, -1):
        gain = np.linalg.solve(forecasts[t + 1], propagator @ covariances[t]).T
        means[t] += gain @ (means[t + 1] - propagator @ means[t])
        covariances[t] += gain @ (covariances[t + 1] - forecasts[t + 1]) @ gain.T
        crossed += covariances[t + 1] @ gain.T
    return means, covariances, crossed
