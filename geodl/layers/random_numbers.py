"""Random numbers that depend on their seed alone."""

import numpy as np
import tensorflow as tf


def standard_normal(shape, seed: tuple[int, int], dtype="float32") -> tf.Tensor:
    r"""Normal numbers of mean 0 and variance 1, the same with XLA and without it, where those of TensorFlow are others.

    Random integers give uniform numbers \(a, b\), and these \(\sqrt{-2 \ln a} \cos 2 \pi b\).

    Args:
        shape: of the result; may be a tensor.
        seed: two integers, which may be tensors.
        dtype: of the result.

    References:
        Box and Muller (1958), A note on the generation of random normal deviates, Annals of Mathematical Statistics 29.

    Example:
        >>> numbers = standard_normal((10_000,), seed=(0, 1)).numpy()
        >>> print(bool(abs(numbers.mean()) < 0.03 and abs(numbers.std() - 1) < 0.03))
        True
    """
    shape = tf.concat([[2], tf.cast(shape, "int32")], axis=0)
    integers = tf.random.stateless_uniform(shape, seed, minval=None, maxval=None, dtype="int32")
    a, b = tf.unstack(0.5 + tf.cast(integers, "float64") / 2**32)
    return tf.cast(tf.sqrt(-2 * tf.math.log(tf.maximum(a, 2.0**-33))) * tf.cos(2 * np.pi * b), dtype)
