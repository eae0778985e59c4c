"""Criteria that generators of foraging trips learn by."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import signal, stats

from geodl.metrics import SpectralLoss, TripLoss, WassersteinLoss, trip_statistics
from geodl.metrics.spectral_loss import mean_periodogram
from geodl.metrics.trip_loss import nearest_distances, trip_distributions
from geodl.metrics.trip_statistics import trip_distances


def bridges(count=12, steps=20, scale=500.0, seed=0):
    """Random trips (trip, step + 1, 2) from the colony and back, of different durations."""
    random = np.random.default_rng(seed)
    trips = np.full((count, steps + 1, 2), np.nan, "float32")
    for trip in trips:
        duration = random.integers(6, steps + 1)
        walk = scale * random.normal(size=(duration, 2)).cumsum(axis=0)
        walk = walk - np.arange(1, duration + 1)[:, None] / duration * walk[-1]
        trip[: duration + 1] = np.concatenate([np.zeros((1, 2)), walk])
    return trips


def test_periodogram_is_that_of_scipy():
    series = np.random.default_rng(0).normal(size=(5, 30, 2))
    _, power = signal.periodogram(series, detrend=False, return_onesided=False, scaling="spectrum", axis=1)
    np.testing.assert_allclose(mean_periodogram(series), 900 * power.mean(axis=0)[:16], rtol=1e-4)


def test_spectral_loss_of_equal_sets_is_zero_in_any_order():
    trips = np.nan_to_num(bridges())
    assert float(SpectralLoss()(trips, trips)) == 0
    assert float(SpectralLoss()(trips, trips[::-1])) == pytest.approx(0, abs=1e-8)
    assert float(SpectralLoss()(trips, np.e * trips)) == pytest.approx(4, rel=1e-3)


def test_wasserstein_loss_is_that_of_scipy():
    random = np.random.default_rng(0)
    first, second = random.normal(size=5000), random.normal(0.7, 2, size=4000)
    expected = stats.wasserstein_distance(first, second)
    assert float(WassersteinLoss(quantiles=1000)(first.astype("float32"), second.astype("float32"))) == pytest.approx(
        expected, rel=0.02
    )


def test_wasserstein_loss_in_ranks_is_near_the_area_between_distributions_and_has_no_unit():
    random = np.random.default_rng(0)
    first, second = (random.normal(m, size=20_000).astype("float32") for m in (0, 0.1))
    grid = np.sort(first)
    area = abs(np.searchsorted(np.sort(second), grid) - np.arange(20_000)).mean() / 20_000
    loss = WassersteinLoss(ranks=True)
    assert float(loss(first, second)) == pytest.approx(area, rel=0.15)
    assert float(loss(1000 * first, 1000 * second)) == pytest.approx(float(loss(first, second)), rel=1e-3)


def test_what_is_missing_costs_nothing():
    known, other = np.float32([3, 1, 2]), np.float32([4, 5, 7])
    expected = float(WassersteinLoss()(known, other))
    assert float(WassersteinLoss()(np.float32([3, np.nan, 1, np.nan, 2]), other)) == pytest.approx(expected)


def test_distributions_are_the_statistics_of_ecologists():
    trips = bridges()
    found, expected = trip_distributions(tf.constant(trips)), trip_statistics(trips, step_seconds=60.0)
    for name in ("step_length", "turning_angle", "range", "straightness"):
        values = np.array(found[name])
        np.testing.assert_allclose(np.sort(values[np.isfinite(values)]), np.sort(expected[name]), rtol=1e-3, atol=1e-3)


def test_distances_to_the_nearest_trip_are_those_of_the_scores():
    trips, others = bridges(), bridges(seed=1)
    apart = trip_distances(trips, trips) + np.diag(np.full(len(trips), np.inf))
    np.testing.assert_allclose(nearest_distances(tf.constant(trips)), apart.min(axis=1), rtol=1e-3)
    found = nearest_distances(tf.constant(others), tf.constant(trips))
    np.testing.assert_allclose(found, trip_distances(others, trips).min(axis=1), rtol=1e-3)


def test_copies_of_trips_cost_what_they_are_too_near():
    trips = bridges()
    cost = [float(TripLoss(nearest=weight)(trips, trips)) for weight in (0, 1, 3)]
    assert cost[0] == pytest.approx(0, abs=1e-6) and cost[2] == pytest.approx(3 * cost[1]) and cost[1] > 0.1


def test_trip_loss_is_zero_for_equal_sets_and_larger_for_others():
    trips = bridges()
    assert float(TripLoss()(trips, trips)) == pytest.approx(0, abs=1e-6)
    assert float(TripLoss()(trips, bridges(seed=1))) < float(TripLoss()(trips, 2 * bridges(seed=1)))


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_gradient_of_the_trip_loss_is_finite_also_for_a_bird_at_rest(jit):
    resting = bridges(4)
    resting[0, 1:4] = 0

    @tf.function(jit_compile=jit)
    def gradient(trips):
        with tf.GradientTape() as tape:
            tape.watch(trips)
            loss = TripLoss()(bridges(5, seed=2), trips)
        return tape.gradient(loss, trips)

    found = gradient(tf.constant(resting)).numpy()
    assert np.isfinite(found[np.isfinite(resting)]).all() and abs(found[np.isfinite(resting)]).max() > 0


@pytest.mark.parametrize(
    "loss",
    [
        SpectralLoss(epsilon=1e-3),
        WassersteinLoss(quantiles=7, ranks=True),
        TripLoss(spectral=2.0, lengths=3.0, turns=2.0, nearest=1.0),
    ],
)
def test_losses_survive_their_config(loss):
    again = type(loss).from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
