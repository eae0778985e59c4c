"""Stations as they might have been: more or less exposed to the wind, and turned."""

import numpy as np
from keras import ops

from geodl.models.station_features import LAGS, LEADS, MEANS

# Of each of the `station_features` and of a `RecentRegression`: root speed, speed, u, v, or what does not depend on the site.
LAYOUT = np.array(list("quv" * (LAGS + len(MEANS)) + "suv" * LEADS + "qq" + "." * 42 + "quv" * LEADS))
POWER = np.select([LAYOUT == "q", LAYOUT == "."], [0.5, 0.0], 1.0).astype("float32")
ACROSS = np.select([LAYOUT == "u", LAYOUT == "v"], [-1.0, 1.0], 0.0).astype("float32")
PARTNER = np.arange(len(LAYOUT)) - ACROSS.astype(int)


def exposed(features, wind, factor, angle):
    r"""Features and winds of stations whose winds are \(a\) times as strong and turned by \(\theta\), all else being the same.

    $$ (u, v) \to a\, (u \cos\theta - v \sin\theta,\; u \sin\theta + v \cos\theta) $$

    Args:
        features: (..., 170), the hourly ones of `WindAttention`.
        wind: (..., lead, 3), u, v and speed.
        factor: (..., 1), \(a\).
        angle: (..., 1), \(\theta\), anticlockwise.

    Example:
        >>> east = np.array([[[2.0, 0.0, 2.0]]], "float32")
        >>> factor, angle = np.array([[1.5]], "float32"), np.array([[np.pi / 2]], "float32")
        >>> _, wind = exposed(np.zeros((1, 170), "float32"), east, factor, angle)
        >>> print(np.array(wind).round(3))
        [[[-0.  3.  3.]]]
    """
    turned = features + np.abs(ACROSS) * (ops.cos(angle) - 1) * features
    turned = turned + ACROSS * ops.sin(angle) * ops.take(features, PARTNER, axis=-1)
    u, v, speed = ops.unstack(factor[..., None] * wind, axis=-1)
    cos, sin = ops.cos(angle), ops.sin(angle)
    return factor**POWER * turned, ops.stack([cos * u - sin * v, sin * u + cos * v, speed], axis=-1)
