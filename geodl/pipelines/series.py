"""Series of fields: windows at random places, mirrored at random."""

import numpy as np
import tensorflow as tf


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
