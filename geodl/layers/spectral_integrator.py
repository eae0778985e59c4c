"""Time integration of Fourier modes that treats viscosity exactly."""

import math

import keras
import tensorflow as tf
from keras import ops

from geodl.dynamics.spectral_dynamics import SpectralDynamics, fourier_precision
from geodl.layers.right_hand_side import build_dynamics, check_steps, recomputed, tendency_of, variables_as_tensors


@keras.saving.register_keras_serializable(package="geodl")
class SpectralIntegrator(keras.layers.Layer):
    r"""Integrates \(\dot{\hat x} = \lambda \hat x + \hat N(\hat x, t)\) by a Runge–Kutta scheme with an integrating factor.

    The classical scheme is applied to \(\hat v = e^{-\lambda t} \hat x\), whose tendency has no linear part: that part is
    solved exactly, and the nonlinear part alone limits the time step. A closure adds, once a step, the effect of scales
    that the grid does not resolve, \(x_{n+1} = S(x_n) + \Delta t\, c(x_n)\).

    Args:
        dynamics: a `SpectralDynamics`.
        dt: time step.
        steps: number of steps.
        save_every: return the states after each so many steps, a divisor of `steps`; by default the last state alone.
        closure: a layer that maps a state to the tendency due to unresolved scales.

    Call arguments:
        state: (batch, ...) on the grid.
        time: time of `state`.

    Returns:
        The last state, of the shape of `state`, or the trajectory (batch, steps / save_every, ...), without the initial state.

    Raises:
        ValueError: dynamics that are not spectral, `dt` or `steps` not positive, `save_every` that does not divide `steps`.
        tf.errors.InvalidArgumentError: the state is not finite after some step, with the step and the largest value of the last
            finite state; not under XLA, which has no assertions.

    References:
        Canuto, Hussaini, Quarteroni and Zang (2007), Spectral methods: evolution to complex geometries, appendix D.

    Example:
        >>> from geodl.dynamics import Burgers
        >>> wave = np.sin(2 * np.pi * np.arange(64) / 64)[None].astype("float32")
        >>> print(tuple(SpectralIntegrator(Burgers(), dt=0.01, steps=20, save_every=5)(wave).shape))
        (1, 4, 64)
    """

    def __init__(self, dynamics, dt, steps, save_every=None, closure=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        if not isinstance(dynamics, SpectralDynamics):
            raise ValueError(
                f"`dynamics` must be a SpectralDynamics, found {type(dynamics).__name__}; ODEIntegrator takes any layer."
            )
        if not (math.isfinite(dt) and dt > 0):
            raise ValueError(f"`dt` must be finite and positive, found {dt}.")
        check_steps(steps, save_every)
        self.dynamics, self.closure = dynamics, closure
        self.dt, self.steps = float(dt), int(steps)
        self.save_every = None if save_every is None else int(save_every)
        self._in_graph = tf.function(self._integrate)

    def build(self, input_shape):
        build_dynamics(self.dynamics, input_shape)
        if self.closure is not None:
            build_dynamics(self.closure, input_shape)

    def call(self, state, time=0.0, training=None):
        state = fourier_precision(ops.cast(state, self.variable_dtype))
        time = ops.cast(time, state.dtype)
        # A loop of many small operations is slow when it runs eagerly.
        integrate = self._in_graph if tf.executing_eagerly() else self._integrate
        return integrate(state, time, *variables_as_tensors(self), training)

    def _integrate(self, state, time, values, trainable, training):
        with keras.StatelessScope(list(zip(self.variables, values, strict=True))):
            return self._run(state, time, training)

    def _run(self, state, time, training):
        modes = self.dynamics.to_modes(state)
        step = recomputed(self._step(modes, training), self.variables)
        saved_steps = self.save_every or self.steps
        count = self.steps // saved_steps
        saved = tf.TensorArray(state.dtype, count, element_shape=state.shape)

        def advance(i, modes, finite, size):
            modes = step(modes, time + self.dt * ops.cast(i, state.dtype))
            now = ops.max(ops.abs(modes))
            good = ops.isfinite(now)
            return i + 1, modes, finite + ops.cast(good, "int32"), ops.where(good, now, size)

        def segment(i, modes, finite, size, saved):
            end = (i + 1) * saved_steps
            _, modes, finite, size = tf.while_loop(
                lambda j, *_: j < end, advance, (i * saved_steps, modes, finite, size), maximum_iterations=saved_steps
            )
            return i + 1, modes, finite, size, saved.write(i, self.dynamics.to_state(modes))

        size = ops.max(ops.abs(modes))
        _, modes, finite, size, saved = tf.while_loop(
            lambda i, *_: i < count, segment, (0, modes, 0, size, saved), maximum_iterations=count
        )
        message = (
            f"{self.name}: the state is not finite; of {self.steps} steps, the first so many were finite, and the largest mode:"
        )
        tf.debugging.Assert(finite == self.steps, [message, finite, size])
        trajectory = saved.stack()
        return trajectory[0] if self.save_every is None else ops.swapaxes(trajectory, 0, 1)

    def _step(self, modes, training):
        dt = ops.cast(self.dt, modes.dtype)
        nonlinear = self.dynamics.nonlinear
        closure = None if self.closure is None else tendency_of(self.closure, training)

        def step(x, time):
            # Computed at each step: what is outside of it has no gradient.
            half = ops.cast(ops.exp(self.dynamics.linear_rate(x) * (self.dt / 2)), x.dtype)
            middle = time + self.dt / 2
            k1 = nonlinear(x, time)
            k2 = nonlinear(half * (x + dt / 2 * k1), middle)
            k3 = nonlinear(half * x + dt / 2 * k2, middle)
            k4 = nonlinear(half * (half * x + dt * k3), time + self.dt)
            ahead = half * (half * (x + dt / 6 * k1) + dt / 3 * (k2 + k3)) + dt / 6 * k4
            if closure is not None:
                ahead += dt * self.dynamics.to_modes(closure(self.dynamics.to_state(x), time))
            return ahead

        return step

    def compute_output_shape(self, state_shape):
        if self.save_every is None:
            return tuple(state_shape)
        return (state_shape[0], self.steps // self.save_every, *state_shape[1:])

    def compute_output_spec(self, state, time=0.0, training=None):
        return keras.KerasTensor(self.compute_output_shape(state.shape), dtype=self.variable_dtype)

    def get_config(self):
        closure = None if self.closure is None else keras.saving.serialize_keras_object(self.closure)
        return {
            **super().get_config(),
            "dynamics": keras.saving.serialize_keras_object(self.dynamics),
            "dt": self.dt,
            "steps": self.steps,
            "save_every": self.save_every,
            "closure": closure,
        }

    @classmethod
    def from_config(cls, config):
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("dynamics", "closure")}
        return cls(**{**config, **parts})
