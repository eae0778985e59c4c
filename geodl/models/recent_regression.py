"""A linear regression for each station on the network around it, refitted every day to the last ninety days."""

import numpy as np

from geodl.models.station_features import LEADS, clock, hours_ahead, lagged, mean_of_known, ridge_regression, trailing_means

DAYS = 90
STEP = 2  # hours between two samples, which neighbouring hours hardly add to
LAGS, MEANS, NETWORK_LAGS = (1, 23), (6, 24, 720), (0, 1)  # hours
NEIGHBOURS = 8  # stations at most that a regression uses, itself included
SAMPLES = 400  # that count as much as what was known before
ALONE = 100  # samples that say that stations are independent
OWN = 3 * (len(LAGS) + len(MEANS) + len(NETWORK_LAGS)) + 7  # predictors that every station has, with clock and constant
TARGETS = 3 * LEADS


class RecentRegression:
    r"""Root speed, u and v at each lead time as the station's own regression of recent weeks has them.

    $$ \hat{\mathbf y} = B_0^\top \mathbf x + C^\top (\mathbf x, \mathbf z), \quad
       C = \arg\min \sum |\mathbf y - B_0^\top \mathbf x - C^\top (\mathbf x, \mathbf z)|^2 + n_0 |C|^2 $$

    over the last days before the day of the forecast, with its own lags and trailing means, the mean of the network and the
    clock in \(\mathbf x\) and the winds of neighbours, those that have been most like it, in \(\mathbf z\). \(B_0\), that all
    stations share, was fitted to a training series; it is all that counts where the past is short.

    Args:
        center, spread: of root speed, u and v (3,).
        shared: \(B_0\) (predictor, 18).

    Example:
        >>> times = np.datetime64("2020-01-01T00", "h") + np.arange(200)
        >>> values = np.random.default_rng(0).random((200, 2, 7))
        >>> model = RecentRegression.of(values, times, values[..., :3])
        >>> print(model.forecast(values, times, np.array([199])).shape)
        (1, 2, 18)
    """

    def __init__(self, center: np.ndarray, spread: np.ndarray, shared: np.ndarray):
        # Single precision, because a forecast shall take milliseconds.
        self.center, self.spread, self.shared = (np.asarray(part, "float32") for part in (center, spread, shared))

    @classmethod
    def of(cls, values: np.ndarray, times: np.ndarray, counted: np.ndarray) -> "RecentRegression":
        """Fits what all stations share.

        Args:
            values: (time, station, variable), hourly, as `station_features` takes them.
            times: (time,), datetime64.
            counted: (time, station, 3): u, v and speed, NaN where not to be fitted.
        """
        wind = _winds(values)
        model = cls(np.nanmean(wind, axis=(0, 1)), np.nanstd(wind, axis=(0, 1)) + 1e-6, np.zeros((OWN, TARGETS)))
        hours = np.arange(len(values) - LEADS)
        own, _ = model._predictors(values, times, hours)
        targets = hours_ahead(_winds(counted), hours).reshape(-1, TARGETS)
        predictors = own[..., :-1].reshape(len(targets), -1).astype("float64")
        return cls(model.center, model.spread, ridge_regression(predictors, targets))

    def forecast(self, values: np.ndarray, times: np.ndarray, hours: np.ndarray, days: int = DAYS) -> np.ndarray:
        """Root speed, u and v (hour, station, 18), those of one lead time after the other.

        Args:
            values: (time, station, variable), hourly, as `station_features` takes them.
            times: (time,), datetime64.
            hours: increasing indices of times.
            days: that are fitted at most.
        """
        days_ahead, needed = _samples(times, hours, days)
        own, network = self._predictors(values, times, needed)
        found = own[np.searchsorted(needed, hours)] @ self.shared
        for here, chosen in days_ahead:
            past, now = (np.searchsorted(needed, wanted) for wanted in (chosen, hours[here]))
            found[here] += _corrections(own, network, past, now, self._errors(values, chosen, own[past]))
        return found

    def correlation(self, values: np.ndarray, times: np.ndarray, hours: np.ndarray) -> np.ndarray:
        """Between stations, of the errors of root speed that what all stations share made in the last days.

        Of a short past, it is near that of independent stations.

        Args:
            values: (time, station, variable), hourly, as `station_features` takes them.
            times: (time,), datetime64.
            hours: increasing indices of times.

        Returns:
            (hour, station, station).
        """
        days_ahead, needed = _samples(times, hours, DAYS)
        own, _ = self._predictors(values, times, needed)
        found = np.tile(np.eye(values.shape[1]), (len(hours), 1, 1))
        for here, chosen in days_ahead:
            errors = self._errors(values, chosen, own[np.searchsorted(needed, chosen)])[..., ::3]
            errors -= mean_of_known(errors, axis=0)
            scale = np.sqrt(mean_of_known(errors**2, axis=0))
            errors = np.nan_to_num(errors / np.maximum(scale, 1e-6))
            together = np.einsum("tsl,trl->sr", errors, errors) / LEADS + ALONE * np.eye(values.shape[1])
            found[here] = together / np.sqrt(np.outer(np.diag(together), np.diag(together)))
        return found

    def _errors(self, values, hours, own):
        """What follows the hours, less what all stations share makes of their own predictors: (hour, station, target)."""
        return hours_ahead(_winds(values), hours).reshape(len(hours), -1, TARGETS) - own @ self.shared

    def _predictors(self, values, times, hours):
        """Those that every station has (hour, station, OWN), and the standardised winds of all stations (hour, station, 3)."""
        first = max(hours[0] - max(MEANS), 0)
        wind = (_winds(values[first : hours[-1] + 1]) - self.center) / self.spread
        network = np.broadcast_to(mean_of_known(wind, axis=1)[:, None], wind.shape)
        hours, clocks = hours - first, clock(times[hours])
        parts = [lagged(wind, lag, hours) for lag in LAGS]
        parts += trailing_means(wind, MEANS, hours)
        parts += [lagged(network, lag, hours) for lag in NETWORK_LAGS]
        everywhere = np.concatenate([clocks, np.ones((len(hours), 1))], axis=1)
        parts.append(np.broadcast_to(everywhere[:, None], (*parts[0].shape[:2], 7)))
        own = np.concatenate(parts, axis=-1, dtype="float32", casting="same_kind")
        return np.nan_to_num(own, copy=False), np.nan_to_num(wind[hours])


