"""Equations with closed-form solutions, states and finite differences that tests of integrators share."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.dynamics import Dynamics
from geodl.layers import AdaptiveODEIntegrator, ODEIntegrator


@keras.saving.register_keras_serializable(package="ode_problems")
class DecayAndGrowth(Dynamics):
    components = 2

    def call(self, state):
        return state * ops.cast([-1.0, 1.0], state.dtype)


@keras.saving.register_keras_serializable(package="ode_problems")
class Oscillator(Dynamics):
    components = 2

    def call(self, state):
        x, y = ops.unstack(state, 2, axis=-1)
        return ops.stack([y, -x], axis=-1)


@keras.saving.register_keras_serializable(package="ode_problems")
class Logistic(Dynamics):
    def call(self, state):
        return state * (1 - state)


@keras.saving.register_keras_serializable(package="ode_problems")
class Swing(Dynamics):
    def call(self, state, time):
        return state * ops.cos(time)


class Problem(NamedTuple):
    """An equation whose solution from `start` at time 0 has a closed form; `ends` for schemes up to order 4, and beyond.

    The error constants of the schemes of order 5 are so small that their slope appears over longer times only, and there
    only where the next term of the error does not happen to cancel the first.
    """

    dynamics: type
    start: tuple
    solution: callable
    ends: tuple[float, float]


PROBLEMS = {
    "decay_and_growth": Problem(DecayAndGrowth, (1.0, 1.0), lambda t: np.stack([np.exp(-t), np.exp(t)], -1), (1.0, 2.5)),
    "linear_oscillator": Problem(Oscillator, (1.0, 0.0), lambda t: np.stack([np.cos(t), -np.sin(t)], -1), (1.0, 4.0)),
    "logistic_growth": Problem(Logistic, (0.1,), lambda t: 1 / (1 + 9 * np.exp(-np.stack([t], -1))), (1.0, 6.0)),
    "swing_in_time": Problem(Swing, (1.0,), lambda t: np.exp(np.sin(np.stack([t], -1))), (1.0, 3.0)),
}


def double(dynamics, *args, **kwargs):
    """An integrator all in double precision."""
    return ODEIntegrator(dynamics(dtype="float64"), *args, dtype="float64", **kwargs)


def states63(batch=4, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, 3)) * 5 + [0, 0, 20]


def states96(batch=2, size=10, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, size)) * 3 + 2


def differences(function, point, step):
    """Gradient of a scalar function by central differences."""
    gradient = np.empty(point.shape)
    for i in np.ndindex(point.shape):
        ends = []
        for sign in (1, -1):
            moved = point.copy()
            moved[i] += sign * step
            ends.append(float(function(tf.constant(moved))))
        gradient[i] = (ends[0] - ends[1]) / (2 * step)
    return gradient


def adaptive_double(dynamics, *args, rtol=1e-8, atol=1e-10, **kwargs):
    """An integrator all in double precision."""
    return AdaptiveODEIntegrator(dynamics(dtype="float64"), *args, rtol=rtol, atol=atol, dtype="float64", **kwargs)


def rotation(state, times, frequency=1.0):
    """The oscillator's exact states (batch, time, 2)."""
    cos, sin = np.cos(frequency * times), np.sin(frequency * times)
    x, y = state[:, :1], state[:, 1:2]
    return np.stack([x * cos + y * sin, y * cos - x * sin], -1)
