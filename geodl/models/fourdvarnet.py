"""4DVarNet: a variational cost and its solver, learned end to end."""

import keras
from keras import ops

from geodl.layers.cost_terms import ObservationCost, PriorCost
from geodl.layers.recurrent_solver import RecurrentSolver
from geodl.layers.variational_cost import VariationalCost
from geodl.layers.window_tokens import WindowTokens
from geodl.models.state_assimilator import StateAssimilator


@keras.saving.register_keras_serializable(package="geodl")
class FourDVarNet(StateAssimilator):
    r"""Improves a first guess by a learned solver of a variational cost.

    $$ J(\mathbf x) = \alpha_o\, |\mathbf y - \mathbf x|^2 + \alpha_r\, |\mathbf x - \varphi(\mathbf x)|^2 $$

    The distance to the observations is over what is observed. The weights \(\alpha\), the solver, the guess and, where it has
    weights, the prior \(\varphi\) are trained together on the error of the state. All of it works on normalised states.

    Args:
        guess: the first guess, a `DirectNetwork`; it normalises, knows the symmetry of the equation, and gives the standard
            deviation.
        prior: \(\varphi\), a layer that maps a normalised window (batch, time, component) to one, such as `DynamicsPrior` or
            `BilinearAutoencoder`.
        iterations: of the solver.
        hidden: channels of the solver.
        prior_weight: weight in the training loss of the prior cost, a component and time, of the estimate and of the truth.

    Call arguments:
        observations: (batch, time, component), NaN where missing.

    Returns:
        (batch, time, component, 2): mean and standard deviation.

    References:
        Fablet et al. (2021), Learning variational data assimilation models and solvers, JAMES 13.

    Example:
        >>> from geodl.layers import BilinearAutoencoder
        >>> from geodl.models import DirectNetwork
        >>> guess = DirectNetwork(components=3, dt=0.01, patch=8, channels=16, dilations=(1, 2))
        >>> model = FourDVarNet(guess, BilinearAutoencoder(channels=8), iterations=2, hidden=8)
        >>> print(tuple(model(np.full((2, 40, 3), np.nan, "float32")).shape))
        (2, 40, 3, 2)
    """

    def __init__(self, guess, prior, iterations, hidden, prior_weight=0.0, **kwargs):
        super().__init__(guess.components, guess.dt, **kwargs)
        self.guess, self.prior = guess, prior
        self.iterations, self.hidden, self.prior_weight = int(iterations), int(hidden), float(prior_weight)
        dtype = self.dtype_policy
        terms = {"observation": ObservationCost(dtype=dtype), "prior": PriorCost(prior, dtype=dtype)}
        self.cost = VariationalCost(terms, learned=True, dtype=dtype)
        tokens = WindowTokens(guess.patch, ring=guess.reach is not None, dtype=dtype)
        kernel_size = (3, 1 if guess.reach is None else 2 * guess.reach + 1)
        self.solver = RecurrentSolver(self.cost, self.iterations, tokens, self.hidden, kernel_size, dtype=dtype)

    @property
    def shortest(self):
        """Least number of times in a window: the prior must be able to compare two."""
        return getattr(self.prior, "lag", 0) + 1

    def build(self, input_shape):
        if not self.guess.built:
            self.guess.build(input_shape)
        self.solver.build(input_shape)

    def call(self, observations, training=None):
        return self.guess.distribution(self.estimate, observations, training)

    def estimate(self, observations):
        """States (batch, time, component), from one run of the solver."""
        state = self.solver(self._normalised(self.guess.estimate(observations)), self._normalised(observations))
        return self.guess.mean + self.guess.scale * state

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not self.prior_weight:
            return loss
        cost = self.cost.terms["prior"]
        costs = [ops.mean(cost(self._normalised(state))) for state in (y_pred[..., 0], y)]
        size = ops.cast(ops.prod(ops.shape(y)[1:]), costs[0].dtype)
        return loss + self.prior_weight * sum(costs) / size

    def _normalised(self, state):
        return (state - self.guess.mean) / self.guess.scale

    def get_config(self):
        config = super().get_config()
        for name in ("components", "dt"):  # those of the guess
            config.pop(name)
        guess = keras.saving.serialize_keras_object(self.guess)
        guess.pop("compile_config", None)  # or the state of its optimizer would be saved, too
        return {
            **config,
            "guess": guess,
            "prior": keras.saving.serialize_keras_object(self.prior),
            "iterations": self.iterations,
            "hidden": self.hidden,
            "prior_weight": self.prior_weight,
        }

    @classmethod
    def from_config(cls, config):
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("guess", "prior")}
        return cls(**{**config, **parts})
