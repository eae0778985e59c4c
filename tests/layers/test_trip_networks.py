"""Layers of the generators of foraging trips."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from geodl.layers import Bridge, MinibatchDeviation, StepMatching, StepMixture, TripCritic, TripDecoder
from geodl.metrics import trip_statistics
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


def walks(count, steps=60, turn=0.4, length=100.0, seed=0):
    """Closed walks of gamma steps and normal turns, and their durations."""
    random = np.random.default_rng(seed)
    heading = random.normal(0, turn, (count, steps)).cumsum(axis=1)
    drawn = random.gamma(4.0, length / 4, (count, steps, 1)) * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    duration = random.integers(20, steps + 1, count).astype("float32")
    return np.array(Bridge()(drawn.astype("float32"), duration)), duration


def ended(walk, duration):
    return np.where((np.arange(walk.shape[1]) > duration[:, None])[..., None], np.nan, walk)


def test_step_matching_keeps_the_contracts_of_a_layer():
    check_layer(StepMatching(), *walks(3), tolerance=1e-4)


def test_walks_are_not_changed_before_distributions_are_given():
    walk, duration = walks(5)
    np.testing.assert_allclose(StepMatching()(walk, duration), walk, rtol=1e-3, atol=0.1)


def test_matched_walks_are_closed_and_have_the_wanted_steps_and_turns():
    layer = StepMatching()
    layer.build((None, 61, 2), (None,))
    wanted = ended(*walks(500, turn=0.2, length=700.0, seed=3))
    layer.adapt(*walks(500, seed=2), wanted)
    walk, duration = walks(500)
    found = np.array(layer(walk, duration))
    assert (np.take_along_axis(found, duration.astype(int)[:, None, None], axis=1) == 0).all()
    before, after, goal = (trip_statistics(each, 60.0) for each in (ended(walk, duration), ended(found, duration), wanted))
    for name in ("step_length", "turning_angle"):
        assert stats.ks_2samp(after[name], goal[name]).statistic < 0.03
        assert stats.ks_2samp(before[name], goal[name]).statistic > 0.05


def test_without_turns_steps_keep_their_directions():
    layer = StepMatching()
    layer.build((None, 61, 2), (None,))
    walk, duration = walks(200)
    layer.adapt(walk, duration, ended(*walks(200, turn=0.2, length=130.0, seed=3)), turns=False)
    before, after = (
        trip_statistics(ended(each, duration), 60.0)["turning_angle"] for each in (walk, np.array(layer(walk, duration)))
    )
    assert stats.ks_2samp(before, after).statistic < 0.02


def test_ranks_of_lengths_stay_also_beyond_the_ends():
    layer = StepMatching()
    layer.build((None, 3, 2), (None,))
    # Out and back again, so that the bridge has nothing to do.
    out = lambda length: np.stack([0 * length, length, 0 * length], axis=1)[..., None] * np.float32([0.6, 0.8])  # noqa: E731
    layer.adapt(out(np.linspace(100, 200, 101)), np.full(101, 2), out(np.linspace(10, 20, 101) ** 2))
    found = np.hypot(*np.array(layer(out(np.float32([50, 101, 150, 400])), np.full(4, 2, "float32")))[:, 1].T)
    np.testing.assert_allclose(found[1:], [10.1**2, 225, 800], rtol=1e-3)
    assert 0 < found[0] < 101


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
