"""Forecasts that integrate a tendency from the last state."""

from geodl.layers import ODEIntegrator
from geodl.models.state_forecaster import StateForecaster


class TendencyForecaster(StateForecaster):
    """A `StateForecaster` whose subclasses give a layer `tendency`, integrated with `substeps` steps between two states.

    Args:
        components: size of the state.
        dt: time between two states.
        tendency: layer that maps a state (batch, component) to its tendency.
        substeps: steps of the integration between two states.
        horizon: number of states that `call` returns.
    """

    def __init__(self, components, dt, tendency, substeps=1, horizon=1, **kwargs):
        super().__init__(components, dt, horizon, **kwargs)
        self.tendency, self.substeps = tendency, int(substeps)
        self.integrator = self._integrator(self.horizon)

    def build(self, input_shape):
        self.integrator.build((input_shape[0], self.components))

    def call(self, past):
        return self.integrator(past[:, -1])

    def rollout(self, past, steps):
        return self._integrator(steps)(past[:, -1])

    def step(self, state):
        """State (batch, component) after `dt`."""
        return self._integrator(1)(state)[:, 0]

    def _integrator(self, steps):
        return ODEIntegrator(
            self.tendency,
            self.dt / self.substeps,
            steps * self.substeps,
            save_every=self.substeps,
            dtype=self.dtype_policy,
        )

    def get_config(self):
        return {**super().get_config(), "substeps": self.substeps}
