"""Burgers' equation against its exact solution, its invariances and its budgets."""

import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Burgers, BurgersFiniteVolume
from geodl.layers import ODEIntegrator, SpectralIntegrator
from layer_check import check_layer

SOLVERS = pytest.mark.parametrize("dynamics", [Burgers, BurgersFiniteVolume])


def grid(points):
    return np.arange(points) / points


def cole_hopf(x, time, viscosity):
    """Exact u from u = sin(2πx): −2ν φ_x / φ, where φ obeys the heat equation."""
    fine = grid(512)
    modes = np.fft.rfft(np.exp(-(1 - np.cos(2 * np.pi * fine)) / (4 * np.pi * viscosity)))
    k = 2 * np.pi * np.arange(257)
    modes = modes * np.exp(-viscosity * k**2 * time)
    phi, gradient = np.fft.irfft(modes), np.fft.irfft(1j * k * modes)
    return np.interp(x, fine, -2 * viscosity * gradient / phi)


def test_the_spectral_solution_is_that_of_cole_and_hopf():
    x = grid(128)
    integrator = SpectralIntegrator(Burgers(viscosity=0.02, dtype="float64"), 0.002, 250, dtype="float64")
    found = integrator(np.sin(2 * np.pi * x)[None])[0]
    np.testing.assert_allclose(found, cole_hopf(x, 0.5, 0.02), atol=1e-9)


def test_finite_volumes_converge_to_the_solution_of_cole_and_hopf():
    def error(points):
        x = (np.arange(points) + 0.5) / points
        integrator = ODEIntegrator(BurgersFiniteVolume(viscosity=0.02, dtype="float64"), 0.0005, 600, dtype="float64")
        found = integrator(np.sin(2 * np.pi * x)[None])[0]
        return np.abs(found - cole_hopf(x, 0.3, 0.02)).mean()

    # First order at extrema, second elsewhere.
    assert error(128) < 2e-3
    assert error(64) / error(128) > 3


def test_a_front_stays_sharp_and_without_overshoots_in_finite_volumes():
    step = np.where(grid(64) < 0.5, 1.0, 0.0)[None]
    found = np.array(ODEIntegrator(BurgersFiniteVolume(viscosity=0.0, dtype="float64"), 0.002, 100, dtype="float64")(step))[0]
    assert found.max() <= 1 + 1e-12 and found.min() >= -1e-12
    front = grid(64)[np.argmin(np.diff(found))]
    assert abs(front - 0.6) < 2 / 64  # half of the velocity ahead of it, after a time of .2


@SOLVERS
def test_the_mean_is_conserved_to_rounding(dynamics):
    u = np.random.default_rng(0).normal(size=(3, 32))
    tendency = np.array(dynamics(dtype="float64")(u))
    np.testing.assert_allclose(tendency.mean(axis=-1), 0, atol=1e-12)


def test_energy_is_lost_to_viscosity_alone():
    u = np.sin(2 * np.pi * grid(64))[None] + 0.5 * np.cos(6 * np.pi * grid(64))
    nu = 0.01
    tendency = np.array(Burgers(viscosity=nu, dtype="float64")(u))
    gradient = np.fft.irfft(2j * np.pi * np.arange(33) * np.fft.rfft(u))
    np.testing.assert_allclose((u * tendency).mean(), -nu * (gradient**2).mean(), rtol=1e-10)


def test_it_is_the_same_in_a_moving_frame():
    x, speed, time = grid(64), 0.75, 1 / 3
    wave = np.sin(2 * np.pi * x)[None]
    integrator = SpectralIntegrator(Burgers(viscosity=0.02, dtype="float64"), time / 200, 200, dtype="float64")
    moved = np.roll(integrator(wave), round(speed * time * 64), axis=-1) + speed
    np.testing.assert_allclose(integrator(wave + speed), moved, atol=1e-6)


@SOLVERS
def test_mirrored_states_have_mirrored_tendencies(dynamics):
    u = np.random.default_rng(1).normal(size=(2, 32))
    layer = dynamics(dtype="float64")
    np.testing.assert_allclose(layer(-u[:, ::-1]), -np.array(layer(u))[:, ::-1], atol=1e-10)


@SOLVERS
def test_viscosity_and_forcing_of_each_sample_are_those_of_dynamics_of_their_own(dynamics):
    u, f = np.random.default_rng(2).normal(size=(2, 2, 16))
    nu = np.array([[0.01], [0.05]])
    state = np.stack([u, np.broadcast_to(nu, u.shape), f], axis=1)
    tendency = np.array(dynamics(dtype="float64")(state))
    alone = [np.array(dynamics(viscosity=n, dtype="float64")(u[i : i + 1]))[0] for i, n in enumerate(nu.ravel())]
    np.testing.assert_allclose(tendency[:, 0], alone + f, atol=1e-10)
    assert (tendency[:, 1:] == 0).all()


def test_modes_and_grid_give_one_tendency_for_states_with_viscosity_and_forcing():
    u, f = np.random.default_rng(3).normal(size=(2, 2, 16))
    state = np.stack([u, np.full_like(u, 0.02), f], axis=1)
    layer = Burgers(dtype="float64")
    tendency = layer(state)
    modes = layer.to_modes(tf.constant(state))
    spectral = layer.to_state(tf.cast(layer.linear_rate(modes), modes.dtype) * modes + layer.nonlinear(modes, 0.0))
    np.testing.assert_allclose(spectral, tendency, atol=1e-10)


@SOLVERS
def test_walls_hold_the_ends_at_zero(dynamics):
    u = np.random.default_rng(4).normal(size=(2, 25))
    tendency = np.array(dynamics(ends="zero", dtype="float64")(u))
    assert (tendency[:, [0, -1]] == 0).all()
    inside = u.copy()
    inside[:, [0, -1]] = 0
    np.testing.assert_allclose(tendency, dynamics(ends="zero", dtype="float64")(inside), atol=1e-12)


@SOLVERS
@pytest.mark.parametrize("ends", ["periodic", "zero"])
def test_contract_of_layers(dynamics, ends):
    check_layer(dynamics(ends=ends), np.random.default_rng(5).normal(size=(2, 16)).astype("float32"), unknown_sizes=False)


@SOLVERS
def test_the_largest_stable_step_is_where_the_scheme_turns_unstable(dynamics):
    # Of linear advection by a mean flow: fluctuations stay as they are, or explode.
    u = 1 + 1e-6 * np.random.default_rng(6).normal(size=(1, 32))
    layer = dynamics(viscosity=1e-4, dtype="float64")
    stable = layer.largest_stable_step(u)

    def growth(dt):
        end = np.array(tf.function(ODEIntegrator(layer, dt, 400, dtype="float64"), jit_compile=True)(u))
        return np.abs(end - 1).max() / np.abs(u - 1).max()

    assert growth(0.95 * stable) < 1.5
    assert not growth(1.6 * stable) < 1.5


def test_bad_input():
    with pytest.raises(ValueError, match="`ends` must be one of periodic, zero, found 'open'"):
        Burgers(ends="open")
    with pytest.raises(ValueError, match="at least 4 points"):
        Burgers()(np.ones((1, 3)))
    with pytest.raises(ValueError, match="use ODEIntegrator"):
        SpectralIntegrator(Burgers(ends="zero"), 0.01, 2)(np.ones((1, 16)))
    layer = Burgers()
    layer(np.ones((1, 16)))
    with pytest.raises(ValueError, match="built for 16 points, found a state of 32"):
        layer(np.ones((1, 32)))
