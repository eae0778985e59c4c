"""Differentiable building blocks of the models."""

from geodl.layers.gaussian_blur import GaussianBlur
from geodl.layers.lucas_kanade import LucasKanade
from geodl.layers.unet import ResidualBlock, UNetDecoder, UNetEncoder
from geodl.layers.warp import Warp

__all__ = ["GaussianBlur", "LucasKanade", "ResidualBlock", "UNetDecoder", "UNetEncoder", "Warp"]
