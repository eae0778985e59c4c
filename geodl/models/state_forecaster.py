"""What all forecasts of a dynamical system share: their input and output, as arrays and as xarray."""

import keras
import numpy as np
import tensorflow as tf
import xarray as xr

from geodl.errors import InputError
from geodl.models.base import GeoModel, Variable, check_times_are_numbers

PAST = 8  # states of a window that are input


@keras.saving.register_keras_serializable(package="geodl")
class StateForecaster(GeoModel):
    """Past states of a dynamical system, `dt` apart → the next ones.

    Subclasses define `call(past)`: states (batch, past, component) → (batch, horizon, component), the forecast that they are
    trained on, and `rollout(past, steps)`, the same for any number of steps.

    `predict(ds, steps=n)` reads the variable `state` (time, component), optionally with a leading `sample`, and returns
    `state` at the n times that follow its last one.

    Args:
        components: size of the state.
        dt: time between two states.
        horizon: number of states that `call` returns.

    Raises:
        InputError: by `predict`, a number of components, time step or number of times that the model does not take, no `time`
            or one that holds dates, a last state that is not finite, or no positive number of steps.
    """

    theme = "forecasting"
    past = 1  # number of past states that a forecast needs
    input_variable = Variable("state", (("time", "component"),), units="1", valid_range=(-np.inf, np.inf))

    def __init__(self, components, dt, horizon=1, **kwargs):
        super().__init__(**kwargs)
        self.components, self.dt, self.horizon = int(components), float(dt), int(horizon)
        # Compiled, long loops are fast and have no assertions: a forecast that blows up is not a number from there on.
        self._compiled_rollout = tf.function(self.rollout, jit_compile=True)

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        field = self.input_variable.select(ds)
        if field.sizes["component"] != self.components:
            raise InputError(f"Expected a state of {self.components} components; found {field.sizes['component']}.")
        if field.sizes["time"] < self.past:
            raise InputError(f"Expected at least {self.past} times of `state`; found {field.sizes['time']}.")
        if "time" not in field.coords:
            raise InputError("Expected a coordinate `time` of numbers, in the time units of the equation; found none.")
        check_times_are_numbers(field)
        steps = np.diff(field.time.values)
        if not np.allclose(steps, self.dt, rtol=1e-3):
            raise InputError(
                f"Expected states {self.dt:g} time units apart; found steps from {steps.min():g} to {steps.max():g}."
            )
        values = field.values if "sample" in field.dims else field.values[None]
        last = values[:, -self.past :]
        if not np.isfinite(last).all():
            step = int(np.argmin(np.isfinite(values).all(axis=(0, 2))))
            raise InputError(f"Expected finite states; found a value that is not finite at time step {step} of the dataset.")
        return last

    def pairs(self, ds: xr.Dataset, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """All windows of eight states of trajectories, and the `horizon` states that follow; windows with gaps are left out.

        Raises:
            InputError: what `predict` refuses, or no window that is whole.
        """
        self.encode(ds)
        values = self.input_variable.select(ds).values.reshape(-1, ds.sizes["time"], self.components)
        if values.shape[1] < PAST + self.horizon:
            raise InputError(f"Expected {PAST + self.horizon} times or more to learn from; found {values.shape[1]}.")
        windows = np.lib.stride_tricks.sliding_window_view(values, PAST + self.horizon, axis=1)
        windows = windows.swapaxes(-1, -2).reshape(-1, PAST + self.horizon, self.components)
        windows = windows[np.isfinite(windows).all(axis=(1, 2))].astype(self.variable_dtype)
        if not len(windows):
            raise InputError(f"Expected {PAST + self.horizon} states in a row that are finite; found none.")
        return windows[:, :PAST], windows[:, PAST:]

    def forward(self, samples: np.ndarray, steps: int = 1) -> dict[str, np.ndarray]:
        if steps < 1:
            raise InputError(f"Expected a positive number of steps; found {steps}.")
        return {"state": self._compiled_rollout(tf.cast(samples, self.variable_dtype), steps).numpy()}

    def rollout(self, past, steps: int):
        """States (batch, steps, component) that follow `past` (batch, past, component)."""
        raise NotImplementedError(f"{type(self).__name__} does not define `rollout`.")

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        field = self.input_variable.select(ds)
        states = fields["state"]
        times = field.time.values[-1] + self.dt * np.arange(1, states.shape[1] + 1)
        coordinates = {name: c for name, c in field.coords.items() if "time" not in c.dims}
        coordinates["time"] = ("time", times, field.time.attrs)
        values = states if "sample" in field.dims else states[0]
        return xr.Dataset({"state": (field.dims, values, field.attrs)}, coordinates, ds.attrs)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.horizon, self.components)

    def compute_output_spec(self, past, training=None):
        return keras.KerasTensor(self.compute_output_shape(past.shape), dtype=self.variable_dtype)

    def get_config(self):
        return {**super().get_config(), "components": self.components, "dt": self.dt, "horizon": self.horizon}
