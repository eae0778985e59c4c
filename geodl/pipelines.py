"""tf.data pipelines: windows on the time axis, patches, augmentation, observations of simulated states."""

import itertools

import numpy as np
import tensorflow as tf


def windows(
    times: np.ndarray, past: int, future: int, step: np.timedelta64, min_past: int, min_future: int
) -> list[tuple[np.datetime64, np.ndarray]]:
    """Cuts windows on the time axis, never on the index, so that a missing frame leaves a hole instead of a jump.

    Args:
        times: increasing times of the frames (time,), possibly with gaps.
        past: number of input frames, the last one at the reference time.
        future: number of target frames.
        step: time between two frames of a window.
        min_past: least number of input frames that must exist.
        min_future: least number of target frames that must exist.

    Returns:
        For each window its reference time and the indices of its frames in `times` (past + future,), −1 where missing.

    Example:
        >>> times = np.datetime64("2016-01-01T00:00") + np.timedelta64(15, "m") * np.array([0, 1, 2, 4])
        >>> windows(times, past=2, future=1, step=np.timedelta64(15, "m"), min_past=2, min_future=1)
        [(np.datetime64('2016-01-01T00:15'), array([0, 1, 2]))]
    """
    index = {time: i for i, time in enumerate(times)}
    found = []
    for reference in np.arange(times[0], times[-1] + step, step):
        frames = np.array([index.get(reference + lag * step, -1) for lag in range(1 - past, future + 1)])
        if (frames[:past] >= 0).sum() >= min_past and (frames[past:] >= 0).sum() >= min_future:
            found.append((reference, frames))
    return found


