"""Integration of an equation of motion with steps that follow the error, as a differentiable layer."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from geodl.layers import butcher_tableau
from geodl.layers.right_hand_side import build_dynamics, check_dynamics, recomputed, tendency_of, variables_as_tensors

_SAFETY, _SMALLEST, _LARGEST = 0.9, 0.2, 10.0


@keras.saving.register_keras_serializable(package="geodl")
class AdaptiveODEIntegrator(keras.layers.Layer):
    r"""Integrates \(\dot{\mathbf x} = f(\mathbf x, t)\) by an embedded Runge–Kutta pair, each sample with its own steps.

    A step is accepted where the estimated error \(\mathbf e\) has \(\mathrm{err} = \mathrm{rms}(e_i / (\mathrm{atol} +
    \mathrm{rtol} \max(|x_i|, |x_i^+|))) \le 1\); a proportional–integral controller chooses the next one, \(h \leftarrow h
    \cdot 0.9\, \mathrm{err}_n^{-0.7 / p}\, \mathrm{err}_{n-1}^{0.4 / p}\). States between steps come from the pair's own
    interpolation. The gradient is that of the accepted steps, whose sizes are taken as given.

    Args:
        dynamics: a layer or model that maps a state to its tendency, of the same shape; `call(state)` or `call(state, time)`.
        scheme: "bosh3", "dopri5" or "tsit5".
        rtol: relative tolerance of a step.
        atol: absolute tolerance of a step, in units of the state.
        max_steps: bound on the number of steps, accepted or not.

    Call arguments:
        state: (batch, ...).
        times: (n,) times of output, increasing or decreasing, all on one side of `time`.
        time: time of `state`.

    Returns:
        States (batch, n, ...) at `times`; NaN at those that `max_steps` do not reach, which is an error but under XLA.

    Raises:
        ValueError: unknown scheme or one without an embedded scheme, tolerances or bound not positive.
        tf.errors.InvalidArgumentError: the bound on the steps is hit; not under XLA, which has no assertions.

    References:
        Hairer, Nørsett and Wanner (1993), Solving Ordinary Differential Equations I, Springer, II.4–II.6.
        Gustafsson (1991), Control theoretic techniques for stepsize selection, ACM Trans. Math. Software 17.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> integrator = AdaptiveODEIntegrator(Lorenz63(), rtol=1e-5)
        >>> print(tuple(integrator(np.ones((8, 3), "float32"), times=[0.5, 1.0]).shape))
        (8, 2, 3)
    """

    def __init__(self, dynamics, scheme="tsit5", rtol=1e-6, atol=1e-6, max_steps=4096, **kwargs):
        super().__init__(autocast=False, **kwargs)
        check_dynamics(dynamics)
        self._tableau = butcher_tableau.scheme(scheme)
        if self._tableau.b_embedded is None:
            pairs = ", ".join(name for name, s in butcher_tableau.SCHEMES.items() if s.b_embedded is not None)
            raise ValueError(f"Adaptive steps need an embedded pair, one of {pairs}; found {scheme!r}.")
        if not (rtol > 0 and atol > 0 and max_steps >= 1):
            raise ValueError(f"`rtol`, `atol` and `max_steps` must be positive, found {rtol}, {atol} and {max_steps}.")
        self.dynamics, self.scheme = dynamics, scheme
        self.rtol, self.atol, self.max_steps = float(rtol), float(atol), int(max_steps)
        self._in_graph = tf.function(self._integrate)

    def build(self, input_shape):
        build_dynamics(self.dynamics, input_shape)

    def call(self, state, times, time=0.0, training=None):
        dtype = self.variable_dtype
        state, times, time = (ops.cast(value, dtype) for value in (state, times, time))
        _check_times(times, time)
        if len(state.shape) < 2:
            raise ValueError(f"`state` must be a batch of states (batch, ...), found shape {tuple(state.shape)}.")
        # A loop of many small operations is slow when it runs eagerly.
        integrate = self._in_graph if tf.executing_eagerly() else self._integrate
        return integrate(state, times, time, *variables_as_tensors(self), training)

    def _integrate(self, state, times, time, values, trainable, training):
        with keras.StatelessScope(list(zip(self.variables, values, strict=True))):
            return self._run(tendency_of(self.dynamics, training), state, times, time)

    def _run(self, tendency, state, times, time):
        shape = ops.shape(state)

        def f(x, t):
            # Every sample has its own time; dynamics that depend on it get (batch, 1, ...).
            t = ops.reshape(t, (-1, *(1 for _ in shape[1:])))
            return ops.reshape(tendency(ops.reshape(x, shape), t), (shape[0], -1))

        x = ops.reshape(state, (shape[0], -1))
        t = ops.broadcast_to(time, (shape[0], 1))
        end = times[-1]
        k = f(x, t)
        h = self._first_step(f, x, t, k, ops.sign(end - time))
        output = ops.where((times == time)[:, None], x[:, None], np.nan)
        error = ops.ones_like(t)
        loop = (0, t, x, k, h, error, output)
        _, t, x, _, _, _, output = tf.while_loop(
            lambda i, t, *_: ops.any(t != end),
            lambda i, *carried: (i + 1, *self._step(f, times, *carried)),
            loop,
            maximum_iterations=self.max_steps,
        )
        self._assert_arrived(t, end)
        return ops.reshape(output, (shape[0], times.shape[0], *shape[1:]))

    def _step(self, f, times, t, x, k, h, error, output):
        """One step of every sample that has not arrived, kept where its error is small enough."""
        tableau, end = self._tableau, times[-1]
        h = ops.where(ops.abs(h) >= ops.abs(end - t), end - t, h)
        x_new, deviation, stages = tried = [tf.stop_gradient(value) for value in self._try(f, t, x, k, h)]
        found = self._norm(deviation, ops.maximum(ops.abs(x), ops.abs(x_new)))
        found = tf.stop_gradient(ops.where(ops.isfinite(found), found, 1e10))
        accepted = ops.logical_and(found <= 1.0, t != end)
        # A refused step may have overflowed; its gradient, which does not count, is taken at a step of no size.
        taken = recomputed(lambda *inputs: self._try(f, *inputs), self.variables)
        x_new, _, stages = taken(t, x, k, ops.where(accepted, h, ops.zeros_like(h)), known=tried)

        arrived = ops.where(h == end - t, end, t + h)
        direction = ops.sign(h)
        passed = ops.logical_and(direction * (times - t) > 0, direction * (times - arrived) <= 0)
        inside = ops.logical_and(accepted, passed)[..., None]
        theta = ops.clip((times - t) / ops.where(h == 0, ops.ones_like(h), h), 0.0, 1.0)
        powers = ops.stack([theta**n for n in range(1, tableau.dense.shape[1] + 1)], axis=-1)
        weights = ops.matmul(powers, ops.cast(tableau.dense.T, x.dtype))
        output = ops.where(inside, x[:, None] + h[..., None] * ops.matmul(weights, stages), output)

        p = tableau.order
        found = ops.maximum(found, 1e-10)
        factor = _SAFETY * found ** (-0.7 / p) * error ** (0.4 / p)
        factor = ops.clip(factor, _SMALLEST, _LARGEST)
        factor = ops.where(accepted, factor, ops.minimum(factor, 1.0))
        return (
            ops.where(accepted, arrived, t),
            ops.where(accepted, x_new, x),
            ops.where(accepted, stages[:, -1], k),
            tf.stop_gradient(h * factor),
            ops.where(accepted, found, error),
            output,
        )

    def _try(self, f, t, x, k, h):
        """Result of a step, its estimated error and the tendencies (batch, stage, size) of its stages."""
        tableau = self._tableau
        differences = tuple(b - e for b, e in zip(tableau.b, tableau.b_embedded, strict=True))
        # The last stage of the step before is the first of this one.
        stages = butcher_tableau.stages(lambda y, s: k if y is x else f(y, s), x, t, h, tableau)
        x_new = x + butcher_tableau.combine(tableau.b, stages, h)
        return x_new, butcher_tableau.combine(differences, stages, h), ops.stack(stages, axis=1)

    def _norm(self, deviation, size):
        scaled = deviation / (self.atol + self.rtol * size)
        return ops.sqrt(ops.mean(ops.square(scaled), axis=-1, keepdims=True))

    def _first_step(self, f, x, t, k, direction):
        """Size of the first step by the rule of Hairer, Nørsett and Wanner, II.4."""
        size = ops.abs(x)
        d0, d1 = self._norm(x, size), self._norm(k, size)
        h0 = ops.where(ops.minimum(d0, d1) < 1e-5, 1e-6 * ops.ones_like(d0), 0.01 * d0 / ops.maximum(d1, 1e-30))
        d2 = self._norm(f(x + direction * h0 * k, t + direction * h0) - k, size) / h0
        d2 = ops.where(ops.isfinite(d2), d2, ops.zeros_like(d2))
        h1 = (0.01 / ops.maximum(ops.maximum(d1, d2), 1e-10)) ** (1.0 / (self._tableau.order + 1))
        return tf.stop_gradient(direction * ops.minimum(100.0 * h0, h1))

    def _assert_arrived(self, t, end):
        message = (
            f"{self.name}: max_steps = {self.max_steps} steps did not reach the last time; loosen rtol or atol, raise "
            "max_steps, or see whether the state or the tendency is finite. Last time and time reached by the slowest sample:"
        )
        slowest = ops.reshape(t, (-1,))[ops.argmax(ops.abs(ops.reshape(end - t, (-1,))))]
        tf.debugging.Assert(ops.all(t == end), [message, end, slowest])

    def compute_output_spec(self, state, times, time=0.0, training=None):
        count = times.shape[0] if hasattr(times, "shape") else len(times)
        return keras.KerasTensor((state.shape[0], count, *state.shape[1:]), dtype=self.variable_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "dynamics": keras.saving.serialize_keras_object(self.dynamics),
            "scheme": self.scheme,
            "rtol": self.rtol,
            "atol": self.atol,
            "max_steps": self.max_steps,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "dynamics": keras.saving.deserialize_keras_object(config["dynamics"])})


def _check_times(times, time) -> None:
    known = [tf.get_static_value(value) for value in (times, time)]
    if len(times.shape) != 1 or times.shape[0] in (0, None):
        raise ValueError(f"`times` must be a vector of at least one time, found shape {tuple(times.shape)}.")
    if any(value is None for value in known):
        return
    steps = np.diff(known[0], prepend=known[1])
    one_way = any((sign * steps[1:] > 0).all() and sign * steps[0] >= 0 for sign in (1, -1))
    if not np.isfinite(steps).all() or not one_way:
        raise ValueError(f"`times` must be finite, and increase or decrease from `time` = {known[1]}; found {known[0]}.")
