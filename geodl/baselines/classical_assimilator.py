"""What classical methods of assimilation share: a climatology, the variance of the observation errors, batches of windows."""

import numpy as np

from geodl.errors import InputError
from geodl.models.state_assimilator import StateAssimilator


class ClassicalAssimilator(StateAssimilator):
    """A `StateAssimilator` without training: `estimate(states)` tells it the climatology.

    Args:
        components: size of the state.
        dt: time between two states.
        variance: of the observation errors.

    Raises:
        ValueError: a variance that is not positive.
    """

    climatology = None  # mean (component,) of the states, once `estimate` was called

    def __init__(self, components, dt, variance=2.0):
        super().__init__(components, dt)
        if not variance > 0:
            raise ValueError(f"Expected a positive variance; found {variance}.")
        self.variance = float(variance)

    def estimate(self, states: np.ndarray) -> "ClassicalAssimilator":
        """Takes the climatology from states (sample, time, component)."""
        self.climatology = states.mean(axis=(0, 1)).astype(self.variable_dtype)
        return self

    def forward(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        if self.climatology is None:
            raise InputError(f"{type(self).__name__} needs a climatology: call estimate(states) before.")
        batches = [samples[i : i + self.batch_size] for i in range(0, len(samples), self.batch_size)]
        found = np.concatenate([np.array(self(batch)) for batch in batches])
        fields = {"state": found[..., 0], "standard_deviation": found[..., 1]}
        # A method without an estimate of its error gives NaN.
        return fields if np.isfinite(found[..., 1]).any() else {"state": found[..., 0]}
