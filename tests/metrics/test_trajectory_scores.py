import os

import numpy as np
import pytest
from scipy import signal, stats

from geodl import datasets
from geodl.metrics import NearestTrips, RealTrips, TrajectoryScores, periodogram_score, published_series, trip_statistics
from geodl.metrics.trajectory_scores import occupancy
from geodl.metrics.trip_statistics import trip_distances, trip_windows
from geodl.trips import EARTH_RADIUS, closed_trips, project, trips_dataset

COLONY = (-77.264, -11.773)
WINDOW = (-77.7, -77.0, -12.1, -11.4)


def loops(trips=30, seed=0, steps=60, shape=1.0):
    """Trips of six birds along noisy ellipses, as a dataset."""
    random = np.random.default_rng(seed)
    positions = np.full((trips, steps, 2), np.nan)
    lengths = random.integers(20, steps, size=trips)
    for trip, length in zip(positions, lengths, strict=True):
        phase = np.linspace(0, 2 * np.pi, length)
        reach, width, angle = random.uniform(5e3, 30e3), shape * random.normal(0, 3e3), random.normal(np.pi, 0.7)
        along, across = reach / 2 * (1 - np.cos(phase)), width * np.sin(phase) + random.normal(0, 100, length)
        trip[:length, 0] = along * np.cos(angle) - across * np.sin(angle)
        trip[:length, 1] = along * np.sin(angle) + across * np.cos(angle)
    return trips_dataset(positions, COLONY, 60, lengths=lengths, birds=[f"B{i % 6}" for i in range(trips)])


def test_periodogram_score_is_that_of_scipys_periodograms():
    real, simulated = np.random.default_rng(0).normal(size=(2, 12, 200, 2))
    score = periodogram_score(real, simulated)
    for component in range(2):
        spectra = [
            signal.periodogram(trips[..., component], detrend=False, scaling="spectrum")[1].mean(axis=0)
            for trips in (real, simulated)
        ]
        assert score[component] == pytest.approx(np.mean(np.log(spectra[0] / spectra[1]) ** 2), rel=1e-9)


def test_published_series_leaves_out_fixes_near_the_colony_and_has_no_cosine():
    ds = loops(5)
    series = published_series(ds, scale=5e4, steps=70)
    for number in range(5):
        trip = ds.isel(trip=number)
        lon, lat = trip.lon.values[trip.mask.values], trip.lat.values[trip.mask.values]
        kept = np.hypot(*project(lon, lat, COLONY)) > 1000
        x = np.pi * EARTH_RADIUS * (lon[kept] - COLONY[0]) / 180 / 5e4
        np.testing.assert_allclose(series[number, 1 : kept.sum() + 1, 0], x, rtol=1e-9)
        assert series[number, 0].tolist() == [0, 0] and not series[number, kept.sum() + 1 :].any()


def test_statistics_of_a_regular_polygon():
    angle = np.linspace(0, 2 * np.pi, 13)
    polygon = 1000 * np.stack([np.cos(angle) - 1, np.sin(angle)], axis=-1)
    found = trip_statistics(np.concatenate([polygon, np.full((4, 2), np.nan)])[None], 30.0)
    side = 2000 * np.sin(np.pi / 12)
    np.testing.assert_allclose(found["step_length"], np.full(12, side))
    np.testing.assert_allclose(found["turning_angle"], np.full(11, np.pi / 6))
    assert found["duration"] == 360 and found["range"] == pytest.approx(2000)
    assert found["straightness"] == pytest.approx(4000 / (12 * side))


def test_a_bird_at_rest_has_no_direction():
    closed = np.array([[[0.0, 0], [100, 0], [100, 0], [100, 100], [0, 100]]])
    np.testing.assert_allclose(trip_statistics(closed, 60.0)["turning_angle"], [np.pi / 2])


def test_distances_of_trips_and_windows_are_root_mean_squares_over_time():
    closed = closed_trips(loops(6))
    by_hand = np.sqrt(((np.nan_to_num(closed[1]) - np.nan_to_num(closed[4])) ** 2).sum(axis=-1).mean())
    assert trip_distances(closed[:2], closed[3:])[1, 1] == pytest.approx(by_hand)
    windows, trip = trip_windows(closed[:2])
    assert list(np.bincount(trip)) == [np.isfinite(c[:, 0]).sum() - 10 for c in closed[:2]]
    apart = np.sqrt(((closed[0, 3:14] - closed[0, 5:16]) ** 2).sum(axis=-1).mean())
    assert np.linalg.norm(windows[3] - windows[5]) == pytest.approx(apart)


