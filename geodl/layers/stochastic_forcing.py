"""Random forcing of Burgers' equation."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.dynamics.burgers import with_velocity
from geodl.layers.random_numbers import standard_normal


@keras.saving.register_keras_serializable(package="geodl")
class StochasticForcing(keras.layers.Layer):
    r"""Stirs the large scales of `Burgers`, white in time: the `closure` of a `SpectralIntegrator` of the same time step.

    $$ f = \sqrt{\frac{2 \varepsilon}{K \Delta t}} \sum_{k=1}^{K}
       \left( \xi_k \cos \frac{2 \pi k x}{L} + \zeta_k \sin \frac{2 \pi k x}{L} \right) $$

    \(\xi_k\) and \(\zeta_k\) are normal, new at each step and for each sample, so that the energy \(\overline{u^2} / 2\) comes
    in at the mean rate \(\varepsilon\), whatever the flow. They depend on nothing but the seed and the number of the step:
    a run is the same each time, and goes on where `time` says that it is.

    Args:
        energy_injection: \(\varepsilon\).
        dt: \(\Delta t\).
        largest: \(K\), the shortest wave that is forced fits so many times into the domain.
        seed: of the noise.

    Call arguments:
        state: as for `Burgers`, (batch, x) or (batch, 3, x).
        time: a multiple of `dt`.

    Returns:
        Tendency, of the shape of the state.

    Raises:
        ValueError: a rate that is negative, a time step that is not positive, or a grid that is too coarse for the waves.

    References:
        Chekhlov and Yakhot (1995), Kolmogorov turbulence in a random-force-driven Burgers equation, Physical Review E 51.

    Example:
        >>> from geodl.dynamics import Burgers
        >>> from geodl.layers import SpectralIntegrator
        >>> forcing = StochasticForcing(energy_injection=0.1, dt=0.01)
        >>> integrator = SpectralIntegrator(Burgers(viscosity=0.01), dt=0.01, steps=50, closure=forcing)
        >>> print(tuple(integrator(np.zeros((2, 64), "float32")).shape))
        (2, 64)
    """

    def __init__(self, energy_injection, dt, largest=4, seed=0, **kwargs):
        super().__init__(**kwargs)
        if not energy_injection >= 0:
            raise ValueError(f"`energy_injection` must not be negative, found {energy_injection}.")
        if not (math.isfinite(dt) and dt > 0):
            raise ValueError(f"`dt` must be finite and positive, found {dt}.")
        if largest < 1 or largest != int(largest):
            raise ValueError(f"`largest` must be a positive integer, found {largest}.")
        self.energy_injection, self.dt = float(energy_injection), float(dt)
        self.largest, self.seed = int(largest), int(seed)

    def build(self, input_shape):
        points = input_shape[-1]
        if points is None or points <= 2 * self.largest:
            raise ValueError(f"Waves up to {self.largest} need more than {2 * self.largest} points, found {points}.")
        self.points = points

    def call(self, state, time=0.0):
        phases = 2 * np.pi * np.arange(1, self.largest + 1)[:, None] * np.arange(self.points) / self.points
        waves = np.concatenate([np.cos(phases), np.sin(phases)])
        scale = math.sqrt(2 * self.energy_injection / (self.largest * self.dt))
        step = ops.cast(ops.round(time / self.dt), "int32")
        numbers = standard_normal((tf.shape(state)[0], 2 * self.largest), (self.seed, step), state.dtype)
        return with_velocity(state, numbers @ ops.cast(scale * waves, state.dtype), rest=0)

    def compute_output_shape(self, state_shape, time_shape=None):
        return state_shape

    def get_config(self):
        own = {name: getattr(self, name) for name in ("energy_injection", "dt", "largest", "seed")}
        return {**super().get_config(), **own}
