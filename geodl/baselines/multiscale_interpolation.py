"""Optimal interpolation of fields with a covariance of several scales."""

import keras
import numpy as np
import xarray as xr

from geodl.errors import InputError, check_fitted
from geodl.layers.multiscale_analysis import MultiscaleAnalysis
from geodl.models.field import Field
from geodl.models.field_interpolator import FieldInterpolator


@keras.saving.register_keras_serializable(package="geodl")
class MultiscaleInterpolation(FieldInterpolator):
    """`MultiscaleAnalysis` of a series with gaps; mean and map of variances come from a training series.

    Args:
        scales: as in `MultiscaleAnalysis`.

    Example:
        >>> waves = np.sin(np.arange(20)[:, None, None] / 4 + np.arange(12)[:, None] / 3 + np.arange(16) / 5)
        >>> seen = np.random.default_rng(0).random(waves.shape) < 0.3
        >>> days = np.datetime64("2020-01-01", "ns") + np.arange(20) * np.timedelta64(1, "D")
        >>> ds = xr.Dataset({"adt": (("time", "lat", "lon"), np.where(seen, waves, np.nan))}, {"time": days})
        >>> model = MultiscaleInterpolation([(1.0, 4.0, 3.0, 5.0)]).estimate(ds.assign(truth=ds.adt.copy(data=waves)))
        >>> print(bool((model.predict(ds).adt - waves).std() < 0.15 * waves.std()))
        True
    """

    def __init__(self, scales, **kwargs):
        super().__init__(**kwargs)
        self.scales = tuple(tuple(scale) for scale in scales)
        self.analysis = None

    def estimate(self, ds: xr.Dataset, variable: str | None = None, noise: float | None = None) -> "MultiscaleInterpolation":
        """Takes mean and variances from a dataset as `predict` reads it, as `MultiscaleAnalysis.adapt` does.

        Args:
            ds: with `truth`, from which they are taken, or observations alone.
            variable: what is observed, as for `predict`.
            noise: variance of its errors, of its logarithm to base 10 for concentrations; by default what it differs from the
                truth by.

        Raises:
            InputError: what `predict` refuses, or neither truth nor noise.
        """
        self.learned, series, known = self.series(ds, variable)
        if noise is None and known is None:
            raise InputError("Expected a variable `truth` beside the observations, or the variance of their errors, `noise`.")
        self.analysis = MultiscaleAnalysis(self.scales, series.shape[1:])
        self.analysis.adapt(series, known if noise is None else noise)
        return self

    def analyse(self, field: Field) -> tuple[np.ndarray, np.ndarray]:
        check_fitted(self, self.analysis is not None)
        field.check_like(self.learned)
        return self.analysis.of_series(field.values)

    def get_config(self):
        return {**super().get_config(), "scales": self.scales}