def test_copies_are_found_out_and_independent_trips_are_not():
    train, other = loops(200), loops(200, seed=1)
    nearest = NearestTrips(closed_trips(train), train.bird.values)
    copies = nearest.scores(closed_trips(train))
    assert copies["nearest"] == copies["nearest_windows"] == 0 and copies["too_close"] == 1
    found = nearest.scores(closed_trips(other))
    assert 0.8 < found["nearest"] < 1.3 and 0.8 < found["nearest_windows"] < 1.3
    assert found["too_close"] < 0.15 and 0.8 < found["diversity"] < 1.2


def test_pieces_of_copies_are_found_out():
    train = loops(60)
    closed = closed_trips(train)
    spliced = closed.copy()
    spliced[:, 15:] = np.roll(closed, 1, axis=0)[:, 15:]
    found = NearestTrips(closed, train.bird.values).scores(spliced)
    assert found["nearest_windows"] < 0.75 < 0.9 < found["nearest"]


def test_one_trip_again_and_again_has_no_diversity():
    train = loops(60)
    same = np.repeat(closed_trips(train)[:1], 20, axis=0)
    assert NearestTrips(closed_trips(train), train.bird.values).scores(same)["diversity"] == 0


def test_map_is_a_density():
    ds = loops(30)
    window = (-78.2, -76.6, -12.4, -11.1)
    density = occupancy(ds, window)
    assert density.sum() * 0.05**2 == pytest.approx(1, abs=0.05)
    far = (np.hypot(ds.x, ds.y) > 1000).values
    lon, lat = ds.lon.values[far], ds.lat.values[far]
    bandwidth = 0.3**2 * np.cov(lon, lat)
    column, row = 18, 11
    place = np.array([window[0] + column * 0.05, window[2] + row * 0.05])
    kernels = stats.multivariate_normal(place, bandwidth).pdf(np.stack([lon, lat], axis=-1))
    assert density[column, row] == pytest.approx(kernels.mean(), rel=1e-6)


@pytest.fixture(scope="module")
def real():
    return RealTrips(loops(60), loops(30, seed=1), loops(90, seed=2), 5e4, WINDOW)


def test_scores_of_the_training_trips_themselves(real):
    again = real.train.isel(trip=np.random.default_rng(0).integers(60, size=200))
    scores = TrajectoryScores.of(again, real, seconds=1.0)
    assert {len(values) for values in scores.sets.values()} == {2}
    result = scores.result()
    assert result["periodogram_train"][0] < 0.1 and result["nearest"] == [0] and result["too_close"] == [1]
    assert all(result[f"ks_{name}"][0] < 0.2 for name in ("step_length", "turning_angle", "duration", "range", "straightness"))
    assert result["map_distance"][0] < (real.map**2).mean() / 10
    assert result["periodogram_train_spread"][0] == pytest.approx(scores.sets["periodogram_train"].std(), rel=1e-3)
    assert scores.rows() == [{name: value[0] for name, value in result.items()} | {"seconds": 1.0}]
    assert scores.trips.sizes["trip"] == 100


def test_other_trips_score_worse(real):
    similar, other = (TrajectoryScores.of(loops(100, seed=3, shape=shape), real, 1.0).result() for shape in (1.0, 4.0))
    worse = ("periodogram_train_both", "periodogram_held_out_both", "periodogram_all_both", "ks_step_length", "ks_straightness")
    for name in worse:
        assert similar[name] < other[name]


@pytest.mark.skipif(not os.environ.get("GEODL_SOURCES"), reason="the files of the birds do not ship")
@pytest.mark.parametrize(("case", "scale", "resampled", "halves"), [("peru", 5e4, 0.011, 0.060), ("brazil", 2e5, 0.015, 0.131)])
def test_floors_of_real_trips(case, scale, resampled, halves):
    series = published_series(datasets.open_dataset("seabirds", case, "all"), scale, 200)
    random = np.random.default_rng(0)
    again = [periodogram_score(series, series[random.integers(len(series), size=100)])[0] for _ in range(200)]
    assert np.mean(again) == pytest.approx(resampled, abs=0.003)
    orders = [random.permutation(len(series)) for _ in range(200)]
    parts = [np.array_split(series[order], 2) for order in orders]
    assert np.mean([periodogram_score(*part) for part in parts]) == pytest.approx(halves, rel=0.15)
