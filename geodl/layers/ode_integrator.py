"""Fixed-step integration of an equation of motion, as a differentiable layer."""

import math

import keras
import tensorflow as tf
from keras import ops

from geodl.layers import butcher_tableau
from geodl.layers.right_hand_side import (
    build_dynamics,
    check_dynamics,
    check_steps,
    recomputed,
    tendency_of,
    variables_as_tensors,
)
from geodl.layers.trainable_runge_kutta import TrainableRungeKutta

# Up to so many components, they are put before the batch while the time loop runs: compiled code then works along the batch.
_FEW_COMPONENTS = 8


@keras.saving.register_keras_serializable(package="geodl")
class ODEIntegrator(keras.layers.Layer):
    r"""Integrates \(\dot{\mathbf x} = f(\mathbf x, t)\) over `steps` steps of `dt` by an explicit Runge–Kutta scheme.

    The gradient is that of the discrete scheme, to any order. Going back in time it keeps one state a step and computes the
    stages again; with `checkpoint` it keeps about \(\sqrt n\) states of \(n\) steps and integrates again between them. The
    state is carried in the policy's variable dtype, the tendency computed in that of the dynamics.

    Args:
        dynamics: a layer or model that maps a state to its tendency, of the same shape; `call(state)` or `call(state, time)`.
        dt: time step; negative to integrate backward in time.
        steps: number of steps.
        scheme: name of a scheme in `butcher_tableau.SCHEMES`, or a `TrainableRungeKutta`.
        save_every: return the states after each so many steps, a divisor of `steps`; by default the last state alone.
        checkpoint: recompute more to keep less in memory.
        time_major: return trajectories as (time, batch, ...), which saves a copy of large ones.

    Call arguments:
        state: (batch, ...), or (component,).
        time: time of `state`, for time-dependent dynamics.

    Returns:
        The last state, of the shape of `state`, or the trajectory (batch, steps / save_every, ...), without the initial state.

    Raises:
        ValueError: `dt` zero or not finite, `steps` no positive integer, `save_every` that does not divide it, unknown scheme,
            or dynamics that change the shape of the state.
        tf.errors.InvalidArgumentError: the state is not finite after some step; not under XLA, which has no assertions.

    References:
        Griewank and Walther (2000), Algorithm 799: revolve, ACM Transactions on Mathematical Software 26.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> integrator = ODEIntegrator(Lorenz63(), dt=0.01, steps=100, save_every=25)
        >>> print(tuple(integrator(np.ones((8, 3), "float32")).shape))
        (8, 4, 3)
    """

    def __init__(self, dynamics, dt, steps, scheme="rk4", save_every=None, checkpoint=False, time_major=False, **kwargs):
        super().__init__(autocast=False, **kwargs)
        check_dynamics(dynamics)
        if not math.isfinite(dt) or dt == 0:
            raise ValueError(f"`dt` must be finite and not zero, found {dt}.")
        check_steps(steps, save_every)
        self.dynamics, self.dt, self.steps = dynamics, float(dt), int(steps)
        self.scheme = scheme
        self.save_every = None if save_every is None else int(save_every)
        self.checkpoint, self.time_major = bool(checkpoint), bool(time_major)
        self._table = scheme if isinstance(scheme, TrainableRungeKutta) else butcher_tableau.scheme(scheme)
        self._in_graph = tf.function(self._integrate)

    def build(self, input_shape):
        build_dynamics(self.dynamics, input_shape)

    def call(self, state, time=0.0, training=None):
        state = ops.cast(state, self.variable_dtype)
        time = ops.cast(time, self.variable_dtype)
        # A loop of many small operations is slow when it runs eagerly.
        integrate = self._in_graph if tf.executing_eagerly() else self._integrate
        return integrate(state, time, *variables_as_tensors(self), training)

    def _integrate(self, state, time, values, trainable, training):
        with keras.StatelessScope(list(zip(self.variables, values, strict=True))):
            return self._run(tendency_of(self.dynamics, training), state, time)

    def _run(self, tendency, state, time):
        few = len(state.shape) == 2 and state.shape[-1] is not None and state.shape[-1] <= _FEW_COMPONENTS
        if few:
            state = _transposed(state)
            rowwise = tendency
            tendency = lambda x, t: _transposed(rowwise(_transposed(x), t))  # noqa: E731
        step = recomputed(self._step(tendency), self.variables)
        finite = ops.cast(_is_finite(state), "int32")
        if self.save_every is None:
            state, finite = self._last_state(step, state, time, finite)
            self._assert_finite(finite)
            return _transposed(state) if few else state
        trajectory, finite = self._trajectory(step, state, time, finite)
        self._assert_finite(finite)
        if few:
            return ops.transpose(trajectory, (0, 2, 1) if self.time_major else (2, 0, 1))
        return trajectory if self.time_major or len(state.shape) == 1 else ops.swapaxes(trajectory, 0, 1)

    def _step(self, tendency):
        tableau = self._table
        if isinstance(tableau, TrainableRungeKutta):

            def step(x, t):
                drawn = tableau.tableau(self.variable_dtype)
                return x + butcher_tableau.combine(drawn.b, butcher_tableau.stages(tendency, x, t, self.dt, drawn), self.dt)

            return step
        return lambda x, t: (
            x + butcher_tableau.combine(tableau.b, butcher_tableau.stages(tendency, x, t, self.dt, tableau), self.dt)
        )

    def _advance(self, step, first, count, state, time, finite):
        """State after steps number `first`, …, `first + count − 1`, and the number of finite states so far."""

        def body(i, x, good):
            x = step(x, time + self.dt * ops.cast(first + i, self.variable_dtype))
            return i + 1, x, good + ops.cast(_is_finite(x), "int32")

        if count == 1:
            return body(0, state, finite)[1:]
        return tf.while_loop(lambda i, *_: i < count, body, (0, state, finite), maximum_iterations=count)[1:]

    def _last_state(self, step, state, time, finite):
        length = math.isqrt(self.steps) if self.checkpoint else 1
        if length == 1:
            return self._advance(step, 0, self.steps, state, time, finite)
        segments = self.steps // length
        state, finite = self._segments(step, segments, length, state, time, finite, lambda i, x, saved: saved)[:2]
        remainder = self.steps - segments * length
        return self._advance(step, segments * length, remainder, state, time, finite) if remainder else (state, finite)

    def _trajectory(self, step, state, time, finite):
        count = self.steps // self.save_every
        saved = tf.TensorArray(state.dtype, count, element_shape=state.shape)
        _, finite, saved = self._segments(
            step, count, self.save_every, state, time, finite, lambda i, x, saved: saved.write(i, x), saved
        )
        return saved.stack(), finite

    def _segments(self, step, count, length, state, time, finite, save, saved=()):
        def segment(x, t, good):
            return self._advance(step, 0, length, x, t, good)

        advance = recomputed(segment, self.variables) if self.checkpoint else segment

        def body(i, x, good, saved):
            x, good = advance(x, time + self.dt * ops.cast(i * length, self.variable_dtype), good)
            return i + 1, x, good, save(i, x, saved)

        loop = (0, state, finite, saved)
        return tf.while_loop(lambda i, *_: i < count, body, loop, maximum_iterations=count)[1:]

    def _assert_finite(self, finite):
        message = (
            f"{self.name}: the state is not finite (NaN or infinity); of {self.steps} steps, the first so many were finite:"
        )
        # `finite` counts the initial state too.
        tf.debugging.Assert(finite == self.steps + 1, [message, ops.maximum(finite - 1, 0)])

    def compute_output_shape(self, state_shape):
        if self.save_every is None:
            return tuple(state_shape)
        count = self.steps // self.save_every
        batch = tuple(state_shape[:1]) if len(state_shape) > 1 and not self.time_major else ()
        return (*batch, count, *state_shape[len(batch) :])

    def compute_output_spec(self, state, time=0.0, training=None):
        return keras.KerasTensor(self.compute_output_shape(state.shape), dtype=self.variable_dtype)

    def get_config(self):
        scheme = self.scheme if isinstance(self.scheme, str) else keras.saving.serialize_keras_object(self.scheme)
        return {
            **super().get_config(),
            "dynamics": keras.saving.serialize_keras_object(self.dynamics),
            "dt": self.dt,
            "steps": self.steps,
            "scheme": scheme,
            "save_every": self.save_every,
            "checkpoint": self.checkpoint,
            "time_major": self.time_major,
        }

    @classmethod
    def from_config(cls, config):
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("dynamics", "scheme")}
        return cls(**{**config, **parts})


@tf.custom_gradient
def _transposed(matrix):
    # Its own gradient makes the permutation anew: XLA wants constants, and those of a loop's gradient's gradient are not.
    return tf.transpose(matrix), _transposed


def _is_finite(state):
    return ops.all(ops.isfinite(state))
