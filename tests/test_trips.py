import numpy as np
import pytest

from geodl.errors import InputError
from geodl.files import read_netcdf, write_netcdf
from geodl.trips import EARTH_RADIUS, bird_splits, closed_trips, colony_of, project, trips_dataset, unproject

COLONY = (-77.264, -11.773)
NAN = np.nan


def trips(*positions, **options):
    """A dataset of trips of different lengths."""
    steps = max(map(len, positions))
    padded = [np.concatenate([trip, np.full((steps - len(trip), 2), NAN)]) for trip in positions]
    return trips_dataset(np.array(padded, float), COLONY, 60, **options)


def test_distances_are_those_of_the_great_circle():
    random = np.random.default_rng(0)
    lon, lat = COLONY[0] + random.uniform(-0.3, 0.3, 50), COLONY[1] + random.uniform(-0.3, 0.3, 50)
    a, b = np.deg2rad([COLONY[1], COLONY[0]]), np.deg2rad([lat, lon])
    unit = lambda p: np.array([np.cos(p[0]) * np.cos(p[1]), np.cos(p[0]) * np.sin(p[1]), np.sin(p[0]) + 0 * p[1]])  # noqa: E731
    arc = np.arccos(unit(a) @ unit(b).reshape(3, -1))
    np.testing.assert_allclose(np.hypot(*project(lon, lat, COLONY)), EARTH_RADIUS * arc, rtol=2e-3)


def test_without_cosine_a_degree_is_as_long_east_as_north():
    x, y = project(COLONY[0] + 0.1, COLONY[1] + 0.1, COLONY, cosine=False)
    assert x == pytest.approx(np.pi * EARTH_RADIUS * 0.1 / 180) == pytest.approx(y)


@pytest.mark.parametrize("colony", [COLONY, (179.9, 60.0), (-180.0, 0.0)])
@pytest.mark.parametrize("cosine", [True, False])
def test_positions_come_back_also_over_the_date_line(colony, cosine):
    x, y = np.random.default_rng(0).normal(0, 50_000, (2, 30))
    lon, lat = unproject(x, y, colony, cosine)
    assert (-180 <= lon).all() and (lon < 180).all()
    np.testing.assert_allclose(project(lon, lat, colony, cosine), (x, y), atol=1e-4)
    np.testing.assert_allclose(project(lon % 360, lat, colony, cosine), (x, y), atol=1e-4)


def test_dataset_is_a_cf_trajectory_that_survives_netcdf(tmp_path):
    ds = trips([[0, 0], [500, 0], [NAN, NAN], [0, 0]], [[0, 0], [100, 100]], birds=["A", "B"], names=["A_1", "B_1"])
    ds = read_netcdf(write_netcdf(ds, tmp_path / "trips.nc"))
    assert ds.attrs["featureType"] == "trajectory" and ds.trip.attrs["cf_role"] == "trajectory_id"
    assert ds.lon.attrs["units"] == "degrees_east" and list(ds.bird.values) == ["A", "B"]
    # A gap is within the trip, what follows its end is not.
    assert ds.mask.values.tolist() == [[True] * 4, [True, True, False, False]]
    assert np.isnat(ds.time.values[1, 2]) and ds.time.values[0, 3] - ds.time.values[0, 0] == np.timedelta64(180, "s")
    assert colony_of(ds) == COLONY


def test_closed_trips_start_and_end_at_the_colony():
    closed = closed_trips(trips([[300, 0], [600, 0]], [[0, 0], [50, 60], [NAN, NAN], [150, 0], [0, 0]]), steps=6)
    assert closed.shape == (2, 7, 2)
    np.testing.assert_array_equal(closed[0, :, 0], [0, 300, 600, 0, NAN, NAN, NAN])
    np.testing.assert_array_equal(closed[1, :, 0], [0, 50, 100, 150, 0, NAN, NAN])
    np.testing.assert_array_equal(closed[1, :3, 1], [0, 60, 30])


def test_trips_that_do_not_fit_are_told():
    with pytest.raises(InputError, match="at most 2 steps; found one of 3"):
        closed_trips(trips([[300, 0], [600, 0]]), steps=2)
    with pytest.raises(InputError, match="a trip without any"):
        closed_trips(trips([[NAN, NAN], [NAN, NAN]], lengths=[2]))
    with pytest.raises(InputError, match="the attribute colony_lat"):
        colony_of(trips([[0, 0]]).drop_attrs().assign_attrs(colony_lon=3.0))


def test_birds_are_in_one_split_each():
    birds = [f"B{i}" for i in range(39)]
    splits = bird_splits(birds * 2)
    assert sorted(bird for names in splits.values() for bird in names) == sorted(birds)
    assert {split: len(names) for split, names in splits.items()} == {"test": 10, "validation": 6, "train": 23}
    assert bird_splits(birds, seed=1) != splits == bird_splits(birds[::-1])
    assert all(len(names) == 1 for names in bird_splits("abc").values())
    with pytest.raises(InputError, match="at least 3 birds, to hold some out; found 2"):
        bird_splits("ab")
