"""The networks of the generators of trips: GANs and mixture densities."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import xarray as xr
from loop_trips import COLONY, STEPS, gan, loops, mdn, published

from geodl.layers import StepMixture
from geodl.metrics import StepLikelihood, TripLoss
from geodl.models import ConvolutionalGAN
from geodl.models.trip_generator import stretched_turns
from layer_check import check_layer


@pytest.mark.parametrize(("make", "size"), [(gan, 1 + 4 + 3 * STEPS), (published, 256)])
def test_gan_is_the_same_in_graph_compiled_and_eager_and_saved(make, size, tmp_path):
    model, noise = make(), np.random.default_rng(0).normal(size=(3, size)).astype("float32")
    expected = np.array(model(noise))
    for jit in (False, True):
        np.testing.assert_allclose(tf.function(model, jit_compile=jit)(noise), expected, rtol=1e-4, atol=0.01)
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras")(noise), expected, rtol=1e-4, atol=0.01)
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(noise), expected, rtol=1e-4, atol=0.01)


@pytest.mark.parametrize("compiled", [{"run_eagerly": True}, pytest.param({"jit_compile": True}, marks=pytest.mark.slow)])
def test_a_step_of_training_moves_generator_critic_and_running_mean(compiled):
    model = gan()
    model.adapt(loops())
    networks = (model.generator, model.critic, model.average)
    before = [network.get_weights() for network in networks]
    model.compile("adam", loss=TripLoss(), **compiled)
    history = model.fit(model.training_data(loops()), verbose=0).history
    after = [network.get_weights() for network in networks]
    moved = [max(abs(a - b).max() for a, b in zip(*pair, strict=True)) for pair in zip(before, after, strict=True)]
    assert min(moved) > 0 and moved[2] == pytest.approx(0.01 * moved[0], rel=0.05)
    assert {"critic_loss", "generator_gradient", "critic_gradient", "spectral", "wasserstein"} <= set(history)
    assert all(np.isfinite(value).all() for value in history.values())


def test_trips_to_learn_from_are_turned_and_stretched_as_a_whole():
    trip = np.float32([[[0, 0], [3, 4], [-1, 2]]])
    found = np.array(stretched_turns(np.repeat(trip, 4000, axis=0), 0.4, 0.1, keras.random.SeedGenerator(0)))
    factor = (found @ [1, 1j])[:, 1:] / (trip @ [1, 1j])[:, 1:]
    np.testing.assert_allclose(factor[:, 0], factor[:, 1], rtol=1e-5)
    assert (np.angle(factor).std(), np.log(abs(factor)).std()) == pytest.approx((0.4, 0.1), rel=0.05)


# The networks of the publication


def test_published_networks_learn_and_bring_trips_home():
    model = published()
    model.adapt(loops())
    model.compile(keras.optimizers.Adam(2e-3, beta_1=0.5))
    history = model.fit(model.training_data(loops()), epochs=100, verbose=0).history
    assert history["spectral"][-1] < 0.5 * history["spectral"][0] and all(np.isfinite(history["loss"]))
    ds = model.sample(20, seed=1)
    last = ds.mask.sum("step") - 1
    distance = np.hypot(ds.x, ds.y)
    assert (distance[:, 0] == 0).all() and (distance.where(ds.step == last).max("step") == 0).all() and distance.max() > 1000
    xr.testing.assert_identical(ds, model.sample(20, seed=1))


def test_published_networks_need_a_multiple_of_eight_steps():
    with pytest.raises(ValueError, match="multiple of 8 steps; found 20"):
        ConvolutionalGAN(*COLONY, 60, steps=20)


# The mixture-density network


def test_mdn_is_a_layer_like_the_others():
    trips = mdn().pairs(loops(3))[0]
    check_layer(mdn(), trips, tolerance=1e-3, unknown_sizes=False, policies=("mixed_bfloat16",))


def test_likelihood_of_a_trip_is_that_of_its_steps_one_by_one():
    model = mdn()
    model.adapt(loops())
    trips = model.pairs(loops(3))[0]
    parameters = np.array(model(trips))
    expected = []
    for trip, of_trip in zip(trips, parameters, strict=True):
        steps = np.diff(trip[np.isfinite(trip[:, 0])], axis=0).astype("float64")
        heading = np.concatenate([[0.0], np.arctan2(steps[:-1, 1], steps[:-1, 0])])
        turn = (np.arctan2(steps[:, 1], steps[:, 0]) - heading + np.pi) % (2 * np.pi) - np.pi
        length = np.hypot(*steps.T) / float(model.step_length)
        for k in range(len(steps) - 1):  # the last step is given
            density = StepMixture(of_trip[k]).log_prob(np.float32(length[[k, k]]), np.float32(turn[[k, k]]))
            expected.extend(np.array(density))
    model.compile("adam", loss=StepLikelihood())
    assert model.evaluate(trips, verbose=0) == pytest.approx(-np.mean(expected), rel=1e-3)


def test_what_follows_a_step_does_not_change_its_distribution():
    model = mdn()
    model.adapt(loops())
    trips = model.pairs(loops(2))[0]
    other = trips.copy()
    other[:, 8:12] += 500
    np.testing.assert_allclose(model(trips)[:, :8], model(other)[:, :8], atol=1e-5)


def test_simulated_steps_are_never_longer_than_real_ones_and_home_is_always_in_reach():
    model = mdn()
    model.adapt(loops())
    ds = model.sample(50)
    left = ds.mask.sum("step") - 1 - xr.DataArray(np.arange(ds.sizes["step"]), dims="step")
    assert (np.hypot(ds.x, ds.y) <= float(model.cruise) * left + 0.1).where(ds.mask, True).all()
