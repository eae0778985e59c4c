"""Variances from few random fields."""

import tensorflow as tf

SAMPLES = 2  # random fields that tell the size of the errors


def smoothed_apart(squares, seen, scales):
    r"""Squares of random errors, averaged with weights \(e^{-2 (d / L)^2}\); pixels that are seen and those that are not apart.

    Args:
        squares: (batch, time, y, x).
        seen: 1 where a pixel is observed, 0 elsewhere, of the same shape.
        scales: L of rows and of columns.

    Example:
        >>> squares = tf.constant([[[[1.0, 3.0, 10.0]]]])
        >>> print(smoothed_apart(squares, tf.constant([[[[1.0, 1.0, 0.0]]]]), scales=(1.0, 1e6)).numpy()[0, 0])
        [[ 2.  2. 10.]]
    """
    y, x = (
        tf.exp(-2 * (tf.cast(tf.range(size)[:, None] - tf.range(size), squares.dtype) / tf.cast(scale, squares.dtype)) ** 2)
        for size, scale in zip(tf.unstack(tf.shape(seen))[2:], scales, strict=True)
    )
    smooth = lambda field: tf.einsum("ij,btjk,kl->btil", y, field, x)  # noqa: E731
    apart = [of * smooth(of * squares) / (smooth(of) + 1e-30) for of in (seen, 1 - seen)]
    return apart[0] + apart[1]
