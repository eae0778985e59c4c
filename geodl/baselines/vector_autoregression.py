"""Linear dependence of a series of several components on its own last values, around its season."""

import numpy as np

from geodl.errors import InputError
from geodl.models.station_features import ridge_regression

YEAR = np.timedelta64(31_556_952, "s")  # mean of the Gregorian calendar
PENALTY = 1e-6  # so that two components that are equal do no harm


class VectorAutoregression:
    r"""Each value is linear in the last values of all components, as deviations from the mean of the season.

    $$ \mathbf x_t - \mathbf m_t = \mathbf c + \sum_{l=1}^{p} A_l\, (\mathbf x_{t-l} - \mathbf m_{t-l})
       + \boldsymbol\varepsilon_t, \quad
       \mathbf m_t = \mathbf m + \sum_{k=1}^{n} (\mathbf a_k \cos 2 \pi k t / T + \mathbf b_k \sin 2 \pi k t / T) $$

    \(T\) is a year. What is missing counts as the mean of the season.

    Args:
        order: \(p\), how many last values; with 0 the forecast is the season.
        harmonics: \(n\), of the season; with 0 the mean is constant.
        coupled: whether a component depends on the others, too.

    References:
        Lütkepohl (2005), New Introduction to Multiple Time Series Analysis, Springer.

    Example:
        >>> times = np.datetime64("2020-01-01") + np.arange(100)
        >>> halving = 3 + 8 * 0.5 ** np.arange(100.0)[:, None]
        >>> model = VectorAutoregression(order=1, harmonics=0).estimate(halving, times)
        >>> print(model.following(halving, times)[0].round(2))
        [7.]
    """

    def __init__(self, order: int, harmonics: int, coupled: bool = True):
        self.order, self.harmonics, self.coupled = order, harmonics, coupled

    def estimate(self, series: np.ndarray, times: np.ndarray) -> "VectorAutoregression":
        """Fits season and matrices by least squares, and keeps the `deviation` (component,) of what they do not explain.

        Args:
            series: (time, component), NaN where missing.
            times: (time,), datetime64, at one step.

        Raises:
            InputError: a component that has fewer values than there are coefficients.
        """
        known = np.isfinite(series).sum(axis=0).min()
        needed = 2 + 2 * self.harmonics + self.order * (series.shape[1] if self.coupled else 1)
        if known < needed:
            raise InputError(f"Expected {needed} values of each component at least; found {known}: give a longer series.")
        self.season = ridge_regression(self._harmonics(times), series, 0.0)
        deviations = self.deviations(series, times)
        last, following = self._last(deviations)[:-1], deviations[1:]
        if self.coupled:
            self.matrix = ridge_regression(last, following, PENALTY)
        else:
            self.matrix = np.zeros((last.shape[1] + 1, series.shape[1]))
            for component in range(series.shape[1]):
                own = [*range(component, last.shape[1], series.shape[1]), -1]
                self.matrix[own, component] = ridge_regression(last[:, own[:-1]], following[:, [component]], PENALTY)[:, 0]
        self.deviation = np.nanstd(series[1:] - self.following(series, times)[:-1], axis=0)
        return self

    def following(self, series: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Mean of the value that follows each of the times, one step later: (time, component)."""
        last = self._last(self.deviations(series, times))
        return self._season(times + (times[1] - times[0])) + last @ self.matrix[:-1] + self.matrix[-1]

    def deviations(self, series: np.ndarray, times: np.ndarray) -> np.ndarray:
        """What a series (time, component) is above the mean of the season."""
        return series - self._season(times)

    def _last(self, deviations):
        """The last values at each time (time, order × component)."""
        known = np.where(np.isfinite(deviations), deviations, 0)
        before = np.concatenate([np.zeros((self.order, known.shape[1])), known])
        parts = [before[self.order - lag : len(before) - lag] for lag in range(self.order)]
        return np.concatenate([np.zeros((len(known), 0)), *parts], axis=1)

    def _season(self, times):
        return self._harmonics(times) @ self.season[:-1] + self.season[-1]

    def _harmonics(self, times):
        angles = 2 * np.pi * ((times - np.datetime64("1970-01-01")) / YEAR)[:, None] * np.arange(1, self.harmonics + 1)
        return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
