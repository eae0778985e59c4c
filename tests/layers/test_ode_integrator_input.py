"""What a user may get wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Lorenz63
from geodl.layers import ODEIntegrator
from geodl.layers.butcher_tableau import SCHEMES


@pytest.mark.parametrize("dt", [0.0, float("nan"), float("inf"), -float("inf")])
def test_step_size_must_be_finite_and_not_zero(dt):
    with pytest.raises(ValueError, match="`dt` must be finite and not zero"):
        ODEIntegrator(Lorenz63(), dt, 10)


@pytest.mark.parametrize("steps", [0, -3, 2.5, float("inf"), float("nan")])
def test_number_of_steps_must_be_a_positive_integer(steps):
    with pytest.raises(ValueError, match=f"`steps` must be a positive integer, found {steps}"):
        ODEIntegrator(Lorenz63(), 0.01, steps)


@pytest.mark.parametrize("save_every", [0, -2, 3, 20])
def test_save_every_must_divide_the_steps(save_every):
    with pytest.raises(ValueError, match=f"`save_every` must divide `steps`, 10; found {save_every}"):
        ODEIntegrator(Lorenz63(), 0.01, 10, save_every=save_every)


def test_save_every_must_be_an_integer():
    with pytest.raises(ValueError, match="save_every"):
        ODEIntegrator(Lorenz63(), 0.01, 5, save_every=2.5)


def test_unknown_scheme_lists_the_known_ones():
    with pytest.raises(ValueError, match=f"{', '.join(SCHEMES)}, found 'leapfrog'"):
        ODEIntegrator(Lorenz63(), 0.01, 10, scheme="leapfrog")


def test_dynamics_must_be_a_layer():
    with pytest.raises(ValueError, match="`dynamics` must be a Keras layer or model .* found function"):
        ODEIntegrator(lambda state: -state, 0.01, 10)


def test_state_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match=r"Lorenz63 expects a state \(..., 3\), found shape \(2, 4\)"):
        ODEIntegrator(Lorenz63(), 0.01, 10)(np.ones((2, 4), "float32"))


def test_tendency_must_have_the_shape_of_the_state():
    for layer, shape in ((keras.layers.Dense(4), r"\(2, 4\)"), (keras.layers.Reshape((3, 1)), r"\(2, 3, 1\)")):
        with pytest.raises(ValueError, match=rf"the shape of the state; .* turned \(2, 3\) into {shape}"):
            ODEIntegrator(layer, 0.01, 10)(np.ones((2, 3), "float32"))


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize(
    "options", [{}, {"checkpoint": True}, {"save_every": 5}, {"save_every": 5, "checkpoint": True}], ids=str
)
def test_blow_up_tells_how_many_steps_were_finite(options, graph):
    state = np.ones((2, 3), "float32")
    finite = 0
    with np.errstate(all="ignore"):
        for _ in range(30):
            step = lambda x: np.array(Lorenz63()(x))  # noqa: E731
            k1 = step(state)
            k2 = step(state + np.float32(0.1) * k1)
            k3 = step(state + np.float32(0.1) * k2)
            state = state + np.float32(0.2 / 6) * (k1 + 2 * k2 + 2 * k3 + step(state + np.float32(0.2) * k3))
            finite += bool(np.isfinite(state).all())
    integrator = ODEIntegrator(Lorenz63(), 0.2, 30, **options)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"of 30 steps, the first so many were finite:\W*{finite}\D"):
        (tf.function(integrator) if graph else integrator)(np.ones((2, 3), "float32"))


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_nan_in_the_state_is_refused(graph):
    integrator = ODEIntegrator(Lorenz63(), 0.01, 5)
    state = np.ones((2, 3), "float32")
    state[1, 2] = np.nan
    with pytest.raises(tf.errors.InvalidArgumentError, match="not finite"):
        (tf.function(integrator) if graph else integrator)(state)


def test_nan_in_the_state_tells_that_no_step_was_finite():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"of 5 steps, the first so many were finite:\W*0\D"):
        ODEIntegrator(Lorenz63(), 0.01, 5)(np.full((2, 3), np.nan, "float32"))
