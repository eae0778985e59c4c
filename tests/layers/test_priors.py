import numpy as np
import pytest

from geodl.dynamics import Lorenz63, Lorenz96
from geodl.layers import BilinearAutoencoder, DynamicsPrior, ODEIntegrator, ResidualConvolutions, WindowNetwork, WindowTokens
from layer_check import check_layer

random = np.random.default_rng(0)


def test_dynamics_prior_leaves_a_trajectory_as_it_is():
    trajectory = np.array(ODEIntegrator(Lorenz63(), 0.01, 20, save_every=1)(np.float32([[8, 0, 30]])))
    mean, scale = np.float32([0, 0, 23]), np.float32([8, 9, 8])
    prior = DynamicsPrior(ODEIntegrator(Lorenz63(), 0.01, 4), 4, mean.tolist(), scale.tolist())
    normalised = (trajectory - mean) / scale
    np.testing.assert_allclose(prior(normalised), normalised, atol=1e-5)


def test_dynamics_prior_keeps_the_contracts_of_a_layer():
    window = random.standard_normal((2, 9, 6)).astype("float32")
    check_layer(DynamicsPrior(ODEIntegrator(Lorenz96(), 0.05, 2), lag=2), window, policies=("float64",))


@pytest.mark.parametrize("length", [8, 9, 11])
def test_bilinear_autoencoder_keeps_the_contracts_of_a_layer_for_any_length(length):
    check_layer(BilinearAutoencoder(channels=4), random.standard_normal((2, length, 3)).astype("float32"), tolerance=1e-4)


def test_bilinear_autoencoder_is_quadratic_in_the_state():
    prior, x = BilinearAutoencoder(channels=4), random.standard_normal((1, 8, 3)).astype("float32")
    prior(x)
    values = [np.array(prior(scale * x), "float64") for scale in np.float32([0, 1, 2, 3])]
    third_difference = values[3] - 3 * values[2] + 3 * values[1] - values[0]
    np.testing.assert_allclose(third_difference, 0, atol=1e-4)


@pytest.mark.parametrize("ring", [False, True])
@pytest.mark.parametrize("length", [8, 10])
def test_tokens_are_put_together_again(ring, length):
    tokens, window = WindowTokens(4, ring), random.standard_normal((2, length, 5)).astype("float32")
    np.testing.assert_array_equal(tokens.inverse(tokens(window), window.shape), window)
    check_layer(tokens, window, policies=())


@pytest.mark.parametrize("ring", [False, True])
def test_residual_convolutions_keep_the_contracts_of_a_layer(ring):
    layer = ResidualConvolutions(3, 8, (1, 2), (3, 3), ring)
    image = random.standard_normal((2, 7, 6, 4)).astype("float32")
    layer(image)
    layer.set_weights([w + 0.1 for w in layer.get_weights()])
    check_layer(layer, image, tolerance=1e-4)


def test_a_network_on_a_ring_turns_with_its_input():
    network = WindowNetwork(patch=4, channels=8, dilations=(1, 2), reach=1)
    window = random.standard_normal((2, 12, 6)).astype("float32")
    network([window])
    network.set_weights([w + 0.1 * random.standard_normal(w.shape) for w in network.get_weights()])
    np.testing.assert_allclose(network([np.roll(window, 2, axis=2)]), np.roll(network([window]), 2, axis=2), atol=1e-5)


def test_even_kernels_are_refused():
    with pytest.raises(ValueError, match=r"must be odd, found \(3, 2\)"):
        ResidualConvolutions(3, 8, (1,), (3, 2))
