import warnings

import numpy as np
import pandas as pd
import pytest
from foraging_tracks import track, tracks, write

from geodl.errors import InputError
from geodl.tracks import is_track_table, read_tracks


def plain(**columns):
    """Three fixes of a bird, in plain columns."""
    table = {"bird": "A", "datetime": [f"2020-01-01 12:0{i}:00" for i in range(3)], "lon": [-5.7, -5.71, -5.72], "lat": -16.0}
    return pd.DataFrame(table | columns)


@pytest.fixture(autouse=True)
def no_unexpected_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(
    ("column", "marks"),
    [
        ("visible", ["true", "false", ""]),
        ("VISIBLE", ["TRUE", "FALSE", "TRUE"]),
        ("manually-marked-outlier", ["", "true", ""]),
        ("algorithm.marked.outlier", ["", "TRUE", "FALSE"]),
        ("import_marked_outlier", ["false", "True", "false"]),
    ],
)
def test_fixes_that_movebank_marks_as_outliers_are_left_out(tmp_path, column, marks):
    path = write(tmp_path, plain(**{column: marks}))
    with pytest.warns(UserWarning, match="the file marks an outlier in 1 of 3 rows, first of A"):
        found = read_tracks(path)
    assert list(found.lon) == [-5.7, -5.72] and list(found) == ["bird", "lon", "lat", "time"]


def test_marks_that_mark_nothing_change_nothing(tmp_path):
    marked = read_tracks(write(tmp_path, plain(visible="true", **{"manually-marked-outlier": ""})))
    pd.testing.assert_frame_equal(marked, read_tracks(write(tmp_path, plain())))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_of_movebank(tmp_path, separator):
    table = tracks(2)
    found = read_tracks(write(tmp_path, table, separator))
    assert list(found.bird.unique()) == ["bird 0", "bird 1"]
    np.testing.assert_allclose(found.lon, table["location-long"])
    assert found.time[0] == pd.Timestamp(table.timestamp[0])


def test_trips_date_and_time_apart_and_compressed(tmp_path):
    table = pd.DataFrame({"trip": "P1_3_SV_T2", "date_gmt": "2020-01-01", "time_gmt": ["12:00:00", "12:01:00"]})
    table[["longitude", "latitude", "dive", "lon_colony", "lat_colony"]] = (-5.7, -16.0, 0.25, -5.73, -16.01)
    table.to_csv(tmp_path / "tracks.csv.gz", index=False)
    found = read_tracks(tmp_path / "tracks.csv.gz")
    assert found.bird[0] == "P1_3_SV" and found.trip[0] == "P1_3_SV_T2" and found.dive[0] == 0.25
    assert found.time.diff()[1] == pd.Timedelta(minutes=1) and found.lon_colony[0] == -5.73


def test_trips_that_are_numbered_for_each_bird_are_told_apart(tmp_path):
    table = pd.concat([plain(trip="1"), plain(bird="B", trip="1"), plain(bird="B", trip="2")])
    assert list(read_tracks(write(tmp_path, table)).trip.unique()) == ["A_1", "B_1", "B_2"]


def test_local_times_become_utc(tmp_path):
    path = write(tmp_path, plain())
    assert read_tracks(path, "America/Lima").time[0] == read_tracks(path).time[0] + pd.Timedelta(hours=5)
    offset = write(tmp_path, plain(datetime=[f"2020-01-01T12:0{i}:00-05:00" for i in range(3)]))
    assert read_tracks(offset, "Europe/Paris").time[0] == pd.Timestamp("2020-01-01 17:00")
    with pytest.raises(InputError, match="Expected a time zone such as UTC or America/Lima; found 'Lima time'"):
        read_tracks(path, "Lima time")


def test_times_that_a_change_of_the_clock_skips_are_left_out(tmp_path):
    path = write(tmp_path, plain(datetime=["2020-03-29 01:59:00", "2020-03-29 02:30:00", "2020-03-29 03:00:00"]))
    with pytest.warns(UserWarning, match="the time cannot be read in 1 of 3 rows"):
        assert read_tracks(path, "Europe/Paris").time.diff()[1] == pd.Timedelta(minutes=1)


@pytest.mark.parametrize(
    ("dates", "message", "first"),
    [
        (["12/04/2017 23:59", "13/04/2017 00:01", "13.04.2017 00:03"], "day first", "2017-04-12"),
        (["4/12/2017 23:59", "4/13/2017 00:01", "4/13/2017 00:03"], "month first", "2017-04-12"),
    ],
)
def test_dates_with_the_year_last_are_read_where_it_is_clear_which_is_the_day(tmp_path, dates, message, first):
    with pytest.warns(UserWarning, match=message):
        found = read_tracks(write(tmp_path, plain(datetime=dates)))
    assert str(found.time[0])[:10] == first and found.time.diff()[1] == pd.Timedelta(minutes=2)


@pytest.mark.parametrize("dates", [["03/04/2017 12:00"] * 3, ["13/04/2017 12:00", "04/13/2017 12:00", "01/01/2017 12:00"]])
def test_dates_of_which_the_day_is_not_clear_are_refused(tmp_path, dates):
    with pytest.raises(InputError, match="it is not clear which part is the day: write them with the year first"):
        read_tracks(write(tmp_path, plain(datetime=dates)))


def test_fixes_are_sorted_and_repeats_left_out(tmp_path):
    table = track("A")
    shuffled = pd.concat([table.sample(frac=1, random_state=0), table.iloc[:3]])
    with pytest.warns(UserWarning) as told:
        found = read_tracks(write(tmp_path, shuffled))
    assert any("Fixes are sorted" in str(w.message) for w in told)
    assert any("3 repeat the time" in str(w.message) for w in told)
    np.testing.assert_allclose(found.lat, table["location-lat"])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"lon": [-5.7, "here", -5.72]}, "the place cannot be read or is not on Earth in 1 of 3 rows, first of A"),
        ({"lon": [-5.7, 400.0, -5.72]}, "not on Earth in 1 of 3"),
        ({"datetime": ["2020-01-01 12:00", "noon", "2020-01-01 12:02"]}, "the time cannot be read in 1 of 3"),
        ({"bird": ["A", None, "A"]}, "the bird is not named in 1 of 3"),
    ],
)
def test_rows_that_cannot_be_read_are_left_out(tmp_path, columns, message):
    with pytest.warns(UserWarning, match=message):
        assert len(read_tracks(write(tmp_path, plain(**columns)))) == 2


def test_swapped_columns_are_told_where_latitudes_are_beyond_the_poles(tmp_path):
    with pytest.raises(InputError, match="none is left: longitude and latitude look swapped in 3 of 3 rows"):
        read_tracks(write(tmp_path, plain(lon=-16.0, lat=[-105.7, -105.71, -105.72])))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (plain().rename(columns={"lat": "north"}), "Expected the columns bird or trip, lon, lat and datetime"),
        (plain().drop(columns="bird"), "rename its columns"),
        (plain().iloc[:0], "it has no rows"),
    ],
)
def test_other_tables_are_refused(tmp_path, table, message):
    with pytest.raises(InputError, match=message):
        read_tracks(write(tmp_path, table))


def test_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="Expected a CSV file of tracks; there is no file"):
        read_tracks(tmp_path / "absent.csv")


def test_tables_of_stations_are_told_apart(tmp_path):
    assert is_track_table(write(tmp_path, plain()))
    assert not is_track_table(write(tmp_path, plain().rename(columns={"bird": "station"})))
