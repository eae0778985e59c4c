"""Weak-constraint 4D-Var: all states of the window are unknown, and the model may be a little wrong."""

import keras
import numpy as np
import tensorflow as tf

from geodl.baselines.classical_assimilator import ClassicalAssimilator
from geodl.baselines.state_interpolation import StateInterpolation
from geodl.layers import LBFGS, BackgroundCost, DynamicsCost, ObservationCost, ODEIntegrator, VariationalCost


@keras.saving.register_keras_serializable(package="geodl")
class InitialBackgroundCost(BackgroundCost):
    """`BackgroundCost` of the first state of a window, for a background (batch, component)."""

    def call(self, state, background):
        return super().call(state[:, 0], background)


class WeakConstraint4DVar(ClassicalAssimilator):
    r"""Minimises `DynamicsCost`, `ObservationCost` and the `BackgroundCost` of the first state by L-BFGS.

    The background is the climatology. The model error \(q\) becomes smaller and smaller: a large \(q\) first makes the cost
    nearly quadratic; each minimum is the first guess of the next one.

    Args:
        dynamics: the equation of motion, exact or learned.
        components: size of the state.
        dt: time between two states.
        variance: of the observation errors.
        model_errors: variances \(q\), in order.
        iterations: of L-BFGS, for each \(q\).
        ring: components lie on a circle, and all are alike.
        first_guess: model whose estimate the minimisation starts from; by default `StateInterpolation`.

    References:
        Trémolet (2006), Accounting for an imperfect model in 4D-Var, Quarterly Journal of the Royal Meteorological Society 132.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> model = WeakConstraint4DVar(Lorenz63(), 3, 0.01, model_errors=(0.1,), iterations=5)
        >>> model = model.estimate(np.random.default_rng(0).standard_normal((9, 20, 3)))
        >>> print(tuple(model(np.zeros((2, 20, 3), "float32")).shape))
        (2, 20, 3, 2)
    """

    def __init__(
        self,
        dynamics,
        components,
        dt,
        variance=2.0,
        model_errors=(1.0, 0.1, 0.001),
        iterations=200,
        ring=False,
        first_guess=None,
    ):
        super().__init__(components, dt, variance)
        self.model_errors, self.iterations = tuple(model_errors), int(iterations)
        # The steps that L-BFGS remembers of a batch should fit the cache.
        self.batch_size = max(1, min(self.batch_size, 1280 // self.components))
        self.step = ODEIntegrator(dynamics, dt, 1)
        self.interpolation = StateInterpolation(components, dt, variance, ring)
        self.first_guess = self.interpolation if first_guess is None else first_guess
        self._compiled = tf.function(self.minimise, jit_compile=True)

    def estimate(self, states: np.ndarray) -> "WeakConstraint4DVar":
        """Takes the climatology of states (sample, time, component) as background and for the first guess."""
        self.interpolation.estimate(states)
        flat = states.reshape(-1, self.components)
        terms = {
            "observation": ObservationCost(variance=self.variance),
            "background": InitialBackgroundCost(covariance=np.cov(flat.T)),
        }
        self.solvers = [
            LBFGS(VariationalCost({**terms, "dynamics": DynamicsCost(self.step, q)}), self.iterations)
            for q in self.model_errors
        ]
        return super().estimate(states)

    def call(self, observations):
        guess = self.first_guess(observations)
        state = self._compiled(tf.convert_to_tensor(observations), guess[..., 0])
        return tf.stack([state, tf.fill(tf.shape(state), np.float32(np.nan))], axis=-1)

    def minimise(self, observations, state):
        """States (batch, time, component) from a first guess."""
        background = tf.broadcast_to(self.climatology, tf.shape(state[:, 0]))
        for solver in self.solvers:
            state = solver(state, observations, background)
        return state
