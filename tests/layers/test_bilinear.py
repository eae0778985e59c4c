import keras
import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import Lorenz63, Lorenz96
from geodl.layers import Bilinear, ODEIntegrator, PeriodicNeighbours
from layer_check import check_layer


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def drawn(layer, shape):
    """The layer with random weights: its last ones start at zero."""
    layer.build(shape)
    layer.set_weights([normal(*weight.shape, seed=i) for i, weight in enumerate(layer.weights)])
    return layer


def lorenz63_as_bilinear():
    """The products are x z and x y."""
    layer = Bilinear(units=3, products=2, dtype="float64")
    layer.build((None, 3))
    layer.factors[0].set_weights([np.array([[1.0, 1.0], [0, 0], [0, 0]])])
    layer.factors[1].set_weights([np.array([[0.0, 0.0], [0, 1], [1, 0]])])
    kernel = np.array([[-10, 28, 0], [10, -1, 0], [0, 0, -8 / 3], [0, -1, 0], [0, 0, 1]])
    layer.combination.set_weights([kernel, np.zeros(3)])
    return layer


def lorenz96_as_bilinear(size):
    """The product is that of (ahead - two behind) and behind."""
    layer = Bilinear(units=1, products=1, dtype="float64")
    layer.build((None, size, 5))
    layer.factors[0].set_weights([np.array([[-1.0], [0], [0], [1], [0]])])
    layer.factors[1].set_weights([np.array([[0.0], [1], [0], [0], [0]])])
    layer.combination.set_weights([np.array([[0.0], [0], [-1], [0], [0], [1]]), np.array([8.0])])
    neighbours, reshape = PeriodicNeighbours(2, dtype="float64"), keras.layers.Reshape((size,), dtype="float64")
    network = keras.Sequential([neighbours, layer, reshape])
    # A model would cast its inputs to single precision.
    network.autocast = False
    return network


def test_bilinear_keeps_the_contracts_of_a_layer():
    check_layer(drawn(Bilinear(4, 3), (None, 3)), normal(5, 3).astype("float32"))
    check_layer(drawn(Bilinear(2, 6), (None, 4, 3)), normal(2, 4, 3).astype("float32"))


def test_bilinear_starts_as_no_change():
    np.testing.assert_array_equal(Bilinear(3, 2)(normal(4, 3)), np.zeros((4, 3)))


def test_periodic_neighbours_keep_the_contracts_of_a_layer():
    check_layer(PeriodicNeighbours(2), normal(3, 8).astype("float32"))
    check_layer(PeriodicNeighbours(1), normal(2, 3, 6).astype("float32"))


def test_bilinear_equals_its_formula():
    layer = drawn(Bilinear(4, 2, dtype="float64"), (None, 6, 3))
    x = normal(5, 6, 3)
    found = layer(x)
    a, b = (np.array(factor.kernel.value) for factor in layer.factors)
    w, c = layer.combination.get_weights()
    expected = np.concatenate([x, (x @ a) * (x @ b)], -1) @ w + c
    assert layer.compute_output_shape(x.shape) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    assert layer.count_params() == 2 * 3 * 2 + (3 + 2) * 4 + 4


def test_bilinear_represents_lorenz63_exactly():
    state = normal(10, 3) * 10
    np.testing.assert_allclose(lorenz63_as_bilinear()(state), Lorenz63(dtype="float64")(state), rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("size", [5, 8])
def test_neighbours_and_bilinear_represent_lorenz96_exactly(size):
    state = normal(10, size) * 5
    found = lorenz96_as_bilinear(size)(state)
    np.testing.assert_allclose(found, Lorenz96(dtype="float64")(state), rtol=1e-12, atol=1e-11)


def test_integrated_bilinear_follows_lorenz63():
    state = normal(4, 3) * 5
    found = ODEIntegrator(lorenz63_as_bilinear(), 0.01, 20, dtype="float64")(state)
    np.testing.assert_allclose(found, ODEIntegrator(Lorenz63(dtype="float64"), 0.01, 20, dtype="float64")(state), rtol=1e-10)


@pytest.mark.parametrize("shift", [1, -3])
def test_layer_on_periodic_neighbours_commutes_with_a_rotation(shift):
    neighbours = PeriodicNeighbours(2, dtype="float64")
    layer = drawn(Bilinear(1, 4, dtype="float64"), (None, 9, 5))
    state = normal(3, 9)
    rotated = layer(neighbours(np.roll(state, shift, -1)))
    np.testing.assert_allclose(rotated, np.roll(layer(neighbours(state)), shift, 1), rtol=1e-12, atol=1e-12)


def test_periodic_neighbours_equal_rolled_copies():
    state = normal(2, 3, 7)
    found = np.array(PeriodicNeighbours(2, dtype="float64")(state))
    assert found.shape == PeriodicNeighbours(2).compute_output_shape(state.shape) == (2, 3, 7, 5)
    for k in range(5):
        np.testing.assert_array_equal(found[..., k], np.roll(state, 2 - k, -1))


def test_gradient_reaches_every_weight_through_an_integrator():
    layer = drawn(Bilinear(3, 3), (None, 3))
    integrator = ODEIntegrator(layer, 0.05, 3)
    state = normal(4, 3).astype("float32")
    integrator(state)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(integrator(state)))
    gradients = tape.gradient(loss, [w.value for w in layer.trainable_weights])
    assert len(gradients) == 4
    assert all(np.abs(g).max() > 0 for g in gradients)


def test_saved_network_gives_the_same_tendency(tmp_path):
    model = keras.Sequential(
        [keras.Input((6,)), PeriodicNeighbours(1), drawn(Bilinear(1, 2), (None, 6, 3)), keras.layers.Reshape((6,))]
    )
    model.save(tmp_path / "model.keras")
    state = normal(3, 6).astype("float32")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(state), model(state))