def _samples(times, hours, days):
    """For each day on which some of the hours are, which ones, and the hours to fit to, if any; and all hours together."""
    day = times[hours].astype("datetime64[D]")
    found = []
    for each in np.unique(day):
        start = np.searchsorted(times, each)
        # Samples end where all their targets are before the day.
        chosen = np.arange(start - LEADS - 1, max(start - LEADS - 24 * days, 0) - 1, -STEP)
        if len(chosen):
            found.append((day == each, chosen))
    return found, np.flatnonzero(np.bincount(np.concatenate([hours, *(chosen for _, chosen in found)])))


def _winds(values):
    """Root speed, u and v (time, station, 3)."""
    u, v, speed = np.moveaxis(values[..., :3], -1, 0)
    return np.stack([np.sqrt(speed), u, v], axis=-1).astype("float32")


def _corrections(own, network, past, now, residuals):
    """What the regression of each station on its samples `past` adds at the times `now`: (time, station, target)."""
    neighbours = _neighbours(network[past, :, 0])
    y = residuals.swapaxes(0, 1)
    known = np.isfinite(y).all(axis=-1, keepdims=True)
    x, y = _design(own, network, past, neighbours) * known, np.where(known, y, 0)
    transposed = x.swapaxes(1, 2)
    normal = transposed @ x + SAMPLES * np.eye(x.shape[-1], dtype=x.dtype)
    return (_design(own, network, now, neighbours) @ np.linalg.solve(normal, transposed @ y)).swapaxes(0, 1)


def _design(own, network, times, neighbours):
    """Predictors of each station, then the winds of its neighbours: (station, time, predictor)."""
    near = network[times].swapaxes(0, 1)[neighbours].swapaxes(1, 2)
    return np.concatenate([own[times].swapaxes(0, 1), near.reshape(*near.shape[:2], -1)], axis=-1)


def _neighbours(root_speed):
    """For each station, those whose root speed (time, station) is most like its own: (station, neighbour)."""
    stations = root_speed.shape[1]
    if stations <= NEIGHBOURS:
        return np.tile(np.arange(stations), (stations, 1))
    deviations = root_speed - root_speed.mean(axis=0)
    likeness = deviations.T @ deviations / np.maximum(np.linalg.norm(deviations, axis=0), 1e-9)
    # A station itself comes first.
    np.fill_diagonal(likeness, np.inf)
    return np.argsort(-likeness, axis=1)[:, :NEIGHBOURS]
