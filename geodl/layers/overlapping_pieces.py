"""A large array in pieces that overlap, and what each of them counts where they do."""

import math
from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np


def overlapping_pieces(
    shape: tuple[int, ...], margins: tuple[int, ...], most: int
) -> Iterator[tuple[tuple[slice, ...], np.ndarray]]:
    """Cuts an array until its pieces have at most so many cells, or would be little more than margins.

    Args:
        shape: of the array.
        margins: cells on each axis that a piece needs beside its own; within two of them, pieces pass over into each other.
        most: cells of a piece.

    Yields:
        Slices of a piece, and its weights, which add up to 1 where pieces overlap.

    Example:
        >>> total = np.zeros((8, 30))
        >>> for piece, weights in overlapping_pieces((8, 30), margins=(2, 3), most=120):
        ...     total[piece] += weights
        >>> print(len(list(overlapping_pieces((8, 30), (2, 3), 120))), np.allclose(total, 1))
        4 True
    """
    counts = [1] * len(shape)
    while math.prod(_length(*axis) for axis in zip(shape, counts, margins, strict=True)) > most:
        # The axis on which one more piece makes them smaller by most, if it is longer than its margins.
        shares = [
            _length(size, count + 1, margin) / _length(size, count, margin) if size // (count + 1) >= 2 * margin + 1 else 1
            for size, count, margin in zip(shape, counts, margins, strict=True)
        ]
        if min(shares) == 1:
            break
        counts[int(np.argmin(shares))] += 1
    axes = [_axis(*axis) for axis in zip(shape, counts, margins, strict=True)]
    for parts in product(*axes):
        weights = np.ones(1, "float32")
        for _, of_axis in parts:
            weights = weights[..., None] * of_axis
        yield tuple(part for part, _ in parts), weights[0]


def _length(size, count, margin):
    return size if count == 1 else min(size, math.ceil(size / count) + 2 * margin)


def _axis(size, count, margin):
    """Slices of an axis, and weights that fall linearly across the borders."""
    borders = [round(size * part / count) for part in range(count + 1)]
    place = np.arange(size) + 0.5
    parts = []
    for begin, end in pairwise(borders):
        outer = slice(max(begin - margin, 0), min(end + margin, size))
        rising = (place - begin + margin) / (2 * margin) if begin > 0 and margin else np.ones(size)
        falling = (end + margin - place) / (2 * margin) if end < size and margin else np.ones(size)
        parts.append((outer, np.clip(np.minimum(rising, falling), 0, 1)[outer].astype("float32")))
    return parts
