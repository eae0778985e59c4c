import warnings

import numpy as np
import pandas as pd
import pytest
from foraging_tracks import COLONY, flight, track, tracks, write

from geodl.errors import InputError
from geodl.files import read_observations
from geodl.track_cutting import read_trips
from geodl.trips import closed_trips, unproject


@pytest.fixture(autouse=True)
def no_unexpected_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def named(trips=3, colony=COLONY, minutes=60.0, dive=False):
    """A table that names trips, at regular times."""
    parts = []
    for number in range(trips):
        time, position = flight(minutes, bearing=number)
        lon, lat = unproject(*position.T, colony)
        start = pd.Timestamp("2020-01-01") + pd.Timedelta(days=number)
        parts.append(
            pd.DataFrame({"trip": f"B{number}_T1", "lon": lon, "lat": lat, "datetime": start + pd.to_timedelta(time, "min")})
        )
        if dive:
            parts[-1]["dive"] = np.linspace(0, 1, len(time))
    return pd.concat(parts, ignore_index=True)


def test_irregular_tracks_become_regular_trips(tmp_path):
    ds = read_trips(write(tmp_path, tracks(4, trips=2)), step_seconds=60)
    assert ds.sizes["trip"] == 8 and list(ds.bird.values[:3]) == ["bird 0", "bird 0", "bird 1"]
    assert list(ds.trip.values[:2]) == ["bird 0_T1", "bird 0_T2"]
    assert (ds.attrs["colony_lon"], ds.attrs["colony_lat"]) == pytest.approx(COLONY, abs=1e-4)
    distance = np.hypot(ds.x, ds.y)
    np.testing.assert_allclose(distance.max("step"), 20_000, rtol=0.01)
    assert (distance.isel(step=0) < 1000).all()
    np.testing.assert_allclose(np.hypot(*closed_trips(ds, 80)[:, 1].T), distance.isel(step=0))
    assert ((ds.mask.sum("step") > 55) & (ds.mask.sum("step") < 64)).all() and (ds.too_fast == 0).all()


def test_resampled_positions_are_on_the_path(tmp_path):
    table = track("A", trips=1)
    ds = read_trips(write(tmp_path, table), colony=COLONY, step_seconds=30).isel(trip=0)
    seconds = pd.to_datetime(table.timestamp).to_numpy("datetime64[ns]").astype(float)
    known = ds.mask.values
    expected = np.interp(ds.time.values[known].astype(float), seconds, table["location-lat"])
    np.testing.assert_allclose(ds.lat.values[known], expected, atol=1e-6)


def test_named_trips_at_regular_times_are_as_in_the_file(tmp_path):
    table = named(dive=True)
    ds = read_trips(write(tmp_path, table), colony=COLONY)
    assert ds.attrs["step_seconds"] == 60 and list(ds.bird.values) == ["B0", "B1", "B2"]
    np.testing.assert_allclose(ds.lon.values.ravel(), table.lon, atol=1e-9)
    np.testing.assert_allclose(ds.dive_probability.values.ravel(), table.dive, atol=1e-9)


def test_a_colony_at_the_date_line(tmp_path):
    colony = (179.99, -40.0)
    ds = read_trips(write(tmp_path, tracks(3, colony=colony)))
    assert ds.attrs["colony_lon"] == pytest.approx(179.99, abs=1e-3)
    assert ds.lon.min() < -179.8 and ds.lon.max() > 179.8 and np.hypot(ds.x, ds.y).max() < 21_000


def test_long_gaps_stay_missing_and_short_ones_are_filled(tmp_path):
    table = track("A", trips=1)
    gaps = pd.concat([table[:50], table[51:60], table[75:]])
    ds = read_trips(write(tmp_path, gaps), colony=COLONY, step_seconds=60).isel(trip=0)
    time, half = pd.to_datetime(table.timestamp).to_numpy("datetime64[ns]"), np.timedelta64(30, "s")
    inside = (ds.time.values - time[59] > half) & (time[75] - ds.time.values > half)
    assert inside.sum() > 10
    np.testing.assert_array_equal(ds.x.isnull().values[ds.mask.values], inside[ds.mask.values])


