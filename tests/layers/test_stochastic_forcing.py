"""Random forcing against its closed forms, and the same in every mode."""

import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Burgers
from geodl.layers import SpectralIntegrator, StochasticForcing
from layer_check import check_layer

DT = 0.01


def run(steps=50, viscosity=0.01, dtype="float64", **settings):
    forcing = StochasticForcing(**{"energy_injection": 0.2, "dt": DT, "dtype": dtype} | settings)
    return SpectralIntegrator(Burgers(viscosity=viscosity, dtype=dtype), DT, steps, closure=forcing, dtype=dtype)


def test_energy_comes_in_at_the_rate_that_is_asked_for():
    """Without viscosity the waves exchange their energy and keep it."""
    found = run(viscosity=0.0)(np.zeros((4_000, 32)))
    energy = np.mean(np.square(found), axis=-1) / 2
    assert energy.mean() == pytest.approx(0.2 * 50 * DT, rel=0.03)
    assert np.abs(np.mean(found, axis=-1)).max() < 1e-12


def test_weak_forcing_gives_the_variance_of_a_damped_random_walk():
    """Each wave loses a share of its energy a step, and gets εΔt/K."""
    steps, viscosity, injection = 80, 0.05, 1e-12
    found = run(steps, viscosity, energy_injection=injection)(np.zeros((4_000, 16)))
    energy = np.mean(np.abs(np.fft.rfft(found) / 16) ** 2, axis=0)
    kept = np.exp(-2 * viscosity * (2 * np.pi * np.arange(1, 5)) ** 2 * DT)
    np.testing.assert_allclose(energy[1:5], injection * DT / 4 * (1 - kept**steps) / (1 - kept), rtol=0.06)
    np.testing.assert_allclose(energy[5:], 0, atol=1e-6 * energy[1])


def test_a_seed_gives_the_same_run_in_every_mode_and_another_seed_another_one():
    start = np.random.default_rng(0).normal(size=(3, 32))
    integrator = run(seed=7)
    found = integrator(start)
    np.testing.assert_array_equal(integrator(start), found)
    for compiled in (tf.function(run(seed=7)), tf.function(run(seed=7), jit_compile=True)):
        np.testing.assert_allclose(compiled(start), found, atol=1e-9)
    assert np.abs(run(seed=8)(start) - found).max() > 0.1
    assert np.abs(found[0] - run()(start[[1, 0, 2]])[1]).max() > 0.1  # samples have noise of their own


def test_a_run_goes_on_at_the_time_where_it_was_left():
    start = np.random.default_rng(1).normal(size=(2, 32))
    half = run(25)
    np.testing.assert_allclose(half(half(start), time=25 * DT), run(50)(start), atol=1e-12)


def test_gradient_through_the_noise_is_that_of_finite_differences():
    start, direction = np.random.default_rng(2).normal(size=(2, 1, 16))
    integrator = run(5)
    x = tf.constant(start)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(integrator(x) ** 3)
    cube = lambda x: np.sum(np.array(integrator(x)) ** 3)  # noqa: E731
    difference = (cube(start + 1e-5 * direction) - cube(start - 1e-5 * direction)) / 2e-5
    assert np.sum(tape.gradient(loss, x) * direction) == pytest.approx(difference, rel=1e-6)


def test_viscosity_and_steady_forcing_stay_as_they_are():
    state = np.random.default_rng(3).normal(size=(2, 3, 16))
    tendency = np.array(StochasticForcing(0.2, DT, dtype="float64")(state))
    assert (tendency[:, 1:] == 0).all() and np.abs(tendency[:, 0]).max() > 0


def test_contract_of_layers():
    check_layer(StochasticForcing(0.2, DT), np.ones((2, 16), "float32"), unknown_sizes=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"energy_injection": -1.0}, "`energy_injection` must not be negative, found -1.0"),
        ({"dt": 0.0}, "`dt` must be finite and positive, found 0.0"),
        ({"largest": 0}, "`largest` must be a positive integer, found 0"),
        ({"largest": 8}, "Waves up to 8 need more than 16 points, found 16"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        StochasticForcing(**{"energy_injection": 0.2, "dt": DT} | settings)(np.ones((1, 16)))
