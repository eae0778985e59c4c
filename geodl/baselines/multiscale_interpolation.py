"""Optimal interpolation of fields with a covariance of several scales."""

import keras
import numpy as np

from geodl.errors import check_fitted
from geodl.layers.multiscale_analysis import MultiscaleAnalysis
from geodl.models.field_interpolator import Field, FieldInterpolator


@keras.saving.register_keras_serializable(package="geodl")
class MultiscaleInterpolation(FieldInterpolator):
    """`MultiscaleAnalysis` of a series with gaps; mean and map of variances come from a training series.

    Args:
        scales: as in `MultiscaleAnalysis`.

    Example:
        >>> import xarray as xr
        >>> waves = np.sin(np.arange(20)[:, None, None] / 4 + np.arange(12)[:, None] / 3 + np.arange(16) / 5)
        >>> seen = np.random.default_rng(0).random(waves.shape) < 0.3
        >>> days = np.datetime64("2020-01-01", "ns") + np.arange(20) * np.timedelta64(1, "D")
        >>> ds = xr.Dataset({"adt": (("time", "lat", "lon"), np.where(seen, waves, np.nan))}, {"time": days})
        >>> model = MultiscaleInterpolation([(1.0, 4.0, 3.0, 5.0)]).estimate(waves, noise=1e-3)
        >>> print(bool((model.predict(ds).adt - waves).std() < 0.15 * waves.std()))
        True
    """

    def __init__(self, scales, **kwargs):
        super().__init__(**kwargs)
        self.scales = tuple(tuple(scale) for scale in scales)
        self.analysis = None

    def estimate(self, series: np.ndarray, noise: float) -> "MultiscaleInterpolation":
        """Takes mean and variances from a training series (day, y, x), as `MultiscaleAnalysis.adapt` does."""
        self.analysis = MultiscaleAnalysis(self.scales, series.shape[1:])
        self.analysis.adapt(series, noise)
        return self

    def analyse(self, field: Field) -> tuple[np.ndarray, np.ndarray]:
        check_fitted(self, self.analysis is not None)
        field.check_grid(self.analysis.grid)
        return self.analysis.of_series(field.values)

    def get_config(self):
        return {**super().get_config(), "scales": self.scales}
