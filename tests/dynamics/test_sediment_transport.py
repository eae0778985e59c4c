import numpy as np
import pytest
import tensorflow as tf

from geodl.dynamics import SedimentTransport
from geodl.layers import ODEIntegrator
from geodl_datasets.sediments.coastal_sea import sediment_transport
from layer_check import check_layer


def basin(**changes):
    """A closed basin of 8 × 10 pixels with one eddy, waves that come and go, and a river."""
    depth = np.zeros((8, 10))
    depth[1:-1, 1:-1] = 10.0
    y, x = np.mgrid[:9, :11]
    eddy = np.clip(np.minimum.reduce([y - 1, 7 - y, x - 1, 9 - x]), 0, None) * 20.0
    source = np.zeros((8, 10))
    source[3, 1] = 5.0
    settings = {
        "spacing": 3.0,
        "tidal_current": 0.2 * (depth > 0),
        "waves": np.ones((1, 8, 10)),
        "sources": source[None],
        "streamfunctions": eddy[None],
        "forcing": np.array([[0.0, 1.0, 1.0], [1.0, 1.0, -1.0], [0.5, 1.0, 1.0]]),
        **changes,
    }
    return SedimentTransport(depth, **settings)


def test_advection_and_diffusion_conserve_the_mass():
    dynamics = basin(settling_velocity=0.0, erosion_rate=0.0, forcing=np.array([[0.0, 0.0, 1.0]]))
    state = dynamics.sea * np.random.default_rng(0).random((1, 8, 10))
    tendency = dynamics(tf.constant(state, "float32"), time=0.3)
    assert np.abs(tendency).max() > 0.1
    assert float(np.sum(dynamics.fields["depth"] * tendency)) == pytest.approx(0.0, abs=1e-3)


def test_without_forcing_the_concentration_settles_to_the_background():
    dynamics = basin(tidal_current=np.zeros((8, 10)), forcing=np.zeros((1, 3)), diffusivity=0.0)
    state = ODEIntegrator(dynamics, 0.05, 20)(tf.constant(dynamics.sea[None] * 2.0, "float32"))
    expected = 0.25 + (2.0 - 0.25) * np.exp(-15.0 / 10.0)
    np.testing.assert_allclose(state[0][dynamics.sea], expected, rtol=1e-4)


def test_waves_erode_more_than_the_threshold_alone():
    calm, rough = (float(basin()(tf.constant(basin().sea[None] * 0.25, "float32"), time=time)[0, 5, 5]) for time in (0.0, 0.25))
    assert calm == pytest.approx(0.0, abs=1e-5) or calm < rough
    assert rough > 0


def test_land_stays_without_sediment():
    dynamics = basin()
    state = ODEIntegrator(dynamics, 0.02, 50)(tf.constant(dynamics.sea[None] * 1.0, "float32"))
    assert np.all(np.array(state)[0][~dynamics.sea] == 0)
    assert np.all(np.array(state)[0][dynamics.sea] > 0)


def test_sediment_transport_keeps_the_contracts_of_a_layer():
    dynamics = basin(estimated=("settling_velocity",))
    state = (dynamics.sea * np.random.default_rng(0).random((2, 8, 10))).astype("float32")
    check_layer(dynamics, state, np.float32(0.4), unknown_sizes=False, policies=("float64",))


def test_fields_of_another_grid_are_refused():
    with pytest.raises(ValueError, match="`waves` must have shape"):
        basin(waves=np.ones((1, 8, 9)))


def test_the_simulated_sea_is_stable_and_the_same_each_time():
    first, again = (sediment_transport(days=2, dtype="float64") for _ in range(2))
    np.testing.assert_array_equal(first.fields["forcing"], again.fields["forcing"])
    states = tf.function(ODEIntegrator(first, 1 / 24, 48, "heun", dtype="float64"))(tf.constant(first.sea[None] * 1.0))
    assert np.all(states.numpy()[0][first.sea] > 0)
