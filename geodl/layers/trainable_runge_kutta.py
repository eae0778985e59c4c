"""A Runge–Kutta scheme whose coefficients are trained."""

import keras
from keras import ops

from geodl.layers.butcher_tableau import ButcherTableau


@keras.saving.register_keras_serializable(package="geodl")
class TrainableRungeKutta(keras.layers.Layer):
    r"""An explicit scheme with trainable coefficients that is consistent whatever their values.

    \(a\) is strictly lower triangular, \(0 = c_1 \le c_2 \le \dots \le 1\) with \(\sum_j a_{ij} = c_i\), \(b_i \ge 0\) and
    \(\sum_i b_i = 1\): the increments of \(c\) and the weights \(b\) are softmaxes, and each row of \(a\) is shifted to
    its sum. It starts with equal weights and equally spaced times.

    Args:
        stages: number of stages.

    Raises:
        ValueError: fewer than one stage.

    References:
        Ouala et al. (2021), Learning Runge–Kutta integration schemes for ODE simulation and identification, arXiv:2105.04999.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> from geodl.layers import ODEIntegrator
        >>> integrator = ODEIntegrator(Lorenz63(), dt=0.2, steps=1, scheme=TrainableRungeKutta(stages=4))
        >>> print(len(integrator.trainable_weights))
        3
    """

    def __init__(self, stages, **kwargs):
        super().__init__(**kwargs)
        if stages < 1:
            raise ValueError(f"`stages` must be at least 1, found {stages}.")
        self.stages = int(stages)
        shape = (self.stages, self.stages)
        self.coupling = self.add_weight(shape, "zeros", name="coupling")
        self.increments = self.add_weight((self.stages,), "zeros", name="increments")
        self.weights_before_softmax = self.add_weight((self.stages,), "zeros", name="weights")

    def tableau(self, dtype) -> ButcherTableau:
        """The coefficients as tensors."""
        coupling, increments, weights = (
            ops.cast(v, dtype) for v in (self.coupling, self.increments, self.weights_before_softmax)
        )
        # The last increment is the distance of the last stage from the end of the step.
        c = ops.concatenate([ops.zeros((1,), dtype), ops.cumsum(ops.softmax(increments))[:-1]])
        a = []
        for i in range(self.stages):
            row = coupling[i, :i]
            a.append(ops.unstack(row + (c[i] - ops.sum(row)) / max(i, 1), i) if i else ())
        b = ops.unstack(ops.softmax(weights), self.stages)
        return ButcherTableau(a=tuple(map(tuple, a)), b=tuple(b), c=tuple(ops.unstack(c, self.stages)), order=1)

    def get_config(self):
        return {**super().get_config(), "stages": self.stages}
