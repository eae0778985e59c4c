"""A walk that comes back to where it started."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="geodl")
class Bridge(keras.layers.Layer):
    r"""Steps → the positions of a walk that starts and ends at the origin, as a Brownian bridge does.

    $$ \mathbf p_k = \sum_{j \le k} \mathbf s_j - \frac{k}{n} \sum_{j \le n} \mathbf s_j, \quad \mathbf p_0 = \mathbf p_k = 0
       \text{ for } k \ge n $$

    Call arguments:
        steps: (batch, step, 2).
        duration: number of steps n (batch,) of each walk, at most that of `steps`.

    Returns:
        Positions (batch, step + 1, 2).

    Example:
        >>> walk = Bridge()(np.ones((1, 4, 2), "float32") * np.float32([[[1], [2], [3], [9]]]), np.float32([3]))
        >>> print(np.array(walk)[0, :, 0])
        [ 0. -1. -1.  0.  0.]
    """

    def call(self, steps, duration):
        steps, duration = ops.cast(steps, self.compute_dtype), ops.cast(duration, self.compute_dtype)[:, None, None]
        number = ops.cast(ops.arange(1, ops.shape(steps)[1] + 1), self.compute_dtype)[None, :, None]
        steps = ops.where(number <= duration, steps, 0)
        walk = ops.cumsum(steps, axis=1)
        walk = walk - number / duration * ops.sum(steps, axis=1, keepdims=True)
        walk = ops.where(number < duration, walk, 0)
        return ops.pad(walk, [[0, 0], [1, 0], [0, 0]])

    def compute_output_shape(self, steps_shape, duration_shape):
        batch, step, _ = steps_shape
        return (batch, None if step is None else step + 1, 2)
