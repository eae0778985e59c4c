"""Boxes of turbulence, turned at random."""

import itertools

import tensorflow as tf


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
