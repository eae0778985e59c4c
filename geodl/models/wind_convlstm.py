"""Wind fields forecast by an encoder and a forecaster, both convolutional LSTMs."""

import keras
import numpy as np
from keras import layers, ops

from geodl.layers.resample import double, halve
from geodl.models.wind_field_forecaster import FUTURE, PAST, WindFieldForecaster, static_of, wind_of

# Relief at which its input is one half: it saturates, so that no mountain is beyond what training has seen.
HALF_RELIEF = 300.0  # m


@keras.saving.register_keras_serializable(package="geodl")
class WindConvLSTM(WindFieldForecaster):
    r"""Increments to persistence from a convolutional LSTM that reads six hours and another one that goes on from its state.

    $$ \mathbf u(t + \tau) = \mathbf u(t) + s\, D(h_\tau) - f_\tau (\mathbf u(t) - \overline{\mathbf u}(t)), \quad
       h_\tau, c_\tau = \mathrm{LSTM}_f(e_0, h_{\tau - 1}, c_{\tau - 1}), \quad
       h_0, c_0 = \mathrm{LSTM}_e(e_{-5}, \dots, e_0) $$

    \(e_k\) is a convolution of the wind over its scale \(U\), of its difference from the last wind over the scale \(s\), of
    relief and of the land mask, on means over 4×4 pixels. What these means \(\overline{\mathbf u}\) do not show is forgotten by
    the share \(f_\tau\). The head \(D\) and \(f\) start at zero: a new model is persistence. \(U\) and \(s\) are weights, which
    `adapt` sets.

    Args:
        filters: channels of the states.
        dropout: share of the channels of \(e\) that training hides.

    Call arguments:
        samples: (batch, 16, y, x), as `WindFieldForecaster` describes them.

    Returns:
        Wind (batch, 6, y, x, 2), m s⁻¹.

    References:
        Shi et al. (2015), Convolutional LSTM network: a machine learning approach for precipitation nowcasting, NeurIPS.

    Example:
        >>> samples = np.full((1, 16, 8, 10), 3.0, "float32")
        >>> print(np.array(WindConvLSTM(filters=4)(samples))[0, :, 4, 4, 0])
        [3. 3. 3. 3. 3. 3.]
    """

    def __init__(self, filters=16, dropout=0.2, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.dropout = int(filters), float(dropout)
        convolution = {"kernel_size": 3, "padding": "same", "dtype": self.dtype_policy}
        self.entry = layers.Conv2D(self.filters, activation="silu", **convolution)
        self.hide = layers.SpatialDropout3D(self.dropout, dtype=self.dtype_policy)
        # The layer ConvLSTM2D of Keras wants the size of the grid beforehand.
        self.encoder, self.forecaster = (layers.Conv2D(4 * self.filters, **convolution) for _ in range(2))
        self.head = layers.Conv2D(2, kernel_initializer="zeros", **convolution)

    def build(self, input_shape):
        self.wind_scale, self.change_scale = (
            self.add_weight(name=name, shape=(), initializer="ones", trainable=False) for name in ("wind_scale", "change_scale")
        )
        self.forgotten = self.add_weight(name="forgotten", shape=(FUTURE, 1, 1, 1), initializer="zeros")
        sizes = {self.entry: 6, self.encoder: 2 * self.filters, self.forecaster: 2 * self.filters, self.head: self.filters}
        for layer, channels in sizes.items():
            layer.build((input_shape[0], None, None, channels))

    def adapt(self, wind: np.ndarray) -> None:
        r"""Sets the scales from winds (…, time, y, x, 2), m s⁻¹, an hour apart.

        \(U\) is the root mean square of the components, \(s\) that of their changes over six hours.
        """
        change = wind[..., PAST:, :, :, :] - wind[..., :-PAST, :, :, :]
        for scale, values in ((self.wind_scale, wind), (self.change_scale, change)):
            scale.assign(np.sqrt(np.nanmean(np.square(values))))

    def call(self, samples, training=None):
        samples = ops.cast(samples, self.variable_dtype)
        _, _, height, width = ops.shape(samples)
        samples = ops.pad(samples, [[0, 0], [0, 0], [0, -height % 4], [0, -width % 4]], mode="symmetric")
        wind = wind_of(samples)
        codes = _over_times(lambda image: self.entry(_coarse(image)), self._features(wind, static_of(samples)))
        codes = self.hide(codes, training=training)
        hidden = memory = ops.zeros_like(codes[:, 0])
        for hour in range(PAST):
            hidden, memory = _cell(self.encoder, codes[:, hour], hidden, memory)
        states = []
        for _ in range(FUTURE):
            hidden, memory = _cell(self.forecaster, codes[:, -1], hidden, memory)
            states.append(hidden)
        change = _over_times(lambda image: _fine(self.head(image)), ops.stack(states, axis=1))
        change = self.change_scale * ops.cast(change, self.variable_dtype)
        last = wind[:, -1]
        change = change - self.forgotten * (last - _fine(_coarse(last)))[:, None]
        return (last[:, None] + change)[:, :, :height, :width]

    def _features(self, wind, static):
        """What is known of each hour (batch, 6, y, x, 6)."""
        relief, land = ops.maximum(static[..., :1], 0.0), static[..., 1:]
        static = ops.concatenate([relief / (relief + HALF_RELIEF), land], axis=-1)[:, None]
        static = ops.repeat(static, PAST, axis=1)
        change = (wind - wind[:, -1:]) / self.change_scale
        features = ops.concatenate([wind / self.wind_scale, change, static], axis=-1)
        return ops.cast(features, self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "dropout": self.dropout}


def _coarse(image):
    return halve(halve(image))


def _fine(image):
    return double(double(image))


def _cell(gates, seen, hidden, memory):
    """One step of a convolutional LSTM: its next state."""
    entry, keep, exit_, candidate = ops.split(gates(ops.concatenate([seen, hidden], axis=-1)), 4, axis=-1)
    memory = ops.sigmoid(keep + 1) * memory + ops.sigmoid(entry) * ops.tanh(candidate)
    return ops.sigmoid(exit_) * ops.tanh(memory), memory


def _over_times(function, fields):
    """`function` of the image of each time of fields (batch, time, y, x, channel)."""
    batch, times, height, width, channels = ops.shape(fields)
    images = function(ops.reshape(fields, (batch * times, height, width, channels)))
    return ops.reshape(images, (batch, times, *ops.shape(images)[1:]))
