"""Assimilation by a plain network, without a cost: the yardstick of 4DVarNet, and its initial guess."""

import keras
import numpy as np
from keras import ops

from geodl.layers.window_network import WindowNetwork
from geodl.models.state_assimilator import StateAssimilator


@keras.saving.register_keras_serializable(package="geodl")
class DirectNetwork(StateAssimilator):
    r"""Maps observations and their mask to the mean of the states, and to their standard deviation, in one pass.

    Trained on the squared error, the mean tends to \(\mathbb E[\mathbf x \mid \mathbf y]\). Where the equation has a symmetry
    that flips signs, the mean of the network and of its mirror image is equivariant under it; training does without, on windows
    that are mirrored at random.

    Args:
        components: size of the state.
        dt: time between two states.
        patch: consecutive times in a token.
        channels: of the network of the mean; a quarter of them in that of the standard deviation.
        dilations: of each block of the network, along the tokens.
        reach: neighbours on each side that a convolution sees, for components on a ring; by default there is no ring.
        mirror: sign (component,) of each component under the symmetry of the equation; by default there is none.

    Call arguments:
        observations: (batch, time, component), NaN where missing.

    Returns:
        (batch, time, component, 2): mean and standard deviation.

    Example:
        >>> model = DirectNetwork(components=3, dt=0.01, patch=8, channels=16, dilations=(1, 2))
        >>> print(tuple(model(np.full((2, 40, 3), np.nan, "float32")).shape))
        (2, 40, 3, 2)
    """

    def __init__(self, components, dt, patch, channels, dilations, reach=None, mirror=None, **kwargs):
        super().__init__(components, dt, **kwargs)
        self.patch, self.channels, self.dilations, self.reach = int(patch), int(channels), tuple(dilations), reach
        self.mirror = None if mirror is None else tuple(float(sign) for sign in mirror)
        dtype = self.dtype_policy
        self.network = WindowNetwork(self.patch, self.channels, self.dilations, reach, dtype=dtype)
        self.deviation = WindowNetwork(self.patch, max(self.channels // 4, 4), self.dilations, reach, dtype=dtype)

    def build(self, input_shape):
        self.network.build([input_shape] * 2)
        self.deviation.build([input_shape] * 3)
        # A ring has one mean and one scale, or it would not be equivariant.
        shape = (self.components,) if self.reach is None else (1,)
        self.mean = self.add_weight(shape, "zeros", name="mean", trainable=False)
        self.scale = self.add_weight(shape, "ones", name="scale", trainable=False)

    def call(self, observations, training=None):
        return self.distribution(self.estimate, observations, training)

    def distribution(self, estimate, observations, training):
        """Mean and standard deviation (batch, time, component, 2) of an estimate; outside of training, made equivariant."""
        observations = ops.cast(observations, self.variable_dtype)
        mean = estimate(observations)
        if self.mirror is not None and not training:
            sign = ops.convert_to_tensor(self.mirror, self.variable_dtype)
            mean = (mean + sign * estimate(sign * observations)) / 2
        return ops.stack([mean, self.standard_deviation(mean, observations)], axis=-1)

    def estimate(self, observations):
        """States (batch, time, component), in one pass of the network."""
        seen, values = self._normalised(observations)
        return self.mean + self.scale * ops.cast(self.network([values, seen]), self.variable_dtype)

    def standard_deviation(self, state, observations):
        """Standard deviation (batch, time, component) of the error of an estimate."""
        seen, values = self._normalised(observations)
        estimate = ops.cast((ops.stop_gradient(state) - self.mean) / self.scale, self.compute_dtype)
        return self.scale * ops.cast(ops.softplus(self.deviation([values, seen, estimate]) - 2.0), self.variable_dtype)

    def _normalised(self, observations):
        """Which components are seen, and their anomalies, 0 where missing."""
        seen = ops.isfinite(observations)
        anomalies = (ops.where(seen, observations, self.mean) - self.mean) / self.scale
        return ops.cast(seen, self.compute_dtype), ops.cast(anomalies, self.compute_dtype)

    def adapt(self, states: np.ndarray) -> None:
        """Sets the normalisation from states (sample, time, component)."""
        axis = (0, 1) if self.reach is None else None
        self.mean.assign(np.reshape(states.mean(axis=axis), self.mean.shape))
        self.scale.assign(np.reshape(states.std(axis=axis), self.scale.shape))

    def get_config(self):
        return {
            **super().get_config(),
            "patch": self.patch,
            "channels": self.channels,
            "dilations": self.dilations,
            "reach": self.reach,
            "mirror": self.mirror,
        }
