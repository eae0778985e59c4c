"""Simulated trajectories: windows at random places, and how their states are observed."""

import numpy as np
import tensorflow as tf


def observed_windows(
    trajectories: np.ndarray, plan, length: int, batch_size: int, mirror: tuple[float, ...] | None = None, seed: int = 0
) -> tf.data.Dataset:
    """Windows at random places of long trajectories, with fresh noise each time: endless batches (observations, states).

    Args:
        trajectories: states (run, time, component).
        plan: `geodl.trajectory_builder.Observations`, how a window is observed.
        length: number of times in a window.
        batch_size: windows a batch.
        mirror: sign (component,) of each component under the symmetry of the equation; half of the windows are mirrored.
        seed: of all random choices.

    Example:
        >>> from geodl.trajectory_builder import Observations
        >>> plan = Observations(every=8, first=0, last=39, components=(0,))
        >>> observations, states = next(iter(observed_windows(np.ones((2, 100, 3), "float32"), plan, 40, batch_size=4)))
        >>> print(observations.shape, int(np.isfinite(observations).sum()))
        (4, 40, 3) 20
    """
    runs, times, components = trajectories.shape
    bank = tf.constant(trajectories, "float32")
    random = tf.random.Generator.from_seed(seed)
    shape = (batch_size, length, components)
    at_times = np.isin(np.arange(length), np.arange(plan.first, plan.last + 1, plan.every))[:, None]

    def draw(_):
        run = random.uniform((batch_size, 1), 0, runs, tf.int32)
        time = random.uniform((batch_size, 1), 0, times - length + 1, tf.int32) + tf.range(length)
        states = tf.gather_nd(bank, tf.stack([tf.broadcast_to(run, tf.shape(time)), time], axis=-1))
        if mirror is not None:
            states *= tf.where(random.uniform((batch_size, 1, 1)) < 0.5, tf.constant(mirror, states.dtype), 1.0)
        if isinstance(plan.components, int):
            seen = tf.argsort(tf.argsort(random.uniform(shape))) < plan.components
        else:
            seen = tf.broadcast_to(np.isin(np.arange(components), plan.components), shape)
        noisy = states + plan.variance**0.5 * random.normal(shape)
        return tf.where(seen & at_times, noisy, np.nan), states

    return tf.data.Dataset.counter().map(draw).prefetch(2)


def trajectory_windows(
    states: np.ndarray, targets: np.ndarray, horizon: int, stride: int = 1, batch_size: int = 64, seed: int = 0
) -> tf.data.Dataset:
    """Endless batches of states at random places of trajectories, and of the targets that follow them.

    Args:
        states: (run, time, ...).
        targets: of the same runs and times, (run, time, ...).
        horizon: number of targets.
        stride: steps between two of them.
        batch_size: windows a batch.
        seed: of the random choices.

    Returns:
        Dataset of pairs, states (batch, ...) and targets (batch, horizon, ...).

    Raises:
        ValueError: trajectories shorter than a window.

    Example:
        >>> states = np.arange(20.0).reshape(2, 10, 1)
        >>> start, later = next(iter(trajectory_windows(states, states, horizon=3, stride=2, batch_size=4)))
        >>> print(later.shape, np.array(later - start[:, None])[0, :, 0])
        (4, 3, 1) [2. 4. 6.]
    """
    runs, times = states.shape[:2]
    starts = times - horizon * stride
    if starts < 1:
        raise ValueError(f"A window of {horizon} steps of {stride} needs {horizon * stride + 1} states, found {times}.")

    def draw():
        random = np.random.default_rng(seed)
        ahead = stride * np.arange(1, horizon + 1)
        while True:
            run, first = random.integers(runs, size=batch_size), random.integers(starts, size=batch_size)
            yield states[run, first], targets[run[:, None], first[:, None] + ahead]

    signature = (
        tf.TensorSpec((batch_size, *states.shape[2:]), states.dtype),
        tf.TensorSpec((batch_size, horizon, *targets.shape[2:]), targets.dtype),
    )
    return tf.data.Dataset.from_generator(draw, output_signature=signature).prefetch(2)
