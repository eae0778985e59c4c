"""The criterion of wind forecasts: CRPS of the speed, errors of the means, and the likelihood of the direction."""

import keras
import tensorflow as tf
from keras import ops

from geodl.layers.wind_mixture import WindMixture

SPEED_ERROR, WIND_ERROR, DIRECTION = 0.25, 0.1, 0.05  # weights beside that of the CRPS, 1
CALM = 0.05  # m/s, below which there is no direction


@keras.saving.register_keras_serializable(package="geodl")
class WindLoss(keras.losses.Loss):
    r"""For each member of an ensemble of `WindMixture`s:

    $$ \mathrm{CRPS}(F; s) + \tfrac14 (\overline{s}_F - s)^2 + \tfrac1{10} |\overline{\mathbf u}_F - \mathbf u|^2
       - \tfrac1{20} \log p_F(\theta) $$

    What is missing costs nothing.

    Call arguments:
        truth: (batch, station, lead, 4): u, v, speed (m/s, NaN where missing), and a weight, 0 for a series that is counted
            elsewhere.
        parameters: (batch, member, station, lead, component, 5), of `WindMixture`.

    Example:
        >>> truth = np.ones((1, 2, 6, 4), "float32")
        >>> print(float(WindLoss()(truth, np.zeros((1, 3, 2, 6, 2, 5), "float32"))) > 0)
        True
    """

    def __init__(self, name="wind_loss", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, truth, parameters):
        forecast = WindMixture(parameters)
        shape = ops.shape(forecast.mean_speed)
        u, v, speed, weight = (ops.broadcast_to(part[:, None], shape) for part in ops.unstack(truth, axis=-1))
        observed, directed = ops.isfinite(speed), ops.isfinite(u)
        u, v, speed = (ops.where(ops.isfinite(part), part, 0) for part in (u, v, speed))
        of_speed = forecast.crps(speed) + SPEED_ERROR * ops.square(forecast.mean_speed - speed)
        mean = forecast.mean_wind
        of_wind = WIND_ERROR * (ops.square(mean[..., 0] - u) + ops.square(mean[..., 1] - v))
        # The density of a direction that does not exist is not taken, so that its gradient is finite.
        moving = directed & (speed > CALM)
        of_direction = -DIRECTION * forecast.direction_log_prob(ops.where(moving, u, 1), ops.where(moving, v, 0))
        zero = tf.zeros_like(of_speed)
        loss = ops.where(observed, of_speed, zero) + ops.where(directed, of_wind, zero) + ops.where(moving, of_direction, zero)
        return weight * loss
