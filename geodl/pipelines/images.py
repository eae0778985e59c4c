"""Frames of images: windows on the time axis, patches, augmentation, batches."""

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
    """Cuts pairs (x, y), each (time, y, x), into square patches, as many as fit side by side.

    Args:
        pairs: dataset of unbatched pairs.
        size: side of a patch, in pixels, at most that of the field.
        augment: as many at random places, flipped and transposed at random, in random order; otherwise side by side from the
            first corner on, which leaves out what is less than a patch at the end of a side.
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


def batches(pairs: tf.data.Dataset, size: int) -> tf.data.Dataset:
    """Batches of `size` pairs, prepared while the model works; the last one may be smaller.

    Samples that are shorter than others of their batch go on with NaN, or with 0 where they are integers.

    Example:
        >>> pairs = tf.data.Dataset.from_tensor_slices((tf.range(5), tf.range(5)))
        >>> print([len(x) for x, _ in batches(pairs, size=2)])
        [2, 2, 1]
    """
    missing = tf.nest.map_structure(
        lambda spec: tf.constant(float("nan") if spec.dtype.is_floating else 0, spec.dtype), pairs.element_spec
    )
    return pairs.padded_batch(size, padding_values=missing).prefetch(tf.data.AUTOTUNE)


def _symmetry(field, choices):
    field = tf.cond(choices[0], lambda: field[:, ::-1], lambda: field)
    field = tf.cond(choices[1], lambda: field[:, :, ::-1], lambda: field)
    return tf.cond(choices[2], lambda: tf.transpose(field, (0, 2, 1)), lambda: field)
