"""From noise to the steps of a foraging trip."""

import math

import keras
import numpy as np
from keras import ops

HARMONICS = 6  # of the phase of a trip
PHASES = 6  # features of it
STRIDES = (4, 2, 1)  # of the resolutions that noise comes in at


def trip_phase(duration, steps: int):
    """Features (batch, step, 6) of where in its trip each of `steps` steps lies: 1, phase, its cosine and sine, the time left,
    and the duration; all are 0 after the end of the trip.

    Args:
        duration: number of steps (batch,) of each trip.
        steps: of the longest trip.
    """
    number = ops.arange(steps, dtype="float32")[None] + 0.5
    duration = ops.cast(duration, "float32")[:, None]
    phase = ops.minimum(number / duration, 1.0)
    left = 2 / (1 + ops.maximum(duration - number, 0.0))
    turned = [ops.cos(math.pi * phase), ops.sin(math.pi * phase)]
    features = ops.stack([ops.ones_like(phase), phase, *turned, left, duration / steps + 0 * number], axis=-1)
    return ops.where((number < duration)[..., None], features, 0)


@keras.saving.register_keras_serializable(package="geodl")
class TripDecoder(keras.layers.Layer):
    r"""Noise and the duration of a trip → its steps.

    The noise of a trip gives the amplitudes of harmonics of its phase \(\tau = k / n\); residual convolutions go on from them
    at a quarter, half and the whole of the resolution, at each of which noise of the steps comes in.

    Args:
        steps: of the longest trip, a multiple of 4.
        width: channels at a quarter of the resolution; half of them at the whole of it.

    Call arguments:
        duration: number of steps (batch,) of each trip.
        trip_noise: (batch, n).
        step_noise: (batch, steps, 3), a channel a resolution.

    Returns:
        Steps (batch, steps, 2), of the order of one; those after the end of a trip mean nothing.

    Raises:
        ValueError: `steps` is not a multiple of 4.

    Example:
        >>> random = np.random.default_rng(0)
        >>> trip_noise, step_noise = random.standard_normal((2, 10)), random.standard_normal((2, 40, 3))
        >>> print(tuple(TripDecoder(steps=40, width=8)(np.array([30.0, 40.0]), trip_noise, step_noise).shape))
        (2, 40, 2)
    """

    def __init__(self, steps, width=48, **kwargs):
        super().__init__(**kwargs)
        self.steps, self.width = int(steps), int(width)
        if self.steps % STRIDES[0]:
            raise ValueError(f"Expected a multiple of {STRIDES[0]} steps; found {steps}.")
        conv = lambda *size, **kw: keras.layers.Conv1D(*size, padding="same", dtype=self.dtype_policy, **kw)  # noqa: E731
        dense = lambda width, **kw: keras.layers.Dense(width, dtype=self.dtype_policy, **kw)  # noqa: E731
        self.hidden = dense(64, activation="leaky_relu")
        self.amplitudes = dense((2 * HARMONICS + 1) * self.width)
        widths = (self.width, 3 * self.width // 4, self.width // 2)
        self.entries = [conv(width, 3) for width in widths]
        self.residuals = [
            [conv(width, 5, dilation_rate=rate, activation="leaky_relu") for rate in rates]
            for width, rates in zip(widths, ((1, 2, 4), (1, 2), (1, 2)), strict=True)
        ]
        self.exit = conv(2, 3)

    def build(self, duration_shape, trip_noise_shape, step_noise_shape):
        self.hidden.build((None, trip_noise_shape[-1] + 2))
        self.amplitudes.build((None, 64))
        before = self.width
        for entry, residuals in zip(self.entries, self.residuals, strict=True):
            entry.build((None, None, before + 1 + PHASES))
            before = entry.filters
            for residual in residuals:
                residual.build((None, None, before))
        self.exit.build((None, None, before))

    def call(self, duration, trip_noise, step_noise):
        duration = ops.cast(duration, "float32")
        x = None
        for level, (stride, entry, residuals) in enumerate(zip(STRIDES, self.entries, self.residuals, strict=True)):
            phase = ops.cast(trip_phase(duration / stride, self.steps // stride), self.compute_dtype)
            x = self._harmonics(phase, duration, trip_noise) if x is None else ops.repeat(x, 2, axis=1)
            noise = ops.reshape(ops.cast(step_noise[..., level], self.compute_dtype), (-1, self.steps // stride, stride))
            noise = ops.sum(noise, axis=-1, keepdims=True) / math.sqrt(stride)
            x = entry(ops.concatenate([x, noise, phase], axis=-1))
            for residual in residuals:
                x = x + residual(x)
        return self.exit(x)

    def _harmonics(self, phase, duration, noise):
        relative = duration[:, None] / self.steps
        known = [ops.cast(part, self.compute_dtype) for part in (noise, relative, ops.log(relative))]
        amplitudes = self.amplitudes(self.hidden(ops.concatenate(known, axis=-1)))
        amplitudes = ops.reshape(amplitudes, (-1, 2 * HARMONICS + 1, self.width))
        inside, phase = phase[..., :1], phase[..., 1:2]
        angle = phase * np.arange(1, HARMONICS + 1, dtype="float32") * math.pi
        waves = ops.concatenate([ops.ones_like(phase), ops.cos(angle), ops.sin(angle)], axis=-1)
        return ops.matmul(ops.cast(waves * inside, self.compute_dtype), amplitudes)

    def compute_output_shape(self, duration_shape, trip_noise_shape, step_noise_shape):
        return (duration_shape[0], self.steps, 2)

    def get_config(self):
        return {**super().get_config(), "steps": self.steps, "width": self.width}
