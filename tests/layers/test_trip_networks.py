"""Layers of the generators of foraging trips."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from geodl.layers import Bridge, MinibatchDeviation, StepMatching, StepMixture, TripCritic, TripDecoder
from layer_check import check_layer


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def parameters(*shape, components=3, seed=0):
    return np.random.default_rng(seed).normal([0, 0, -1, 2, 0], [1, 0.5, 0.3, 2, 2], (*shape, components, 5)).astype("float32")


def test_bridge_keeps_the_contracts_of_a_layer():
    check_layer(Bridge(), normal(3, 8, 2), np.float32([3, 8, 5]))


def test_a_bridge_starts_and_ends_at_the_origin_and_changes_all_steps_alike():
    steps = normal(2, 10, 2)
    walk = np.array(Bridge()(steps, np.float32([6, 10])))
    assert (walk[:, 0] == 0).all() and (walk[0, 6:] == 0).all() and (walk[1, 10] == 0).all()
    change = np.diff(walk[0, :7], axis=0) - steps[0, :6]
    np.testing.assert_allclose(change, np.tile(-steps[0, :6].mean(axis=0), (6, 1)), atol=1e-6)


def loops(count, steps=40, seed=0):
    """Closed walks, and their durations."""
    duration = np.random.default_rng(seed).integers(20, steps + 1, count).astype("float32")
    return np.array(Bridge()(100 * normal(count, steps, 2, seed=seed), duration)), duration


def lengths(walk, duration):
    found = np.linalg.norm(np.diff(walk, axis=1), axis=-1)
    return found[np.arange(found.shape[1]) < duration[:, None]]


def test_step_matching_keeps_the_contracts_of_a_layer():
    check_layer(StepMatching(), *loops(3), tolerance=1e-4)


def test_steps_are_not_changed_before_distributions_are_given():
    walk, duration = loops(5)
    np.testing.assert_allclose(StepMatching()(walk, duration), walk, rtol=1e-3, atol=0.1)


def test_matched_steps_have_the_wanted_lengths_in_closed_walks():
    layer, wanted = StepMatching(), np.random.default_rng(1).weibull(3.0, 20_000) * 700
    layer.build((None, 41, 2), (None,))
    layer.adapt(lengths(*loops(500, seed=2)), wanted)
    walk, duration = loops(500)
    found = np.array(layer(walk, duration))
    assert stats.ks_2samp(lengths(walk, duration), wanted).statistic > 0.5
    assert stats.ks_2samp(lengths(found, duration), wanted).statistic < 0.05
    assert (np.take_along_axis(found, duration.astype(int)[:, None, None], axis=1) == 0).all()


def test_the_order_of_lengths_and_directions_stay():
    layer = StepMatching()
    layer.build((None, 3, 2), (None,))
    layer.adapt(np.linspace(100, 200, 50), np.linspace(10, 100, 50) ** 2)
    # Out and back again, so that the bridge has nothing to do; beyond the ends, too.
    out = np.float32([[length * 0.6, length * 0.8] for length in (50, 100, 150, 199, 400)])
    walk = np.stack([0 * out, out, 0 * out], axis=1)
    found = np.array(layer(walk, np.full(5, 2, "float32")))[:, 1]
    np.testing.assert_allclose(found[:, 1], 4 / 3 * found[:, 0], rtol=1e-4)
    np.testing.assert_allclose(np.hypot(*found.T)[[0, 1, 4]], [50, 100, 20_000], rtol=1e-3)
    assert (np.diff(np.hypot(*found.T)) > 0).all()


def test_minibatch_deviation_keeps_the_contracts_of_a_layer():
    check_layer(MinibatchDeviation(), normal(5, 4))


def test_minibatch_deviation_is_the_mean_standard_deviation():
    features = normal(20, 4)
    np.testing.assert_allclose(np.array(MinibatchDeviation()(features))[:, 4], features.std(axis=0).mean(), rtol=1e-5)


def test_a_batch_of_equal_trips_has_no_deviation_and_a_finite_gradient():
    features = tf.ones((3, 4))
    with tf.GradientTape() as tape:
        tape.watch(features)
        found = MinibatchDeviation()(features)
    assert (found[:, 4] == 0).numpy().all() and np.isfinite(tape.gradient(found, features)).all()


def test_decoder_keeps_the_contracts_of_a_layer():
    inputs = (np.float32([5, 12]), normal(2, 4), normal(2, 12, 3))
    check_layer(TripDecoder(steps=12, width=8), *inputs, tolerance=1e-4, unknown_sizes=False, policies=("mixed_bfloat16",))


def test_decoder_refuses_steps_that_it_cannot_halve_twice():
    with pytest.raises(ValueError, match="multiple of 4 steps; found 10"):
        TripDecoder(steps=10)


def test_critic_keeps_the_contracts_of_a_layer():
    inputs = (normal(3, 13, 2), normal(3, 12, 2), np.float32([5, 12, 9]))
    check_layer(TripCritic(width=8), *inputs, tolerance=1e-4, unknown_sizes=False, policies=("mixed_bfloat16",))


def test_critic_does_not_see_what_follows_the_end():
    positions, steps, duration = normal(2, 13, 2), normal(2, 12, 2), np.float32([5, 12])
    critic = TripCritic(width=8)
    expected = np.array(critic(positions, steps, duration))
    positions[0, 6:], steps[0, 5:] = 7, 7
    np.testing.assert_allclose(critic(positions, steps, duration), expected, atol=1e-6)


def test_density_of_a_step_is_that_of_scipy():
    values, length, turn = parameters(4), np.float32([0.1, 0.5, 1.0, 3.0]), np.float32([-3.0, -0.5, 0.0, 2.0])
    logit, location, log_scale, along, across = np.moveaxis(values.astype("float64"), -1, 0)
    weight = np.exp(logit) / np.exp(logit).sum(axis=-1, keepdims=True)
    lengths = stats.lognorm.pdf(length[:, None], 0.02 + np.exp(log_scale), scale=np.exp(location))
    turns = stats.vonmises.pdf(turn[:, None], np.hypot(along, across), loc=np.arctan2(across, along))
    expected = np.log((weight * lengths * turns).sum(axis=-1))
    np.testing.assert_allclose(StepMixture(values).log_prob(length, turn), expected, rtol=1e-3, atol=1e-3)


def test_steps_are_drawn_from_their_density():
    values = parameters(seed=1)
    length, turn = (np.array(x) for x in StepMixture(np.tile(values, (4000, 1, 1))).sample(seed=(1, 2)))
    grid = np.linspace(0.001, 8, 400, dtype="float32")
    angles = np.linspace(-np.pi, np.pi, 101, dtype="float32")
    density = np.exp(StepMixture(values).log_prob(*np.meshgrid(grid, angles, indexing="ij")))
    of_length = np.cumsum(density.sum(axis=1)) / density.sum()
    of_turn = np.cumsum(density.sum(axis=0)) / density.sum()
    assert stats.kstest(length, lambda x: np.interp(x, grid, of_length)).statistic < 0.04
    assert stats.kstest(turn, lambda x: np.interp(x, angles, of_turn)).statistic < 0.04