def patches(pairs: tf.data.Dataset, size: int, augment: bool = False, seed: int = 0) -> tf.data.Dataset:
    """Cuts pairs (x, y), each (time, y, x), into square patches that cover the field once.

    Args:
        pairs: dataset of unbatched pairs.
        size: side of a patch, in pixels, at most that of the field.
        augment: at random places, flipped and transposed at random, in random order; otherwise on a regular grid.
        seed: of the random choices.

    Example:
        >>> field = tf.reshape(tf.range(2 * 64 * 64), (1, 2, 64, 64))
        >>> pairs = tf.data.Dataset.from_tensor_slices((field, field))
        >>> print(len(list(patches(pairs, size=32))))
        4
    """

    def places(x, y):
        count = tf.math.maximum(tf.shape(x)[1:] // size, 1)
        if augment:
            return tf.data.Dataset.from_tensors((x, y)).repeat(tf.cast(tf.reduce_prod(count), tf.int64))
        rows, columns = tf.meshgrid(tf.range(count[0]) * size, tf.range(count[1]) * size, indexing="ij")
        corners = tf.data.Dataset.from_tensor_slices((tf.reshape(rows, [-1]), tf.reshape(columns, [-1])))
        return corners.map(lambda row, column: _cut(x, y, row, column))

    def _cut(x, y, row, column):
        return tuple(field[:, row : row + size, column : column + size] for field in (x, y))

    def at_random(x, y):
        bound = tf.shape(x)[1:] - size + 1
        row = random.uniform((), 0, tf.math.maximum(bound[0], 1), tf.int32)
        column = random.uniform((), 0, tf.math.maximum(bound[1], 1), tf.int32)
        choices = random.uniform((3,)) < 0.5
        return tuple(_symmetry(field, choices) for field in _cut(x, y, row, column))

    if not augment:
        return pairs.flat_map(places)
    random = tf.random.Generator.from_seed(seed)
    pairs = pairs.interleave(places, cycle_length=16)
    return pairs.map(at_random)


def drop_frames(pairs: tf.data.Dataset, most: int, probability: float = 0.2, seed: int = 0) -> tf.data.Dataset:
    """Sets up to `most` frames of x to 0, missing, in a share `probability` of the pairs.

    Example:
        >>> pairs = tf.data.Dataset.from_tensors((tf.ones((6, 4, 4)), tf.ones((4, 4, 4)))).repeat(50)
        >>> missing = [int(tf.reduce_sum(1 - x[:, 0, 0])) for x, _ in drop_frames(pairs, most=2, probability=1.0)]
        >>> print(min(missing), max(missing))
        1 2
    """
    random = tf.random.Generator.from_seed(seed)

    def drop(x, y):
        count = random.uniform((), 1, most + 1, tf.int32) * tf.cast(random.uniform(()) < probability, tf.int32)
        rank = tf.argsort(tf.argsort(random.uniform((tf.shape(x)[0],))))
        kept = tf.cast(rank >= count, x.dtype)
        return x * kept[:, None, None], y

    return pairs.map(drop)


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


def series_windows(
    inputs: list[np.ndarray], targets: list[np.ndarray], days: int, batch_size: int, patch: int | None = None, seed: int = 0
) -> tf.data.Dataset:
    """Windows at random places of series of fields: endless batches (inputs, targets).

    Args:
        inputs: series (day, feature, y, x), all of one grid.
        targets: as many series (day, y, x).
        days: in a window.
        batch_size: windows a batch.
        patch: side of squares at random places, in pixels; whole fields by default.
        seed: of the random choices.

    Example:
        >>> series = [np.zeros((20, 5, 8, 8), "float32")] * 2
        >>> x, y = next(iter(series_windows(series, [s[:, 0] for s in series], days=9, batch_size=4)))
        >>> print(x.shape, y.shape)
        (4, 9, 5, 8, 8) (4, 9, 8, 8)
    """
    features, *grid = inputs[0].shape[1:]
    sizes = grid if patch is None else [patch, patch]

    def draw():
        random = np.random.default_rng(seed)
        while True:
            pairs = []
            for _ in range(batch_size):
                run = random.integers(len(inputs))
                starts = [random.integers(length - size + 1) for length, size in zip(grid, sizes, strict=True)]
                first = random.integers(len(inputs[run]) - days + 1)
                rows, columns = (slice(start, start + size) for start, size in zip(starts, sizes, strict=True))
                pairs.append([series[run][first : first + days, ..., rows, columns] for series in (inputs, targets)])
            yield tuple(np.stack(series) for series in zip(*pairs, strict=True))

    shapes = ((batch_size, days, features, *sizes), (batch_size, days, *sizes))
    return tf.data.Dataset.from_generator(draw, output_signature=tuple(tf.TensorSpec(shape) for shape in shapes)).prefetch(2)


def mirrored_windows(pairs: tf.data.Dataset, signed: tuple[int, ...], seed: int = 0) -> tf.data.Dataset:
    """Mirrors batches of windows at random: north and south, east and west, past and future, and the sign of the fields.

    Args:
        pairs: inputs (batch, day, feature, y, x) and targets (batch, day, y, x).
        signed: features whose sign is that of the targets.
        seed: of the random choices, one a batch.

    Example:
        >>> x = tf.reshape(tf.range(24.0), (1, 3, 2, 2, 2))
        >>> pairs = tf.data.Dataset.from_tensors((x, x[:, :, 0])).repeat(20)
        >>> print(all(bool(tf.reduce_all(x[:, :, 0] == y)) for x, y in mirrored_windows(pairs, signed=(0,))))
        True
    """
    random = tf.random.Generator.from_seed(seed)

    def mirror(x, y):
        choices = random.uniform((4,)) < 0.5
        for choice, axes in zip(tf.unstack(choices[:3]), ((1, 1), (-2, -2), (-1, -1)), strict=True):
            x, y = (
                tf.where(choice, tf.reverse(field, [axis % len(field.shape)]), field)
                for field, axis in zip((x, y), axes, strict=True)
            )
        sign = tf.where(choices[3], -1.0, 1.0)
        signs = [sign if feature in signed else 1.0 for feature in range(x.shape[2])]
        return x * tf.stack(signs)[:, None, None], y * sign

    return pairs.map(mirror)


def turned_boxes(pairs: tf.data.Dataset, seed: int = 0) -> tf.data.Dataset:
    """Turns and mirrors cubes at random, each in one of 48 ways, the velocity along with its field.

    Args:
        pairs: states u, v, w and scalar (4, n, n, n), and a scalar field (n, n, n).
        seed: of the random choices.

    Example:
        >>> x = tf.reshape(tf.range(64.0), (1, 4, 4, 4))
        >>> pairs = tf.data.Dataset.from_tensors((tf.repeat(x, 4, axis=0), x[0]))
        >>> (state, target), = turned_boxes(pairs)
        >>> print(bool(tf.reduce_all(state[3] == target)), sorted(set(np.sign(state[:3, 1, 1, 1]))))
        True [np.float32(-1.0), np.float32(1.0)]
    """
    random = tf.random.Generator.from_seed(seed)
    permutations = tf.constant(list(itertools.permutations(range(3))))

    def turn(state, target):
        axes = permutations[random.uniform((), 0, len(permutations), tf.int32)]
        signs = tf.where(random.uniform((3,)) < 0.5, -1.0, 1.0)
        velocity = signs[:, None, None, None] * tf.gather(state[:3], axes)
        fields = tf.concat([velocity, state[3:], target[None]], axis=0)
        turned = tf.transpose(fields, tf.concat([[0], axes + 1], axis=0))
        for axis in range(3):
            turned = tf.cond(signs[axis] < 0, lambda f=turned, a=axis: tf.reverse(f, [a + 1]), lambda f=turned: f)
        turned = tf.ensure_shape(turned, fields.shape)
        return turned[:4], turned[4]

    return pairs.map(turn)


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


def batches(pairs: tf.data.Dataset, size: int) -> tf.data.Dataset:
    """Batches of `size` pairs, prepared while the model works; the last one may be smaller."""
    return pairs.batch(size).prefetch(tf.data.AUTOTUNE)


def _symmetry(field, choices):
    field = tf.cond(choices[0], lambda: field[:, ::-1], lambda: field)
    field = tf.cond(choices[1], lambda: field[:, :, ::-1], lambda: field)
    return tf.cond(choices[2], lambda: tf.transpose(field, (0, 2, 1)), lambda: field)
