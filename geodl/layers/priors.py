"""Priors φ of a variational cost: what a state should look like, learned or from known dynamics."""

import keras
from keras import ops

from geodl.layers.window_tokens import FieldTokens


@keras.saving.register_keras_serializable(package="geodl")
class DynamicsPrior(keras.layers.Layer):
    r"""The forecast from `lag` steps before, \(\varphi(\mathbf x)_{t + \mathrm{lag}} = M(\mathbf x_t)\); the first states stay.

    Args:
        integrator: \(M\), a layer that maps states (batch, component) to those `lag` steps later, such as an `ODEIntegrator`.
        lag: steps of the window.
        mean: of the components that the window was normalised with; the integrator takes physical values.
        scale: likewise.

    Call arguments:
        state: normalised window (batch, time, component), longer than `lag`.

    Returns:
        Of the same shape.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> from geodl.layers import ODEIntegrator
        >>> prior = DynamicsPrior(ODEIntegrator(Lorenz63(), dt=0.01, steps=8), lag=8)
        >>> print(tuple(prior(np.ones((2, 20, 3), "float32")).shape))
        (2, 20, 3)
    """

    def __init__(self, integrator, lag=1, mean=0.0, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.integrator, self.lag, self.mean, self.scale = integrator, int(lag), mean, scale

    def build(self, input_shape):
        if not self.integrator.built:
            self.integrator.build((None, input_shape[-1]))

    def call(self, state):
        mean, scale = (ops.cast(value, state.dtype) for value in (self.mean, self.scale))
        before = state[:, : -self.lag] * scale + mean
        forecast = self.integrator(ops.reshape(before, (-1, state.shape[-1])))
        forecast = (ops.cast(ops.reshape(forecast, ops.shape(before)), state.dtype) - mean) / scale
        return ops.concatenate([state[:, : self.lag], forecast], axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        integrator = keras.saving.serialize_keras_object(self.integrator)
        return {**super().get_config(), "integrator": integrator, "lag": self.lag, "mean": self.mean, "scale": self.scale}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "integrator": keras.saving.deserialize_keras_object(config["integrator"])})


@keras.saving.register_keras_serializable(package="geodl")
class BilinearAutoencoder(keras.layers.Layer):
    r"""Two scales of \(W_3\, [W_1 * \mathbf x,\; (W_2 * \mathbf x) \odot (W_2' * \mathbf x)]\), added.

    \(W_1, W_2, W_2'\) are convolutions in time. The coarse scale works on means over `factor` times, each repeated. Products
    let it represent quadratic dynamics.

    Args:
        channels: of the convolutions.
        kernel_size: width of the convolutions in time.
        factor: times in a mean.

    Call arguments:
        state: (batch, time, component).

    Returns:
        Of the same shape.

    References:
        Fablet et al. (2021), Learning variational data assimilation models and solvers, JAMES 13.

    Example:
        >>> prior = BilinearAutoencoder(channels=8)
        >>> print(tuple(prior(np.ones((2, 21, 3), "float32")).shape))
        (2, 21, 3)
    """

    def __init__(self, channels, kernel_size=5, factor=4, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.kernel_size, self.factor = int(channels), int(kernel_size), int(factor)

        def convolution():
            return keras.layers.Conv1D(self.channels, self.kernel_size, padding="same", dtype=self.dtype_policy)

        self.linear, self.left, self.right = ([convolution() for _ in range(2)] for _ in range(3))

    def build(self, input_shape):
        for layer in (*self.linear, *self.left, *self.right):
            layer.build(input_shape)
        self.combine = [keras.layers.Dense(input_shape[-1], dtype=self.dtype_policy) for _ in range(2)]
        for layer in self.combine:
            layer.build((*input_shape[:-1], 2 * self.channels))

    def call(self, state):
        length = ops.shape(state)[1]
        padded = ops.pad(state, ((0, 0), (0, -length % self.factor), (0, 0)), mode="symmetric")
        coarse = ops.average_pool(padded, self.factor, self.factor)
        coarse = ops.repeat(self._scale(0, coarse), self.factor, axis=1)[:, :length]
        return coarse + self._scale(1, state)

    def _scale(self, i, x):
        products = self.left[i](x) * self.right[i](x)
        return self.combine[i](ops.concatenate([self.linear[i](x), products], axis=-1))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"channels": self.channels, "kernel_size": self.kernel_size, "factor": self.factor}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="geodl")
class FieldAutoencoder(keras.layers.Layer):
    r"""Two scales of \(W_3\, [W_1 * \mathbf x,\; (W_2 * \mathbf x) \odot (W_2' * \mathbf x)]\), added, on fields.

    The convolutions are over tokens of 2×2 pixels with all their times. The coarse scale works on means over `factor` tokens.

    Args:
        channels: of the convolutions.
        factor: tokens on each side of a mean.

    Call arguments:
        state: (batch, time, y, x).

    Returns:
        Of the same shape.

    References:
        Fablet et al. (2021), Learning variational data assimilation models and solvers, JAMES 13.

    Example:
        >>> prior = FieldAutoencoder(channels=8)
        >>> print(tuple(prior(np.ones((2, 5, 20, 31), "float32")).shape))
        (2, 5, 20, 31)
    """

    def __init__(self, channels, factor=4, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.factor = int(channels), int(factor)
        self.tokens = FieldTokens(2, dtype=self.dtype_policy)

        def convolution():
            return keras.layers.Conv2D(self.channels, 3, padding="same", dtype=self.dtype_policy)

        self.linear, self.left, self.right = ([convolution() for _ in range(2)] for _ in range(3))

    def build(self, input_shape):
        shape = self.tokens.compute_output_shape(input_shape)
        for layer in (*self.linear, *self.left, *self.right):
            layer.build(shape)
        self.combine = [keras.layers.Dense(shape[-1], dtype=self.dtype_policy) for _ in range(2)]
        for layer in self.combine:
            layer.build((*shape[:-1], 2 * self.channels))

    def call(self, state):
        tokens = self.tokens(state)
        _, rows, columns, _ = ops.shape(tokens)
        padded = ops.pad(tokens, ((0, 0), (0, -rows % self.factor), (0, -columns % self.factor), (0, 0)))
        coarse = self._scale(0, ops.average_pool(padded, self.factor, self.factor))
        coarse = ops.repeat(ops.repeat(coarse, self.factor, axis=1), self.factor, axis=2)[:, :rows, :columns]
        return self.tokens.inverse(coarse + self._scale(1, tokens), ops.shape(state))

    def _scale(self, i, x):
        products = self.left[i](x) * self.right[i](x)
        return self.combine[i](ops.concatenate([self.linear[i](x), products], axis=-1))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "factor": self.factor}
