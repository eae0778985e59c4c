"""What all closures of the subgrid flux of a scalar share: their input and output, and large-eddy simulation with them."""

import dataclasses
import re

import keras
import numpy as np
import tensorflow as tf
import xarray as xr

from geodl.dynamics import NavierStokes3D
from geodl.errors import InputError
from geodl.layers.eddy_viscosity import ScalarClosure
from geodl.layers.spectral_integrator import SpectralIntegrator
from geodl.models.base import GeoModel, Variable

GRID = ("x", "y", "z")
FIELDS = ("u", "v", "w", "scalar")
VARIABLES = tuple(Variable(name, (GRID,), units="1", valid_range=(-np.inf, np.inf)) for name in FIELDS)
FLUX = "subgrid_flux_divergence"
BATCH = 8  # samples that are computed at once
STEP = 0.8  # time step of a simulation times the points of a side


@keras.saving.register_keras_serializable(package="geodl")
class SubgridFluxModel(GeoModel):
    r"""Velocity and scalar on a coarse grid → divergence of the flux of the scalar by eddies that the grid does not resolve.

    $$ \partial_t \bar\theta + \nabla \cdot (\bar{\mathbf u} \bar\theta) = \kappa \nabla^2 \bar\theta
       - \nabla \cdot \boldsymbol\tau, \qquad \tau_i = \overline{u_i \theta} - \bar u_i \bar\theta $$

    Subclasses define `call(state)`: \(u, v, w, \theta\) (batch, 4, x, y, z) → \(\nabla \cdot \boldsymbol\tau\)
    (batch, x, y, z).

    `predict(ds)` reads `u`, `v`, `w` and `scalar` (x, y, z), optionally with a leading `sample`, on a regular grid of the
    periodic box (0, 2π)³, and returns `subgrid_flux_divergence` on the same grid. `rollout(ds, steps)` simulates.
    """

    theme = "closure"
    input_variable = VARIABLES[-1]

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)  # Fourier transforms want single precision

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        fields = [variable.select(ds) for variable in VARIABLES]
        shape = fields[0].shape
        for field in fields:
            if field.dims != fields[0].dims or field.shape != shape:
                raise InputError(f"Expected {field.name} of shape {shape}, as {FIELDS[0]}; found {field.shape}.")
            if not np.isfinite(field.values).all():
                raise InputError(
                    f"Expected {field.name} without gaps; {int((~np.isfinite(field.values)).sum())} values are missing."
                )
        _check_grid(fields[0])
        state = np.stack([field.values.astype("float32") for field in fields], axis=-4)
        return state if "sample" in fields[0].dims else state[None]

    def pairs(self, ds: xr.Dataset, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """States, and `subgrid_flux_divergence`, another variable of `ds` on the same grid."""
        flux = dataclasses.replace(self.input_variable, name=FLUX).select(ds).values.astype("float32")
        state = self.encode(ds)
        return state, flux.reshape(len(state), *state.shape[2:])

    def forward(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        batches = [self.predict_on_batch(samples[start : start + BATCH]) for start in range(0, len(samples), BATCH)]
        return {FLUX: np.concatenate(batches).astype("float32")}

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        scalar = VARIABLES[-1].select(ds)
        values = fields[FLUX] if "sample" in scalar.dims else fields[FLUX][0]
        attributes = {"units": "1", "long_name": "divergence of the subgrid flux of the scalar"}
        return xr.Dataset({FLUX: (scalar.dims, values, attributes)}, scalar.coords, {**ds.attrs, "Conventions": "CF-1.11"})

    def rollout(self, ds: xr.Dataset, steps: int, dt: float | None = None, save_every: int = 1) -> xr.Dataset:
        """Large-eddy simulation from the fields of `ds`, this model closing the scalar, `EddyViscosity` the velocity.

        Args:
            ds: as for `predict`, with attributes `viscosity`, `diffusivity`, `energy_injection` and `variance_injection`.
            steps: number of steps.
            dt: time step; by default .8 over the number of points of a side.
            save_every: keep the fields after each so many steps, a divisor of `steps`.

        Returns:
            `u`, `v`, `w`, `scalar` and `subgrid_flux_divergence`, with a dimension `time` before the grid.

        Raises:
            InputError: what `predict` refuses, an attribute is missing, the time step is not stable for these fields, or the
                simulation blew up.
        """
        state, dynamics = self.encode(ds), dynamics_of(ds)
        dt = dt or STEP / state.shape[-1]
        largest = dynamics.largest_stable_step(state)
        if not 0 < dt <= largest:
            raise InputError(f"Expected a positive time step of at most {largest:.3g} for these fields; found {dt:g}.")
        if steps < 1 or steps % save_every:
            raise InputError(f"Expected a positive number of steps, a multiple of {save_every}; found {steps}.")
        integrator = SpectralIntegrator(dynamics, dt, steps, save_every, closure=ScalarClosure(self))
        try:
            states = integrator(tf.constant(state)).numpy()
        except tf.errors.InvalidArgumentError as error:
            finite = re.search(r"largest mode:\] \[(\d+)\]", error.message)[1]
            raise InputError(
                f"Expected a simulation that stays finite; it blew up after {finite} of {steps} steps of {dt:g}: "
                f"take a shorter step, or another closure."
            ) from error
        count = states.shape[1]
        closure = self.forward(states.reshape(-1, *state.shape[1:]))[FLUX].reshape(len(state), count, *state.shape[2:])
        scalar = VARIABLES[-1].select(ds)
        dims = (*(dim for dim in scalar.dims if dim == "sample"), "time", *GRID)
        fields = [*np.moveaxis(states, 2, 0), closure]
        return xr.Dataset(
            {
                name: (dims, field if "sample" in dims else field[0], {"units": "1"})
                for name, field in zip((*FIELDS, FLUX), fields, strict=True)
            },
            {**scalar.coords, "time": ("time", dt * save_every * np.arange(1, count + 1), {"units": "1"})},
            ds.attrs,
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *input_shape[2:])

    def compute_output_spec(self, state, training=None):
        return keras.KerasTensor(self.compute_output_shape(state.shape), dtype=self.variable_dtype)


def dynamics_of(ds: xr.Dataset) -> NavierStokes3D:
    """The equations that the attributes of a dataset name.

    Raises:
        InputError: an attribute is missing.
    """
    missing = [name for name in NavierStokes3D.parameters if name not in ds.attrs]
    if missing:
        raise InputError(
            f"Expected the attributes {', '.join(NavierStokes3D.parameters)} to simulate; {', '.join(missing)} missing."
        )
    return NavierStokes3D(**{name: float(ds.attrs[name]) for name in NavierStokes3D.parameters})


def _check_grid(field: xr.DataArray) -> None:
    points = field.shape[-1]
    if field.shape[-3:] != (points,) * 3 or points % 2 or points < 8:
        raise InputError(f"Expected as many points along x, y and z, an even number of at least 8; found {field.shape[-3:]}.")
    for dim in GRID:
        if dim in field.coords and not np.allclose(np.diff(field[dim]), 2 * np.pi / points, rtol=1e-3):
            raise InputError(
                f"Expected `{dim}` in steps of 2π/{points}, on the periodic box (0, 2π)³; found {field[dim].values[:3]} …: "
                f"scale lengths and velocities."
            )
