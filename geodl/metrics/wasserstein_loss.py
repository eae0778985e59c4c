"""Do simulated values have the distribution of the real ones?"""

import keras
from keras import ops

SIDE = 0.05  # of a probability, within which quantiles give the density


@keras.saving.register_keras_serializable(package="geodl")
class WassersteinLoss(keras.losses.Loss):
    r"""Distance of two empirical distributions, by their sorted values: \(\overline{|F^{-1}(p) - \hat F^{-1}(p)|}\).

    Values that are not finite are ignored. The mean over the quantiles p approximates the integral that defines the
    Wasserstein distance of order 1.

    Args:
        quantiles: number of them.
        ranks: divides each difference by \(F^{-1}(p + .05) - F^{-1}(p - .05)\) of the real values, times .1: it is then about
            the difference of the two distribution functions, has no unit, and dense values count as in a KS distance.

    Call arguments:
        real: values, of any shape.
        simulated: values, of any other shape.

    References:
        Deshpande et al. (2018), Generative modeling using the sliced Wasserstein distance, CVPR.

    Example:
        >>> print(np.array(WassersteinLoss()(np.float32([1, 2, np.nan]), np.float32([4, 5, 4.5]))))
        3.0
    """

    def __init__(self, quantiles=100, ranks=False, name="wasserstein_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.quantiles, self.ranks = int(quantiles), bool(ranks)

    def call(self, real, simulated):
        probabilities = (ops.arange(self.quantiles, dtype="float32") + 0.5) / self.quantiles
        if not self.ranks:
            return ops.abs(_quantiles(real, probabilities) - _quantiles(simulated, probabilities))
        above, below = (ops.clip(probabilities + side, 0.0, 1.0) for side in (SIDE, -SIDE))
        wanted, above, below = ops.split(_quantiles(real, ops.concatenate([probabilities, above, below])), 3)
        distance = ops.abs(wanted - _quantiles(simulated, probabilities))
        return 2 * SIDE * distance / ops.maximum(above - below, 1e-6)

    def get_config(self):
        return {**super().get_config(), "quantiles": self.quantiles, "ranks": self.ranks}


def _quantiles(values, probabilities):
    """Quantiles of the values that are finite, between order statistics; differentiable with respect to the values."""
    values = ops.reshape(ops.cast(values, "float32"), (-1,))
    known = ops.isfinite(values)
    # What is missing is sorted behind the largest value.
    values = ops.where(known, values, 0)
    ordered = ops.sort(ops.where(known, values, ops.max(ops.where(known, values, -float("inf")))))
    place = probabilities * ops.cast(ops.sum(ops.cast(known, "int32")) - 1, "float32")
    below = ops.cast(ops.floor(place), "int32")
    above = ops.minimum(below + 1, ops.shape(values)[0] - 1)
    weight = place - ops.cast(below, "float32")
    return (1 - weight) * ops.take(ordered, below) + weight * ops.take(ordered, above)
