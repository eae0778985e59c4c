"""Closures inside a solver: networks on stencils, flux form, black boxes and their derivatives."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Burgers, BurgersFiniteVolume, NavierStokes3D
from geodl.layers import (
    BlackBox,
    ClosedDynamics,
    HybridIntegrator,
    ODEIntegrator,
    SpectralIntegrator,
    StencilNetwork,
    SubgridNetwork,
)
from layer_check import check_layer

RANDOM = np.random.default_rng(0)


def randomised(layer, *inputs, scale=0.3):
    """The layer with weights that are not those of a start from nothing."""
    layer(*inputs)
    layer.set_weights([scale * np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(layer.get_weights())])
    return layer


def test_a_stencil_network_is_convolutions_with_periodic_padding():
    fields = RANDOM.normal(size=(2, 12, 3)).astype("float32")
    network = randomised(StencilNetwork(channels=(4,), outputs=2, radius=2), fields)
    hidden, output = network.get_weights()[:2], network.get_weights()[2:]

    def convolution(x, kernel, bias):
        padded = np.concatenate([x[:, -2:], x, x[:, :2]], axis=1)
        return keras.ops.conv(padded, kernel.reshape(5, x.shape[-1], -1), padding="valid") + bias

    np.testing.assert_allclose(network(fields), convolution(np.tanh(convolution(fields, *hidden)), *output), atol=1e-5)


@pytest.mark.parametrize("ends", ["periodic", "zero"])
def test_contract_of_networks(ends):
    u = RANDOM.normal(size=(2, 16)).astype("float32")
    state = np.stack([u, np.full_like(u, 0.002), u], axis=1)
    check_layer(randomised(SubgridNetwork((4,), ends=ends), u), u, unknown_sizes=False, tolerance=1e-4)
    check_layer(randomised(SubgridNetwork((4,), ends=ends), state), state, unknown_sizes=False, tolerance=1e-4)
    check_layer(randomised(StencilNetwork((4,), 1), u[..., None]), u[..., None])
    closed = ClosedDynamics(Burgers(ends=ends), randomised(SubgridNetwork((4,), ends=ends), state))
    check_layer(closed, state, unknown_sizes=False, tolerance=1e-3, policies=("float64",))


def test_a_closure_in_flux_form_conserves_the_mean_whatever_its_weights():
    u = RANDOM.normal(size=(4, 32))
    closure = randomised(SubgridNetwork((8, 8), dtype="float64"), u)
    integrator = ODEIntegrator(ClosedDynamics(Burgers(viscosity=0.01, dtype="float64"), closure), 0.002, 50, dtype="float64")
    np.testing.assert_allclose(np.array(integrator(u)).mean(axis=1), u.mean(axis=1), atol=1e-14)


def test_an_untrained_closure_leaves_the_solver_as_it_is():
    u = RANDOM.normal(size=(2, 16)).astype("float32")
    np.testing.assert_array_equal(ClosedDynamics(Burgers(), SubgridNetwork((4,)))(u), Burgers()(u))


def numpy_step(u):
    """An Euler step of upwind differences, for u > 0."""
    return u - 0.01 * u * (u - np.roll(u, 1, axis=-1)) * u.shape[-1]


def test_a_black_box_gives_the_values_of_its_step_and_the_derivative_of_its_surrogate():
    u = tf.constant(1 + 0.1 * RANDOM.normal(size=(2, 16)))
    weights = tf.constant(RANDOM.normal(size=(2, 16)))
    surrogate = ODEIntegrator(BurgersFiniteVolume(dtype="float64"), 0.01, 1, dtype="float64")

    def gradient(layer):
        with tf.GradientTape() as tape:
            tape.watch(u)
            value = layer(u)
        return np.array(value), np.array(tape.gradient(value, u, weights))

    value, identity = gradient(BlackBox(numpy_step, dtype="float64"))
    np.testing.assert_allclose(value, numpy_step(np.array(u)))
    np.testing.assert_array_equal(identity, weights)
    value, found = gradient(BlackBox(numpy_step, surrogate, dtype="float64"))
    np.testing.assert_allclose(value, numpy_step(np.array(u)))
    np.testing.assert_array_equal(found, gradient(surrogate)[1])


def test_the_gradient_through_a_black_box_with_itself_as_surrogate_is_the_true_one():
    u = (1 + 0.1 * RANDOM.normal(size=(2, 16))).astype("float32")
    true_step = ODEIntegrator(Burgers(), 0.01, 1)
    step = tf.function(true_step)
    closure = randomised(SubgridNetwork((4,)), u)

    def gradient(solver):
        hybrid = HybridIntegrator(solver, closure, dt=0.01, steps=5)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(hybrid(u) ** 2)
        return np.concatenate([np.ravel(g) for g in tape.gradient(loss, [w.value for w in closure.trainable_variables])])

    black_box = gradient(BlackBox(lambda x: step(x).numpy(), true_step))
    np.testing.assert_allclose(black_box, gradient(true_step), rtol=1e-4, atol=1e-4)
    assert not np.allclose(gradient(BlackBox(lambda x: step(x).numpy())), black_box, rtol=1e-3)


@pytest.mark.parametrize("surrogate", [None, ODEIntegrator(Burgers(), 0.001, 1)], ids=["identity", "solver"])
def test_fit_trains_a_closure_through_a_black_box(surrogate):
    keras.utils.set_random_seed(0)
    u = (1 + 0.3 * np.sin(2 * np.pi * (np.arange(16) / 16 + RANDOM.uniform(size=(32, 1))))).astype("float32")
    truth = np.stack([0.99 ** (n + 1) * u for n in range(4)], axis=1)
    state = keras.Input((16,))
    closure = SubgridNetwork((8,))
    model = keras.Model(state, HybridIntegrator(BlackBox(np.copy, surrogate), closure, dt=1.0, steps=4)(state))
    model.compile(keras.optimizers.Adam(0.01), loss="mse")
    history = model.fit(u, truth - truth.mean(axis=-1, keepdims=True) + u.mean(axis=-1)[:, None, None], epochs=30, verbose=0)
    assert history.history["loss"][-1] < 0.2 * history.history["loss"][0]


class Drag(keras.layers.Layer):
    """A tendency −r x whose rate r is learned."""

    def build(self, input_shape):
        self.rate = self.add_weight((), "zeros")

    def call(self, state):
        return -self.rate * state


def test_the_drag_of_a_flow_is_learned_through_a_solver_of_turbulence_that_gives_no_gradient():
    keras.utils.set_random_seed(0)
    fluid = NavierStokes3D(viscosity=0.05)
    solver = tf.function(SpectralIntegrator(fluid, 0.05, 1))
    fluid.build((None, 4, 8, 8, 8))
    random = RANDOM.normal(size=(8, 4, 8, 8, 8)).astype("float32")
    state = fluid.to_state(fluid.to_modes(tf.constant(random))).numpy()  # without divergence

    def hybrid(drag):
        flow = keras.Input(state.shape[1:])
        return keras.Model(flow, HybridIntegrator(BlackBox(lambda x: solver(x).numpy()), drag, dt=0.05, steps=3)(flow))

    truth, drag = Drag(), Drag()
    wanted = hybrid(truth)
    truth.rate.assign(2.0)
    model = hybrid(drag)
    model.compile(keras.optimizers.Adam(0.1), loss="mse")
    model.fit(state, wanted.predict(state, verbose=0), batch_size=8, epochs=120, verbose=0)
    assert float(drag.rate) == pytest.approx(2.0, abs=0.05)


def test_bad_input():
    with pytest.raises(ValueError, match="`step` must be a function of an array, found int"):
        BlackBox(3)
    u = np.ones((2, 16), "float32")
    with pytest.raises(ValueError, match=r"\(2, 16\); it returned \(2, 15\)"):
        BlackBox(lambda u: u[:, :-1])(u)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\(2, 16\); it returned \(2, 15\)"):
        tf.function(BlackBox(lambda u: u[:, :-1]))(u)
    with pytest.raises(ValueError, match="not finite; the largest before was 1"):
        BlackBox(lambda u: u * np.nan)(u)
    with pytest.raises(ValueError, match="`steps` must be positive, found 0"):
        HybridIntegrator(keras.layers.Identity(), keras.layers.Identity(), 0.1, 0)
    with pytest.raises(ValueError, match="must be positive, found 0, 1"):
        StencilNetwork((4,), 1, radius=0)


@keras.saving.register_keras_serializable(package="geodl_tests")
def keep(u):
    return u


def test_a_black_box_survives_saving(tmp_path):
    inputs = keras.Input((16,))
    surrogate = ODEIntegrator(Burgers(), 0.01, 1)
    model = keras.Model(inputs, HybridIntegrator(BlackBox(keep, surrogate), SubgridNetwork((4,)), 0.1, 2)(inputs))
    model.save(tmp_path / "model.keras")
    u = np.ones((1, 16), "float32")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(u), model(u))
