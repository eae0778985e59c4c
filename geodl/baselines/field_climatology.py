"""Interpolation by the climatology, alone or where interpolation in time finds nothing."""

import keras
import numpy as np
import xarray as xr

from geodl.models.field import Field
from geodl.models.field_interpolator import FieldInterpolator


@keras.saving.register_keras_serializable(package="geodl")
class FieldClimatology(FieldInterpolator):
    """The mean of each pixel, of a training series or else of the series itself; the mean of all where none is known.

    Args:
        interpolate: linear interpolation in time of the anomalies, 0 at the ends of the series.

    Example:
        >>> import xarray as xr
        >>> ds = xr.Dataset({"adt": (("lat", "lon"), [[1.0, np.nan], [3.0, np.nan]])})
        >>> print(FieldClimatology().predict(ds).adt.values)
        [[1. 2.]
         [3. 2.]]
    """

    def __init__(self, interpolate=False, **kwargs):
        super().__init__(**kwargs)
        self.interpolate = bool(interpolate)
        self.mean = None

    def estimate(self, ds: xr.Dataset, variable: str | None = None) -> "FieldClimatology":
        """Takes the means of a dataset as `predict` reads it: of its `truth`, where it has one, else of what is observed."""
        self.learned, series, _ = self.series(ds, variable)
        self.mean = pixel_means(series)
        return self

    def analyse(self, field: Field) -> tuple[np.ndarray, np.ndarray]:
        if self.mean is not None:
            field.check_like(self.learned)
        mean = pixel_means(field.values) if self.mean is None else self.mean
        anomalies = xr.DataArray(field.values - mean, dims=("time", "y", "x"))
        if self.interpolate:
            ends = anomalies.isel(time=[0, -1]).fillna(0.0)
            anomalies = xr.concat([ends[:1], anomalies, ends[1:]], "time").assign_coords(time=np.arange(len(anomalies) + 2))
            anomalies = anomalies.interpolate_na("time")[1:-1]
        else:
            anomalies = anomalies * 0
        return mean + anomalies.fillna(0.0).values, np.full(field.values.shape, np.nan)

    def get_config(self):
        return {**super().get_config(), "interpolate": self.interpolate}


def pixel_means(series: np.ndarray) -> np.ndarray:
    """Mean of each pixel of a series (time, ...), NaN where missing; that of all pixels where one is never seen."""
    seen = np.isfinite(series)
    total = np.where(seen, series, 0.0).sum(axis=0)
    return np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), series[seen].mean())
