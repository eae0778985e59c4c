"""Walks whose steps get the lengths that they should have."""

import keras
import numpy as np
from keras import ops

from geodl.layers.bridge import Bridge

QUANTILES = 101  # of the lengths that are kept


@keras.saving.register_keras_serializable(package="geodl")
class StepMatching(keras.layers.Layer):
    r"""Gives the steps of closed walks another distribution of lengths, and closes them again by a `Bridge`.

    $$ \mathbf s' = \frac{G^{-1}(F(|\mathbf s|))}{|\mathbf s|} \mathbf s $$

    F is the distribution of lengths that the walks have, G the one they shall have, both by quantiles, which `adapt` takes
    from samples. Before that nothing changes.

    Call arguments:
        walk: positions (batch, step + 1, 2).
        duration: number of steps (batch,) of each walk.

    Returns:
        Positions, of the same shape.

    References:
        Panofsky and Brier (1958), Some applications of statistics to meteorology, Pennsylvania State University.

    Example:
        >>> layer = StepMatching()
        >>> layer.build((None, 3, 2), (None,))
        >>> layer.adapt(np.array([1.0, 2, 3]), np.array([10.0, 20, 30]))
        >>> print(np.array(layer(np.float32([[[0, 0], [1.5, 0], [0, 0]]]), np.float32([2])))[0, :, 0].round(3))
        [ 0. 15.  0.]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.bridge = Bridge(dtype=self.dtype_policy)

    def build(self, walk_shape, duration_shape):
        line = lambda shape, dtype: ops.cast(np.linspace(0, 1, QUANTILES), dtype)  # noqa: E731
        add = lambda name: self.add_weight((QUANTILES,), line, name=name, trainable=False, autocast=False)  # noqa: E731
        self.found, self.wanted = add("found"), add("wanted")

    def reset(self) -> None:
        """Nothing changes any more."""
        self.adapt(*[np.linspace(0, 1, QUANTILES)] * 2)

    def adapt(self, found, wanted) -> None:
        """Takes the distributions from lengths of steps that walks have, and that they shall have, each of any number."""
        probabilities = np.linspace(0, 1, QUANTILES)
        self.found.assign(np.quantile(found, probabilities))
        self.wanted.assign(np.quantile(wanted, probabilities))

    def call(self, walk, duration):
        walk = ops.cast(walk, self.compute_dtype)
        steps = walk[:, 1:] - walk[:, :-1]
        # Shifted, because the derivative of a length is not finite at the origin.
        length = ops.sqrt(ops.sum(ops.square(ops.cast(steps, self.variable_dtype)), axis=-1) + 1e-6)
        factor = self._matched(length) / length
        return self.bridge(steps * ops.cast(factor, self.compute_dtype)[..., None], duration)

    def _matched(self, length):
        """Lengths of the same rank in the distribution that is wanted; those beyond the ends are stretched as these are."""
        found, wanted = ops.convert_to_tensor(self.found), ops.convert_to_tensor(self.wanted)
        place = ops.searchsorted(found, ops.reshape(length, (-1,)), side="right") - 1
        place = ops.reshape(ops.clip(place, 0, QUANTILES - 2), ops.shape(length))
        low, high = ops.take(found, place), ops.take(found, place + 1)
        weight = ops.clip((length - low) / ops.maximum(high - low, 1e-6), 0, 1)
        inside = (1 - weight) * ops.take(wanted, place) + weight * ops.take(wanted, place + 1)
        beyond = ops.maximum(length - found[-1], 0) * wanted[-1] / found[-1]
        below = ops.minimum(length / ops.maximum(found[0], 1e-6), 1)
        return inside * below + beyond

    def compute_output_shape(self, walk_shape, duration_shape):
        return walk_shape