def test_a_fix_between_two_long_gaps_is_not_lost(tmp_path):
    table = track("A", trips=1)
    alone = pd.concat([table[:50], table[60:61], table[70:]])
    ds = read_trips(write(tmp_path, alone), colony=COLONY, step_seconds=60).isel(trip=0)
    known = ds.time.values[ds.x.notnull().values]
    assert abs(known - pd.Timestamp(table.timestamp[60]).to_datetime64()).min() <= np.timedelta64(30, "s")


def test_a_bird_last_seen_at_home_hours_ago_left_when_it_had_to(tmp_path):
    table = track("A", trips=1, rest=30)
    table = table.drop(index=range(5, 35))
    ds = read_trips(write(tmp_path, table), colony=COLONY, step_seconds=60).isel(trip=0)
    assert ds.time.values[0] > np.datetime64("2020-01-01T00:24") and ds.x.values[0] == 0


def spoiled(change):
    """Tracks of four birds, the second of which is changed."""
    parts = [track(f"bird {i}", seed=i) for i in range(4)]
    parts[1] = change(parts[1])
    return pd.concat(parts, ignore_index=True)


def moved(column, value, rows):
    def change(table):
        table = table.copy()
        table.loc[table.index[rows], column] += value
        return table

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.iloc[:25], r"1 never leave the colony by 3000 m \(bird 1\)"),
        (lambda t: t.iloc[:60], r"1 never return to the colony \(bird 1\)"),
        (lambda t: t.iloc[60:120], r"1 do not start at the colony \(bird 1\)"),
        (lambda t: t.iloc[:2], r"1 have fewer than 3 fixes \(bird 1\)"),
        (
            lambda t: t.rename(columns={"location-long": "location-lat", "location-lat": "location-long"}),
            r"1 have longitude and latitude swapped \(bird 1\)",
        ),
        (moved("location-lat", 80, slice(None)), r"1 are 5000 km away from the colony \(bird 1\)"),
    ],
)
def test_a_bad_track_is_left_out_and_the_others_kept(tmp_path, change, message):
    with pytest.warns(UserWarning, match=message):
        ds = read_trips(write(tmp_path, spoiled(change)))
    assert set(ds.bird.values) == {"bird 0", "bird 2", "bird 3"} and ds.sizes["trip"] == 6


def test_fixes_out_of_reach_are_left_out_and_told(tmp_path):
    with pytest.warns(UserWarning, match=r"cannot reach at 40 m/s: bird 1 \(1\)"):
        ds = read_trips(write(tmp_path, spoiled(moved("location-lat", 2, [55]))))
    assert ds.sizes["trip"] == 8 and np.hypot(ds.x, ds.y).max() < 21_000


def test_trips_that_no_bird_flies_are_flagged(tmp_path):
    with pytest.warns(UserWarning, match=r"more than 40 m/s between fixes, in too_fast: bird 1_T1 \(2\)"):
        ds = read_trips(write(tmp_path, spoiled(moved("location-lat", 0.3, [55, 56]))))
    assert ds.too_fast.sum() == ds.too_fast.sel(trip="bird 1_T1") == 2


def test_nothing_left_is_an_error(tmp_path):
    with pytest.raises(InputError, match="of 2 tracks none has one: 2 never leave the colony by 3000 m"):
        read_trips(write(tmp_path, tracks(2, reach=500.0)))
    with pytest.raises(InputError, match="2 have longitude and latitude swapped"):
        read_trips(write(tmp_path, tracks(2)), colony=COLONY[::-1])
    with pytest.raises(InputError, match="of 1 tracks none has one: 1 have fewer than 3 fixes"):
        read_trips(write(tmp_path, track("A").iloc[:1]))
    with pytest.raises(InputError, match="Expected the longitude and latitude of the colony"):
        read_trips(write(tmp_path, tracks(2)), colony=(12.0, -120.0))


@pytest.mark.parametrize("seconds", [0, -5, np.nan])
def test_a_time_step_is_positive(tmp_path, seconds):
    with pytest.raises(InputError, match=f"positive number of seconds between two positions; found {seconds}"):
        read_trips(write(tmp_path, tracks(2)), step_seconds=seconds)


def test_observations_in_a_table_of_tracks_are_trips(tmp_path):
    assert read_observations(write(tmp_path, tracks(2))).attrs["featureType"] == "trajectory"
