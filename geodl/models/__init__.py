"""Architectures: each is a `GeoModel`, a Keras model that also takes and gives xarray datasets."""

from geodl.models.base import GeoModel
from geodl.models.cloud_cnn import CloudCNN
from geodl.models.cloud_nowcaster import CloudNowcaster
from geodl.models.cloud_unet import CloudUNet

__all__ = ["CloudCNN", "CloudNowcaster", "CloudUNet", "GeoModel"]
