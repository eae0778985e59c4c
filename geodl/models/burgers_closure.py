"""A coarse solver of Burgers' equation with a closure: what classical and learned closures share."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
import xarray as xr

from geodl.errors import InputError
from geodl.layers import ODEIntegrator
from geodl.layers.closed_dynamics import ClosedDynamics
from geodl.layers.subgrid_network import SubgridNetwork
from geodl.models.base import GeoModel, Variable, check_times_are_numbers

STEEPEST = 3  # times the largest step between neighbours: what the step across periodic ends may be


def burgers_states(ds: xr.Dataset) -> np.ndarray:
    """States u, viscosity and forcing (sample, time, 3, x) of trajectories, as the dataset `burgers` has them.

    >>> ds = xr.Dataset({"u": (("sample", "time", "x"), np.ones((1, 2, 4))), "viscosity": ("sample", [0.1]), "forcing": 0.0})
    >>> print(burgers_states(ds)[0, 0, :, 0])
    [1.  0.1 0. ]
    """
    fields = ds[["u", "viscosity", "forcing"]].to_dataarray("field")
    return fields.transpose("sample", "time", "field", "x").values


@keras.saving.register_keras_serializable(package="geodl")
class BurgersClosure(GeoModel):
    """The state of a coarse grid → the tendency due to scales that it does not resolve; with the solver, its trajectory.

    `predict(ds)` reads `u` (x), optionally with `time`, of which the last one is taken, and a leading `sample`; `viscosity` and
    `forcing` (x) where they are given. It returns `subgrid_tendency`. `rollout(ds, steps)` goes on from there with the closed
    solver and returns `u` at the times that follow.

    Args:
        dynamics: `Burgers` or `BurgersFiniteVolume`, the coarse solver.
        closure: a layer that maps a state to its subgrid tendency; none for the coarse solver alone.
        points: of the grid.
        dt: time step.

    Call arguments:
        state: u, viscosity and forcing (batch, 3, x).

    Returns:
        Subgrid tendency of u (batch, x).

    Example:
        >>> from geodl.dynamics import Burgers
        >>> ds = xr.Dataset({"u": ("x", np.sin(2 * np.pi * np.arange(32) / 32))})
        >>> print(dict(BurgersClosure(Burgers(), None, points=32).rollout(ds, steps=10).sizes))
        {'time': 10, 'x': 32}
    """

    theme = "closure"
    input_variable = Variable("u", (("x",), ("time", "x")), units="1", valid_range=(-np.inf, np.inf))

    def __init__(self, dynamics, closure, points, dt=0.02, **kwargs):
        super().__init__(**kwargs)
        self.dynamics, self.closure = dynamics, closure
        self.points, self.dt = int(points), float(dt)
        self.resolved = dynamics if closure is None else ClosedDynamics(dynamics, closure)
        self._compiled = {}

    @property
    def ends(self) -> str:
        """Of the domain: "periodic", or "zero" for walls."""
        return self.dynamics.ends

    def build(self, input_shape):
        self.resolved.build((None, 3, self.points))

    def call(self, state):
        return tf.zeros_like(state[:, 0]) if self.closure is None else self.closure(state)[:, 0]

    def unrolled(self, steps: int, dt: float | None = None) -> keras.Model:
        """The closed solver as a model that shares the weights of the closure, states (batch, 3, x) → u (batch, steps, x).

        To train it is to train the closure a posteriori.
        """
        state = keras.Input((3, self.points))
        solver = ODEIntegrator(self.resolved, dt or self.dt, steps, save_every=1, dtype=self.dtype_policy)
        return keras.Model(state, solver(state)[:, :, 0])

    def simulate(self, state: np.ndarray, steps: int, dt: float | None = None) -> np.ndarray:
        """U (batch, steps, x) after a state (batch, 3, x), not a number after a blow-up."""
        key = (steps, dt or self.dt)
        if key not in self._compiled:
            self._compiled[key] = tf.function(self.unrolled(*key), jit_compile=True)
        return self._compiled[key](tf.cast(state, self.variable_dtype)).numpy()

    def rollout(self, ds: xr.Dataset, steps: int, dt: float | None = None) -> xr.Dataset:
        """U at the `steps` times that follow the last one of `ds`, `dt` apart.

        Raises:
            InputError: what `predict` refuses, a time step that is not positive or not stable, times that are dates, or a
                solution that blows up.
        """
        dt = self.dt if dt is None else dt
        if not (steps >= 1 and dt > 0):
            raise InputError(f"Expected a positive number of steps and a positive time step; found {steps} and {dt:g}.")
        field = self.input_variable.select(ds)
        check_times_are_numbers(field)
        state = self.encode(ds)
        stable = self.dynamics.largest_stable_step(state)
        if dt > stable:
            raise InputError(
                f"Expected a time step of at most {stable:.2g}, where the scheme is stable for this state; found {dt:g}."
            )
        u = self.simulate(state, steps, dt)
        finite = np.isfinite(u).all(axis=(0, 2))
        if not finite.all():
            step = int(np.argmin(finite))
            before = np.abs(u[:, step - 1] if step else state[:, 0]).max()
            raise InputError(
                f"The solution blew up at step {step + 1} of {steps}, after a largest |u| of {before:.3g}: take a smaller step."
            )
        start = float(np.ravel(field.time)[-1]) if "time" in field.coords else 0.0
        times = ("time", start + dt * np.arange(1, steps + 1), field.time.attrs if "time" in field.coords else {"units": "1"})
        coordinates = {name: c for name, c in field.coords.items() if "time" not in c.dims and name != "time"} | {"time": times}
        dims = (*(dim for dim in field.dims if dim == "sample"), "time", "x")
        return xr.Dataset({"u": (dims, u if "sample" in dims else u[0], field.attrs)}, coordinates, ds.attrs)

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        field = self.input_variable.select(ds)
        if "time" in field.dims:
            field = field.isel(time=-1)
        u = field.values if "sample" in field.dims else field.values[None]
        if u.shape[-1] != self.points:
            raise InputError(f"Expected u on a grid of {self.points} points; found {u.shape[-1]}.")
        if not np.isfinite(u).all():
            raise InputError(f"Expected finite values of u; {int((~np.isfinite(u)).sum())} are not.")
        self._check_ends(u)
        viscosity = self._constant(ds, "viscosity", u)
        if isinstance(self.closure, SubgridNetwork) and viscosity.min() <= 0:
            raise InputError(f"Expected a positive viscosity, whose logarithm the network reads; found {viscosity.min():g}.")
        return np.stack([u, viscosity, self._constant(ds, "forcing", u)], axis=1).astype("float64")

    def _check_ends(self, u):
        if self.ends == "zero":
            if np.abs(u[:, [0, -1]]).max() > 0.05 * np.abs(u).max():
                raise InputError(f"Expected u = 0 at both ends, where there are walls; found {u[0, 0]:.3g} and {u[0, -1]:.3g}.")
            return
        across, inside = np.abs(u[:, 0] - u[:, -1]), np.abs(np.diff(u)).max(axis=1)
        if (across > STEEPEST * inside).any():
            raise InputError(
                f"Expected u to be periodic in x; it jumps by {across.max():.3g} from one end to the other, "
                f"and by {inside.max():.3g} at most in between."
            )

    def _constant(self, ds, name, u):
        """A quantity of each sample that does not change, on the grid."""
        usual = {"viscosity": self.dynamics.values["viscosity"], "forcing": 0.0}[name]
        if name not in ds:
            return np.full(u.shape, usual)
        field = ds[name]
        if set(field.dims) - {"sample", "x"}:
            raise InputError(f"Expected {name} with dimensions among (sample, x); found {field.dims}.")
        values = field.transpose(..., *(d for d in ("sample", "x") if d in field.dims)).values
        if "x" not in field.dims:
            values = values[..., None]
        if not np.isfinite(values).all() or (name == "viscosity" and (values < 0).any()):
            raise InputError(f"Expected finite values of {name}, and a viscosity that is not negative; found {values.min():g}.")
        return np.broadcast_to(values, u.shape)

    def pairs(self, ds: xr.Dataset, seed: int = 0, horizon: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """States of trajectories, and what the coarse solver lacks of their true `tendency`, another variable of `ds`.

        With a horizon, for `unrolled(horizon)`: states at every time step of the model, and u in so many steps that follow.

        Raises:
            InputError: what `predict` refuses; no tendency without a horizon; with one, trajectories that are too short, or
                whose times are not a whole number of times in a time step.
        """
        field = self.input_variable.select(ds)
        if "time" not in field.dims:
            raise InputError("Expected trajectories, with a dimension `time`, to learn from; u has none.")
        u = field.values if "sample" in field.dims else field.values[None]
        if not np.isfinite(u).all():
            raise InputError(f"Expected finite values of u; {int((~np.isfinite(u)).sum())} are not.")
        states = np.repeat(self.encode(ds)[:, None], u.shape[1], axis=1).astype(self.variable_dtype)
        states[:, :, 0] = u
        if horizon is None:
            states = states.reshape(-1, 3, self.points)
            tendency = dataclasses.replace(self.input_variable, name="tendency").select(ds)
            return states, tendency.values.reshape(-1, self.points) - np.asarray(self.dynamics(states))[:, 0]
        if "time" not in field.coords:
            raise InputError("Expected a coordinate `time`; the dataset has none.")
        check_times_are_numbers(field)
        stride = self.dt / np.diff(field.time.values).mean()
        if stride < 0.99 or abs(stride - round(stride)) > 0.01:
            raise InputError(f"Expected times of which a time step of {self.dt:g} is a multiple; it is {stride:.3g} of them.")
        stride = round(stride)
        starts = np.arange(0, u.shape[1] - horizon * stride, stride)
        if not len(starts):
            raise InputError(f"Expected trajectories of more than {horizon * stride} times; found {u.shape[1]}.")
        following = u[:, starts[:, None] + stride * np.arange(1, horizon + 1)].astype(self.variable_dtype)
        return states[:, starts].reshape(-1, 3, self.points), following.reshape(-1, horizon, self.points)

    def forward(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        return {"subgrid_tendency": self(tf.cast(samples, self.variable_dtype)).numpy()}

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        field = self.input_variable.select(ds)
        if "time" in field.dims:
            field = field.isel(time=-1)
        attributes = {"units": "1", "long_name": "tendency of u due to unresolved scales"}
        values = fields["subgrid_tendency"] if "sample" in field.dims else fields["subgrid_tendency"][0]
        return xr.Dataset({"subgrid_tendency": (field.dims, values, attributes)}, field.coords, ds.attrs)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])

    def get_config(self):
        closure = None if self.closure is None else keras.saving.serialize_keras_object(self.closure)
        own = {"dynamics": keras.saving.serialize_keras_object(self.dynamics), "closure": closure}
        return {**super().get_config(), **own, "points": self.points, "dt": self.dt}

    @classmethod
    def from_config(cls, config):
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("dynamics", "closure") if key in config}
        return cls(**{**config, **parts})
