"""Integration of Fourier modes: its order, its treatment of viscosity, its gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Burgers, Lorenz63
from geodl.layers import ODEIntegrator, SpectralIntegrator
from layer_check import check_layer

X = np.arange(32) / 32
WAVES = np.stack([np.sin(2 * np.pi * X) + 0.3, 0.5 * np.cos(4 * np.pi * X)])


def double(dt, steps, viscosity=0.02, **options):
    return SpectralIntegrator(Burgers(viscosity=viscosity, dtype="float64"), dt, steps, dtype="float64", **options)


def test_it_is_of_fourth_order():
    exact = double(1 / 2048, 512)(WAVES)
    errors = [np.abs(double(1 / n, n // 4)(WAVES) - exact).max() for n in (128, 256)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.3)


def test_viscosity_does_not_limit_the_time_step():
    small = 1e-3 * np.cos(2 * np.pi * 8 * X)[None]
    found = double(0.5, 4, viscosity=0.01)(small)
    decay = np.exp(-0.01 * (2 * np.pi * 8) ** 2 * 2)
    np.testing.assert_allclose(found, small * decay, atol=1e-12)
    with pytest.raises(tf.errors.InvalidArgumentError, match="the state is not finite"):
        ODEIntegrator(Burgers(viscosity=0.01, dtype="float64"), 0.5, 400, dtype="float64")(small + np.cos(32 * np.pi * X))


def test_it_gives_the_trajectory_of_an_explicit_scheme_with_small_steps():
    explicit = ODEIntegrator(Burgers(viscosity=0.02, dtype="float64"), 1e-3, 200, save_every=50, dtype="float64")
    np.testing.assert_allclose(double(1e-3, 200, save_every=50)(WAVES), explicit(WAVES), atol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_the_gradient_to_state_and_viscosity_is_that_of_finite_differences(jit):
    dynamics = Burgers(viscosity=0.02, estimated=("viscosity",), dtype="float64")
    integrator = SpectralIntegrator(dynamics, 0.01, 20, dtype="float64")
    state = tf.constant(WAVES)

    @tf.function(jit_compile=jit)
    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(state)
            loss = tf.reduce_sum(integrator(state) ** 2)
        return tape.gradient(loss, [state, dynamics.viscosity.value])

    integrator(state)
    to_state, to_viscosity = gradients()
    loss = lambda state, nu=0.02: float(tf.reduce_sum(double(0.01, 20, nu)(state) ** 2))  # noqa: E731
    assert float(to_viscosity) == pytest.approx((loss(WAVES, 0.02 + 1e-6) - loss(WAVES, 0.02 - 1e-6)) / 2e-6, rel=1e-6)
    bump = np.zeros_like(WAVES)
    bump[0, 5] = 1e-6
    assert float(to_state[0, 5]) == pytest.approx((loss(WAVES + bump) - loss(WAVES - bump)) / 2e-6, rel=1e-6)


def test_a_closure_is_added_once_a_step():
    damping = keras.layers.Rescaling(-2.0, dtype="float64")
    found = double(0.1, 3, viscosity=0.0, closure=damping)(np.ones((1, 16)))
    np.testing.assert_allclose(found, 0.8**3, atol=1e-12)


def test_contract_of_layers():
    check_layer(
        SpectralIntegrator(Burgers(), 0.01, 3, save_every=1),
        WAVES.astype("float32"),
        unknown_sizes=False,
        policies=("float64",),
    )


def test_bad_input():
    with pytest.raises(ValueError, match="SpectralDynamics, found Lorenz63; ODEIntegrator takes any layer"):
        SpectralIntegrator(Lorenz63(), 0.01, 3)
    with pytest.raises(ValueError, match="`dt` must be finite and positive, found -1"):
        SpectralIntegrator(Burgers(), -1, 3)
    with pytest.raises(ValueError, match="`steps` must be a positive integer, found 0"):
        SpectralIntegrator(Burgers(), 0.01, 0)
    for steps, save_every in ((3, 2), (5, 2.5)):
        with pytest.raises(ValueError, match=f"`save_every` must divide `steps`, {steps}; found {save_every}"):
            SpectralIntegrator(Burgers(), 0.01, steps, save_every=save_every)


def test_a_blow_up_is_told_with_its_step():
    with pytest.raises(tf.errors.InvalidArgumentError, match="of 400 steps, the first so many were finite"):
        double(0.3, 400, viscosity=0.0)(10 * WAVES)
