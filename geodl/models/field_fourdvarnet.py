"""4DVarNet on fields: a learned solver of a learned cost improves the estimate of a U-Net."""

import keras
from keras import ops

from geodl.layers.cost_terms import ObservationCost, PriorCost
from geodl.layers.priors import FieldAutoencoder
from geodl.layers.recurrent_solver import RecurrentSolver
from geodl.layers.variational_cost import VariationalCost
from geodl.layers.window_tokens import FieldTokens
from geodl.models.field_unet import FieldUNet


@keras.saving.register_keras_serializable(package="geodl")
class FieldFourDVarNet(FieldUNet):
    r"""Starts from the estimate of a `FieldUNet` and descends a cost by a learned solver.

    $$ J(\mathbf x) = \alpha_o\, |\mathbf y - \mathbf x|^2 + \alpha_r\, |\mathbf x - \varphi(\mathbf x)|^2 $$

    States are anomalies over the scale of the training data, 0 on land; the first term is over observed pixels. The prior
    \(\varphi\), the weights \(\alpha\) and the solver are trained together with the U-Net.

    Args:
        iterations: of the solver.
        hidden: channels of the solver.
        prior_channels: channels of \(\varphi\).
        **settings: those of `FieldUNet`.

    Call arguments:
        inputs: as those of `FieldUNet`.

    Returns:
        (batch, day, y, x, 2): mean and standard deviation.

    References:
        Fablet et al. (2021), Learning variational data assimilation models and solvers, JAMES 13.

    Example:
        >>> model = FieldFourDVarNet(2, hidden=8, prior_channels=4, days=5, filters=(8, 16), blocks=(1, 1))
        >>> print(tuple(model(np.ones((2, 5, 5, 12, 16), "float32")).shape))
        (2, 5, 12, 16, 2)
    """

    def __init__(self, iterations, hidden, prior_channels, **settings):
        super().__init__(**settings)
        self.iterations, self.hidden, self.prior_channels = int(iterations), int(hidden), int(prior_channels)
        dtype = self.dtype_policy
        prior = PriorCost(FieldAutoencoder(self.prior_channels, dtype=dtype), dtype=dtype)
        self.cost = VariationalCost({"observation": ObservationCost(dtype=dtype), "prior": prior}, learned=True, dtype=dtype)
        self.solver = RecurrentSolver(self.cost, self.iterations, FieldTokens(2, dtype=dtype), self.hidden, dtype=dtype)

    def build(self, input_shape):
        super().build(input_shape)
        self.solver.build((None, self.days, None, None))

    def call(self, inputs, training=None):
        inputs = ops.cast(inputs, self.variable_dtype)
        estimate, deviation, observations, mean, sea = ops.unstack(inputs, axis=2)
        correction, factor = self.correction(inputs)
        first = (estimate + deviation * correction - mean) * sea / self.scale
        solved = self.solver(first, (observations - mean) / self.scale)
        return ops.stack([mean + self.scale * sea * solved, deviation * factor], axis=-1)

    def get_config(self):
        settings = {"iterations": self.iterations, "hidden": self.hidden, "prior_channels": self.prior_channels}
        return {**super().get_config(), **settings}
