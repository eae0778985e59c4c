"""The criterion of networks that give the distribution of the next step of a trip."""

import keras
from keras import ops

from geodl.layers.step_mixture import StepMixture


@keras.saving.register_keras_serializable(package="geodl")
class StepLikelihood(keras.losses.Loss):
    r"""Minus the mean logarithm of the density of steps, over those that are known and over members of an ensemble.

    Call arguments:
        steps: (..., 2): length and turning angle, NaN where there is none.
        parameters: (..., member, component, 5), of `StepMixture`s.

    Example:
        >>> step = np.float32([[1.0, 0.0], [np.nan, np.nan]])
        >>> print(np.array(StepLikelihood()(step, np.zeros((2, 3, 2, 5), "float32"))).round(2))
        2.78
    """

    def __init__(self, name="step_likelihood", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, steps, parameters):
        known = ops.isfinite(steps[..., 0])[..., None]
        length, turn = (
            ops.where(known, part[..., None], value)
            for part, value in zip(ops.unstack(steps, axis=-1), (1.0, 0.0), strict=True)
        )
        density = StepMixture(parameters).log_prob(length, turn)
        counted = ops.cast(known, density.dtype) + ops.zeros_like(density)
        return -ops.sum(counted * density) / ops.sum(counted)
