"""Weak-constraint 4D-Var: all states of the window are unknown, and the model may be a little wrong."""

import numpy as np
import tensorflow as tf

from geodl.baselines.optimal_interpolation import OptimalInterpolation
from geodl.layers import LBFGS, DynamicsCost, ObservationCost, ODEIntegrator, VariationalCost
from geodl.models.state_assimilator import StateAssimilator


class WeakConstraint4DVar(StateAssimilator):
    r"""Minimises the `DynamicsCost` and the `ObservationCost` by L-BFGS, with less and less model error \(q\).

    A large \(q\) first makes the cost nearly quadratic; each minimum is the first guess of the next one.

    Args:
        dynamics: the equation of motion, exact or learned.
        components: size of the state.
        dt: time between two states.
        variance: of the observation errors.
        model_errors: variances \(q\), in order.
        iterations: of L-BFGS, for each \(q\).
        ring: components lie on a circle, and all are alike.
        first_guess: model whose estimate the minimisation starts from; by default `OptimalInterpolation`, whose covariances
            `estimate` finds.

    References:
        Trémolet (2006), Accounting for an imperfect model in 4D-Var, Quarterly Journal of the Royal Meteorological Society 132.

    Example:
        >>> from geodl.dynamics import Lorenz63
        >>> model = WeakConstraint4DVar(Lorenz63(), 3, 0.01, iterations=5)
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
        super().__init__(components, dt)
        self.variance = float(variance)
        step, observation = ODEIntegrator(dynamics, dt, 1), ObservationCost(variance=variance)
        self.solvers = [
            LBFGS(
                VariationalCost({"observation": observation, "dynamics": DynamicsCost(step, q)}),
                iterations,
            )
            for q in model_errors
        ]
        self.first_guess = OptimalInterpolation(components, dt, variance, ring) if first_guess is None else first_guess
        self._compiled = tf.function(self.minimise, jit_compile=True)

    def estimate(self, states: np.ndarray) -> "WeakConstraint4DVar":
        """Finds the covariances of the first guess, `OptimalInterpolation`."""
        self.first_guess.estimate(states)
        return self

    def call(self, observations):
        guess = self.first_guess(observations)
        state = self._compiled(tf.convert_to_tensor(observations), guess[..., 0])
        return tf.stack([state, tf.fill(tf.shape(state), np.float32(np.nan))], axis=-1)

    def minimise(self, observations, state):
        """States (batch, time, component) from a first guess."""
        for solver in self.solvers:
            state = solver(state, observations)
        return state

    def forward(self, samples):
        found = [self(samples[i : i + self.batch_size]).numpy() for i in range(0, len(samples), self.batch_size)]
        return {"state": np.concatenate(found)[..., 0]}
