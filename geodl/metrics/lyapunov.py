"""Lyapunov exponents: how fast errors grow."""

import numpy as np
import tensorflow as tf

from geodl.layers import adjoint


def lyapunov_spectrum(step, states: np.ndarray, dt: float, steps: int, spin_up: int = 0) -> np.ndarray:
    r"""Lyapunov exponents of a map, by products of its derivatives and QR decompositions.

    $$ M(\mathbf x_n)\, Q_n = Q_{n+1} R_{n+1}, \qquad \lambda_i = \frac{1}{N\,dt} \sum_n \log |(R_n)_{ii}| $$

    Args:
        step: maps states (batch, component) to those after `dt`: an integrator, or the `step` of a forecast model.
        states: (sample, component) to start from; the exponents are means over the samples.
        dt: time of one step.
        steps: number of steps \(N\) that count.
        spin_up: number of steps before them, in which the directions align.

    Returns:
        Exponents (component,), per time unit, in decreasing order; not numbers if a state stops being finite.

    References:
        Benettin et al. (1980), Lyapunov characteristic exponents for smooth dynamical systems, Meccanica 15.

    Example:
        >>> halve_and_double = lambda x: x * np.float32([2.0, 0.5])
        >>> print(lyapunov_spectrum(halve_and_double, np.ones((1, 2), "float32"), dt=1.0, steps=20).round(3))
        [ 0.693 -0.693]
    """
    states = tf.convert_to_tensor(states)
    samples, size = states.shape
    identity = tf.tile(tf.eye(size, dtype=states.dtype), [samples, 1])

    def derivative(x):
        # Row i of M is what the adjoint makes of the i-th unit vector.
        return tf.reshape(adjoint(step, tf.repeat(x, size, axis=0), identity), (samples, size, size))

    def advance(i, x, q, total):
        q, r = tf.linalg.qr(tf.linalg.matmul(derivative(x), q))
        growth = tf.math.log(tf.abs(tf.linalg.diag_part(r)))
        return i + 1, step(x), q, total + tf.where(i >= spin_up, growth, tf.zeros_like(growth))

    # Compiled, there are no assertions: where a state blows up, the exponents are not numbers.
    @tf.function(jit_compile=True)
    def run(x):
        q = tf.eye(size, batch_shape=[samples], dtype=x.dtype)
        loop = (0, x, q, tf.zeros((samples, size), x.dtype))
        return tf.while_loop(lambda i, *_: i < spin_up + steps, advance, loop)[-1]

    exponents = tf.reduce_mean(run(states), axis=0).numpy() / (steps * dt)
    return np.sort(exponents)[::-1]


def kaplan_yorke_dimension(exponents: np.ndarray) -> float:
    r"""Dimension of the attractor, \(k + \sum_{i \le k} \lambda_i / |\lambda_{k+1}|\), \(k\) the last with a sum not negative.

    Args:
        exponents: in decreasing order.

    References:
        Kaplan and Yorke (1979), Chaotic behavior of multidimensional difference equations.

    Example:
        >>> print(round(kaplan_yorke_dimension(np.array([0.906, 0.0, -14.57])), 3))
        2.062
    """
    sums = np.cumsum(exponents)
    if not np.isfinite(sums).all():
        return float("nan")
    if sums[0] < 0:
        return 0.0
    k = int(np.nonzero(sums >= 0)[0][-1]) + 1
    return float(len(exponents)) if k == len(exponents) else k + float(sums[k - 1] / abs(exponents[k]))
