"""Eigenvectors of smooth correlation matrices, most of which are negligible."""

import tensorflow as tf


def leading_eigenvectors(correlation, negligible):
    """Eigenvectors of a correlation matrix (in columns) and its eigenvalues, largest first.

    Those that are left out together have at most a share `negligible` of the trace: eagerly they are cut off, in a graph,
    which is compiled before their number is known, their eigenvalues are 0.

    Args:
        correlation: (size, size), in double precision: single precision gives smooth ones negative eigenvalues.
        negligible: share of the trace.

    Example:
        >>> vectors, values = leading_eigenvectors(tf.ones((4, 4), "float64"), negligible=1e-6)
        >>> print(tuple(vectors.shape), values.numpy().round(6))
        (4, 1) [4.]
    """
    values, vectors = tf.linalg.eigh(correlation)
    values, vectors = tf.maximum(values[::-1], 1e-9), vectors[:, ::-1]
    kept = tf.cumsum(values, exclusive=True) < (1 - negligible) * tf.reduce_sum(values)
    values = tf.where(kept, values, tf.zeros_like(values))
    if tf.executing_eagerly():
        kept = int(tf.math.count_nonzero(kept))
        values, vectors = values[:kept], vectors[:, :kept]
    return vectors, values
