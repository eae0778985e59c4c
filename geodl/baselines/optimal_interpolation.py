"""Optimal interpolation of fields, in time and space, with or without orthogonal functions of a training series."""

import keras
import numpy as np
import xarray as xr

from geodl.cloud_masks import withheld_observations
from geodl.layers.linear_analysis import LinearAnalysis
from geodl.metrics.interpolation_scores import NINETY_PERCENT
from geodl.models.field import Field
from geodl.models.field_interpolator import FieldInterpolator

# In the middle of a series, so many days tell how large the errors are, of this share of the observed values.
CALIBRATED, WITHHELD = 15, 0.1
FEWEST_WITHHELD = 30


@keras.saving.register_keras_serializable(package="geodl")
class OptimalInterpolation(FieldInterpolator):
    """`LinearAnalysis` of a series with gaps; mean and covariances come from a training series, else from the series itself.

    Args:
        modes: number of orthogonal functions; 0 is interpolation in time and space alone.
        lags: days whose covariances are known to the modes.

    Example:
        >>> waves = np.sin(np.arange(20)[:, None, None] / 4 + np.arange(12)[:, None] / 3 + np.arange(16) / 5)
        >>> seen = np.random.default_rng(0).random(waves.shape) < 0.3
        >>> days = np.datetime64("2020-01-01", "ns") + np.arange(20) * np.timedelta64(1, "D")
        >>> ds = xr.Dataset({"adt": (("time", "lat", "lon"), np.where(seen, waves, np.nan))}, {"time": days})
        >>> print(bool((OptimalInterpolation().predict(ds).adt - waves).std() < 0.15 * waves.std()))
        True
    """

    def __init__(self, modes=0, lags=21, **kwargs):
        super().__init__(**kwargs)
        self.modes, self.lags = int(modes), int(lags)
        self.analysis = None

    def estimate(self, ds: xr.Dataset, variable: str | None = None, noise: float | None = None) -> "OptimalInterpolation":
        """Takes mean, modes and covariances from a dataset as `predict` reads it, as `LinearAnalysis.adapt` does.

        Args:
            ds: with `truth`, from which they are taken, or observations alone.
            variable: what is observed, as for `predict`.
            noise: variance of its errors, of its logarithm to base 10 for concentrations; by default what it differs from the
                truth by, or what is fitted.
        """
        self.learned, series, known = self.series(ds, variable)
        self.analysis = LinearAnalysis(self.modes, self.lags, series.shape[1:])
        self.analysis.adapt(series, known if noise is None else noise)
        return self

    def analyse(self, field: Field) -> tuple[np.ndarray, np.ndarray]:
        analysis = self.analysis
        if analysis is not None:
            field.check_like(self.learned)
        else:
            analysis = LinearAnalysis(grid=field.sea.shape)
            analysis.adapt_with_gaps(np.where(field.sea, field.values, np.nan))
        estimate, deviation = analysis.of_series(field.values)
        return estimate, _calibration(analysis, field.values) * deviation

    def get_config(self):
        return {**super().get_config(), "modes": self.modes, "lags": self.lags}


def _calibration(analysis, values) -> float:
    """Factor of the standard deviation with which 90 % of withheld observations lie within their interval of 90 %."""
    first = max(0, (len(values) - CALIBRATED) // 2)
    values = values[first : first + CALIBRATED]
    withheld = withheld_observations(np.isfinite(values), WITHHELD)
    if withheld.sum() < FEWEST_WITHHELD:
        return 1.0
    estimate, deviation = analysis.of_series(np.where(withheld, np.nan, values))
    spread = np.sqrt(deviation[withheld] ** 2 + analysis.local.covariance.numpy()[10])
    factor = np.quantile(np.abs(values - estimate)[withheld] / spread, 0.9) / NINETY_PERCENT
    return float(analysis.calibration(factor, withheld.sum()))
