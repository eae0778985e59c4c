"""Scores of forecasts of the daily wind speed at stations."""

from dataclasses import dataclass

import numpy as np

from geodl.metrics.scores import Scores
from geodl.metrics.wind_station_scores import quantile_crps


@dataclass
class DailySpeedScores(Scores):
    """Scores of the speed on the next day, over days and stations where it is known.

    Args:
        speed_rmse, speed_mae, crps: m s⁻¹; the CRPS is that of `quantile_crps`, the absolute error without quantiles.
        coverage: of the 90 % interval, not a number without quantiles.
        errors: (day, station), m s⁻¹.
        ranks: of the observed speed among the quantiles, uniform for a reliable forecast; empty without them.
        seconds: of all forecasts.

    Example:
        >>> scores = DailySpeedScores.of({"speed": np.ones((9, 2))}, truth=np.zeros((9, 2)), seconds=0.0)
        >>> print(scores.speed_rmse, scores.crps, scores.coverage)
        1.0 1.0 nan
    """

    speed_rmse: float
    speed_mae: float
    crps: float
    coverage: float
    errors: np.ndarray
    ranks: np.ndarray
    seconds: float

    SCORES = ("speed_rmse", "speed_mae", "crps", "coverage")

    @classmethod
    def of(cls, fields: dict, truth: np.ndarray, seconds: float) -> "DailySpeedScores":
        """Scores of the fields of a `DailySpeedForecaster`.

        Args:
            fields: "speed" (day, station), and "quantiles" at the probabilities `LEVELS` where there are some.
            truth: (day, station), m s⁻¹, NaN where missing.
            seconds: of all forecasts.
        """
        errors, known = fields["speed"] - truth, np.isfinite(truth)
        crps, coverage, ranks = np.nanmean(abs(errors)), np.nan, np.array([], int)
        if "quantiles" in fields:
            (low, high), quantiles = np.split(np.moveaxis(fields["quantiles"], -1, 0), [2])
            crps = np.nanmean(quantile_crps(quantiles, truth))
            coverage = ((truth >= low) & (truth <= high))[known].mean()
            ranks = (truth > quantiles).sum(axis=0)[known]
        return cls(np.sqrt(np.nanmean(errors**2)), np.nanmean(abs(errors)), crps, coverage, errors, ranks, seconds)
