"""Wind carried along by itself."""

import keras
import tensorflow as tf
from keras import ops

from geodl.layers import GaussianBlur, Warp
from geodl.models.wind_field_forecaster import FUTURE, WindFieldForecaster, spacing_of, wind_of

HOUR = 3600.0  # s
ITERATIONS = 2


@keras.saving.register_keras_serializable(package="geodl")
class WindAdvection(WindFieldForecaster):
    r"""Semi-Lagrangian self-advection of the last wind, hour by hour.

    \(\partial_t \mathbf u + \mathbf U \cdot \nabla \mathbf u = 0\), \(\mathbf U = G_\sigma * \mathbf u\), over one step:

    $$ \mathbf u(\mathbf x, t + \Delta t) = \mathbf u(\mathbf x - \boldsymbol\alpha, t), \qquad
       \boldsymbol\alpha = \Delta t\, \mathbf U(\mathbf x - \boldsymbol\alpha, t). $$

    What moves with its own wind goes straight on: the wind at the departure point is that of the whole path, so that a step
    is exact where \(\mathbf U = \mathbf u\). The departure point is found by fixed-point iteration, which converges where
    \(\Delta t\, |\nabla \mathbf U| < 1\). What comes in across the edge of the grid is as at the edge.

    Args:
        sigma: standard deviation of the Gaussian, in pixels.

    Call arguments:
        samples: (batch, 16, y, x), as `WindFieldForecaster` describes them.

    Returns:
        Wind (batch, 6, y, x, 2), m s⁻¹.

    Raises:
        ValueError: if `sigma` is not positive.

    References:
        Staniforth and Côté (1991), Semi-Lagrangian integration schemes for atmospheric models: a review, Monthly Weather
        Review 119.

    Example:
        >>> samples = np.full((1, 16, 8, 8), 5.0, "float32")
        >>> samples[:, 14:] = 10e3  # m between pixels
        >>> print(np.array(WindAdvection()(samples))[0, :, 4, 4, 0].round(3))
        [5. 5. 5. 5. 5. 5.]
    """

    def __init__(self, sigma=4.0, **kwargs):
        super().__init__(**kwargs)
        self.sigma = float(sigma)
        self.blur = GaussianBlur(self.sigma, dtype="float32")
        self.warp = Warp(dtype="float32")

    def call(self, samples):
        samples = ops.cast(samples, "float32")
        spacing = spacing_of(samples)
        hours = tf.scan(lambda wind, _: self._next_hour(wind, spacing), tf.range(FUTURE), wind_of(samples)[:, -1])
        return ops.moveaxis(hours, 0, 1)

    def _next_hour(self, wind, spacing):
        # Pixels an hour, along y then x.
        carrier = ops.flip(self.blur(wind), axis=-1) * HOUR / spacing
        path = carrier
        for _ in range(ITERATIONS):
            path = self.warp(carrier, -path)
        return self.warp(wind, -path)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma}
