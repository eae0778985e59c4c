"""Do simulated values have the distribution of the real ones?"""

import keras
from keras import ops

SIDE = 0.05  # of a probability, within which quantiles give the density


def masked_quantiles(values, known, probabilities):
    """Quantiles of the values that are known, between order statistics, differentiable with respect to the values.

    Args:
        values: (n,).
        known: (n,), boolean; at least one is true.
        probabilities: (q,), in [0, 1].

    Returns:
        (q,).
    """
    # What is not known is sorted behind the largest value that is.
    largest = ops.max(ops.where(known, values, -float("inf")))
    ordered = ops.sort(ops.where(known, values, largest))
    place = probabilities * (ops.cast(ops.sum(ops.cast(known, "int32")), values.dtype) - 1)
    below = ops.cast(ops.floor(place), "int32")
    above = ops.minimum(below + 1, ops.shape(values)[0] - 1)
    weight = place - ops.cast(below, values.dtype)
    return (1 - weight) * ops.take(ordered, below) + weight * ops.take(ordered, above)


@keras.saving.register_keras_serializable(package="geodl")
class WassersteinLoss(keras.losses.Loss):
    r"""Distance of two empirical distributions, by their sorted values: \(\overline{|F^{-1}(p) - \hat F^{-1}(p)|}\).

    Values that are not finite are ignored. The mean over the quantiles p approximates the integral that defines the
    Wasserstein distance of order 1.

    Args:
        quantiles: number of them.

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
        real, simulated = (ops.reshape(ops.cast(values, "float32"), (-1,)) for values in (real, simulated))
        distance = ops.abs(self._at(real, probabilities) - self._at(simulated, probabilities))
        if self.ranks:
            above, below = (self._at(real, ops.clip(probabilities + side, 0.0, 1.0)) for side in (SIDE, -SIDE))
            distance = 2 * SIDE * distance / ops.stop_gradient(ops.maximum(above - below, 1e-6))
        return distance

    def _at(self, values, probabilities):
        known = ops.isfinite(values)
        return masked_quantiles(ops.where(known, values, 0), known, probabilities)

    def get_config(self):
        return {**super().get_config(), "quantiles": self.quantiles, "ranks": self.ranks}
