"""What all assimilation of a state vector shares: its input and output, as arrays and as xarray."""

import dataclasses
import warnings

import keras
import numpy as np
import xarray as xr

from geodl.errors import InputError
from geodl.models.base import GeoModel, Variable, check_times_are_numbers


class StateAssimilator(GeoModel):
    """Partial, noisy observations of a window → the states of the window, each with its standard deviation.

    Subclasses define `call(observations)`: (batch, time, component), NaN where missing → (batch, time, component, 2), mean and
    standard deviation.

    `predict(ds)` reads the variable `observations` (time, component), optionally with a leading `sample`, and returns `state`
    and `standard_deviation` on the same coordinates. A window without any observation gets what the model knows without, and
    a warning.

    Args:
        components: size of the state.
        dt: time between two states.

    Raises:
        InputError: by `predict`, a number of components, time step or number of times that the model does not take, times that
            are dates, infinite observations, or states of which none is finite.
    """

    theme = "assimilation"
    shortest = 1  # least number of times in a window
    batch_size = 256  # windows that are worked on at once
    input_variable = Variable("observations", (("time", "component"),), units="1", valid_range=(-np.inf, np.inf))

    def __init__(self, components, dt, **kwargs):
        super().__init__(**kwargs)
        self.components, self.dt = int(components), float(dt)

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        field = self.input_variable.select(ds)
        if field.sizes["component"] != self.components:
            raise InputError(f"Expected observations of {self.components} components; found {field.sizes['component']}.")
        if field.sizes["time"] < self.shortest:
            raise InputError(f"Expected a window of at least {self.shortest} times; found {field.sizes['time']}.")
        check_times_are_numbers(field)
        if "time" in field.coords and not np.allclose(np.diff(field.time.values), self.dt, rtol=1e-3):
            steps = np.diff(field.time.values)
            raise InputError(
                f"Expected times {self.dt:g} time units apart; found steps from {steps.min():g} to {steps.max():g}."
            )
        values = field.values if "sample" in field.dims else field.values[None]
        if np.isinf(values).any():
            raise InputError("Expected observations that are finite, or NaN where missing; found infinity.")
        blind = int((~np.isfinite(values).any(axis=(1, 2))).sum())
        if blind:
            warnings.warn(
                f"{blind} of {len(values)} windows have no observation at all: their states are those of the climatology.",
                stacklevel=3,
            )
        return values.astype(self.variable_dtype)

    def pairs(self, ds: xr.Dataset, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Observations of windows, and their `state`, another variable of `ds`."""
        observations = self.encode(ds)
        state = dataclasses.replace(self.input_variable, name="state").select(ds).values
        return observations, state.reshape(observations.shape).astype(self.variable_dtype)

    def forward(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        found = GeoModel.predict(self, samples, batch_size=self.batch_size, verbose=0)
        return {"state": found[..., 0], "standard_deviation": found[..., 1]}

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        field = self.input_variable.select(ds)
        diverged = ~np.isfinite(fields["state"]).all(axis=(1, 2))
        if diverged.all():
            raise InputError("Expected a model that gives finite states; every window diverged.")
        if diverged.any():
            fields = {name: np.where(diverged[:, None, None], np.nan, values) for name, values in fields.items()}
            warnings.warn(f"{diverged.sum()} of {len(diverged)} windows diverged: their states are NaN.", stacklevel=3)
        names = {"state": "state", "standard_deviation": "standard deviation of the state"}
        variables = {
            name: (field.dims, values if "sample" in field.dims else values[0], {**field.attrs, "long_name": names[name]})
            for name, values in fields.items()
        }
        return xr.Dataset(variables, field.coords, ds.attrs)

    def compute_output_shape(self, input_shape):
        return (*input_shape, 2)

    def compute_output_spec(self, observations, training=None):
        return keras.KerasTensor(self.compute_output_shape(observations.shape), dtype=self.variable_dtype)

    def get_config(self):
        return {**super().get_config(), "components": self.components, "dt": self.dt}
