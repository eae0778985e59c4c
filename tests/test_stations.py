import numpy as np
import pandas as pd
import pytest
import xarray as xr

from geodl.errors import InputError
from geodl.stations import read_stations, wind_components, wind_direction


def meteonet(times=60):
    """Six hours of two stations as MeteoNet writes them, in the order of time."""
    date = pd.date_range("2016-01-01", periods=times, freq="6min").strftime("%Y%m%d %H:%M")
    hour = np.arange(times) / 10

    def station(number, lat, lon, height, phase):
        return pd.DataFrame(
            {
                "number_sta": number,
                "lat": lat,
                "lon": lon,
                "height_sta": height,
                "date": date,
                "dd": (270 + 60 * np.sin(hour + phase)).round(),
                "ff": (5 + 2 * np.cos(hour + phase)).round(1),
                "precip": 0.0,
                "hu": 80.0,
                "td": 279.15,
                "t": (283 + np.sin(hour)).round(2),
                "psl": 101_320.0,
            }
        )

    both = [station("01014002", 48.444, -4.412, 94.0, phase=0), station("83069002", 43.0, 6.23, 142.0, phase=1)]
    return pd.concat(both).sort_values("date", kind="stable", ignore_index=True)


def write(folder, table, separator=","):
    path = folder / "stations.csv"
    table.to_csv(path, index=False, sep=separator)
    return path


def changed(column, value, rows=slice(None)):
    """The file with another value in some rows of a column."""
    table = meteonet()
    table[column] = table[column].astype(type(value))
    table.loc[table.index[rows], column] = value
    return table


@pytest.mark.parametrize(
    "direction, u, v",
    [
        (0, 0, -5),
        (90, -5, 0),
        (180, 0, 5),
        (270, 5, 0),
        (360, 0, -5),
        (225, 5 / np.sqrt(2), 5 / np.sqrt(2)),
        (np.nan, np.nan, np.nan),
    ],
)
def test_wind_blows_away_from_its_direction(direction, u, v):
    np.testing.assert_allclose(wind_components(np.array(5.0), np.array(direction)), (u, v), atol=1e-12)


@pytest.mark.parametrize("direction", [0.0, 217.0, np.nan])
def test_a_calm_is_zero_whatever_its_direction(direction):
    u, v = wind_components(np.zeros(1, "float32"), np.full(1, direction, "float32"))
    np.testing.assert_array_equal((u, v), 0)
    assert u.dtype == "float32" and not np.signbit(u)


def test_wind_of_unknown_speed_is_unknown():
    assert np.isnan(wind_components(np.array(np.nan), np.array(90.0))).all()


def test_direction_is_the_inverse_of_components():
    direction = np.arange(0.0, 360.0, 7.5)
    np.testing.assert_allclose(wind_direction(*wind_components(np.full(48, 3.0), direction)), direction, atol=1e-9)


def test_direction_lies_below_360_and_a_calm_has_none():
    u, v = np.array([1e-9, 0, np.nan], "float32"), np.array([-1, 0, 1], "float32")
    np.testing.assert_array_equal(wind_direction(u, v), np.array([0, np.nan, np.nan]))


def test_fields_keep_their_coordinates():
    speed = xr.DataArray([2.0, 0.0], {"station": ["a", "b"]})
    u, v = wind_components(speed, xr.DataArray([90.0, np.nan], {"station": ["a", "b"]}))
    assert u.station.equals(speed.station) and wind_direction(u, v).dims == ("station",)


@pytest.mark.filterwarnings("error")
def test_a_file_of_meteonet_becomes_regular_series(tmp_path):
    table = meteonet()
    table.loc[4, ["ff", "dd", "t"]] = np.nan  # the third time of the first station
    table.loc[6, ["ff", "dd"]] = 0.0, 200.0  # its fourth
    table = table.drop(index=[10, 11, 13])  # the sixth time of both, the seventh of the second
    ds = read_stations(write(tmp_path, table))

    assert ds.u.dims == ("time", "station") and ds.u.shape == (60, 2)
    assert set(ds) == {"u", "v", "speed", "temperature", "pressure", "dew_point", "humidity", "rain"}
    assert all(field.dtype == "float32" for field in ds.values()) and ds.time.dtype == "datetime64[ns]"
    assert (np.diff(ds.time) == np.timedelta64(6, "m")).all()
    assert list(ds.station.values) == ["01014002", "83069002"]
    np.testing.assert_allclose(ds.latitude, [48.444, 43.0], rtol=1e-6)
    np.testing.assert_allclose(ds.longitude, [-4.412, 6.23], rtol=1e-6)
    np.testing.assert_array_equal(ds.height, [94, 142])
    assert ds.u.attrs == {"units": "m s-1", "standard_name": "eastward_wind"}

    first, second = ds.isel(station=0), ds.isel(station=1)
    np.testing.assert_allclose(second.temperature[0], 283.0)
    assert float(second.speed[2]) == pytest.approx(table.ff[5])
    assert np.isnan([first.u[2], first.speed[2], first.temperature[2], first.u[5], second.u[5], second.u[6]]).all()
    assert first.u[3] == first.v[3] == first.speed[3] == 0
    assert float(ds.u.notnull().sum()) == 120 - 4
    np.testing.assert_allclose(np.hypot(ds.u, ds.v), ds.speed, rtol=1e-6)


def test_stations_may_report_at_different_steps(tmp_path):
    table = meteonet()
    hourly = (table.number_sta == "83069002") & ~table.date.str.endswith(":00")
    ds = read_stations(write(tmp_path, table[~hourly]))
    assert ds.u[:, 0].notnull().all() and ds.u[::10, 1].notnull().all() and int(ds.u[:, 1].notnull().sum()) == 6
    alone = read_stations(write(tmp_path, table[(table.number_sta == "83069002") & ~hourly]))
    assert alone.u.shape == (6, 1) and (np.diff(alone.time) == np.timedelta64(1, "h")).all()


@pytest.mark.parametrize("separator", [";", "\t"])
def test_separators_are_recognised(tmp_path, separator):
    commas = read_stations(write(tmp_path, meteonet()))
    xr.testing.assert_identical(read_stations(write(tmp_path, meteonet(), separator)), commas)


def test_what_is_read_and_written_in_long_form_reads_the_same(tmp_path):
    ds = read_stations(write(tmp_path, changed("ff", np.nan, slice(5, 9))))
    again = read_stations(write(tmp_path, ds.to_dataframe().reset_index()))
    xr.testing.assert_allclose(again, ds)
    assert set(again) == set(ds)


def test_speed_comes_from_components_and_components_are_known_together(tmp_path):
    table = pd.DataFrame({"station": "a", "latitude": 43.0, "longitude": 6.0, "u": [3.0, 3.0], "v": [4.0, np.nan]})
    ds = read_stations(write(tmp_path, table.assign(time=["2020-01-01T00:00Z", "2020-01-01T02:00+01:00"])))
    np.testing.assert_array_equal(ds.speed[:, 0], [5, np.nan])
    np.testing.assert_array_equal(ds.u[:, 0], [3, np.nan])
    assert ds.time.values[1] == np.datetime64("2020-01-01T01:00") and np.isnan(ds.height)


def test_speed_alone_is_wind_without_components(tmp_path):
    path = write(tmp_path, meteonet().drop(columns=["dd", "t", "hu", "precip", "td", "psl"]))
    with pytest.warns(UserWarning, match="no direction of the wind: there is a speed, but neither u nor v"):
        assert set(read_stations(path)) == {"speed"}


def test_a_station_that_moves_is_another_station(tmp_path):
    table = changed("lat", 43.1, slice(61, None, 2))  # the second station, in the second half
    ds = read_stations(write(tmp_path, table.iloc[::-1]))
    assert list(ds.station.values) == ["01014002", "83069002", "83069002_2"]
    np.testing.assert_allclose(ds.latitude, [48.444, 43.0, 43.1], rtol=1e-6)
    assert ds.u[:30, 1].notnull().all() and ds.u[30:, 1].isnull().all()
    assert ds.u[:30, 2].isnull().all() and ds.u[30:, 2].notnull().all()


def test_a_moved_station_does_not_take_the_id_of_another(tmp_path):
    table = changed("lat", 43.1, slice(61, None, 2))
    table["number_sta"] = table["number_sta"].replace({"01014002": "83069002_2"})
    assert set(read_stations(write(tmp_path, table)).station.values) == {"83069002", "83069002_2", "83069002_3"}


def test_repeated_rows_are_dropped(tmp_path):
    table = meteonet()
    with pytest.warns(UserWarning, match="3 rows repeat another one"):
        ds = read_stations(write(tmp_path, pd.concat([table, table.iloc[[0, 0, 7]]])))
    xr.testing.assert_identical(ds, read_stations(write(tmp_path, table)))


def test_a_station_without_wind_is_kept(tmp_path):
    with pytest.warns(UserWarning, match="without any wind: 1, first 83069002"):
        ds = read_stations(write(tmp_path, changed("ff", np.nan, slice(1, None, 2))))
    assert ds.sizes["station"] == 2 and ds.u[:, 1].isnull().all() and ds.temperature[:, 1].notnull().all()


def test_values_that_weather_never_has_are_masked(tmp_path):
    table = changed("ff", -0.1, slice(0, 1))
    table.loc[1, "t"], table.loc[2, "psl"], table.loc[3, "dd"] = 0.0, 999_999.0, 990.0
    with pytest.warns(UserWarning, match="masked: 1 of direction, 1 of speed, 1 of temperature, 1 of pressure"):
        ds = read_stations(write(tmp_path, table))
    missing = ds.isnull().sum()
    assert {name: int(missing[name]) for name in ("u", "speed", "temperature", "pressure", "rain")} == {
        "u": 2, "speed": 1, "temperature": 1, "pressure": 1, "rain": 0
    }  # fmt: skip


@pytest.mark.parametrize("speed, rows", [(13.0, slice(None)), (50.0, slice(1))])
def test_much_wind_may_be_in_knots(tmp_path, speed, rows):
    with pytest.warns(UserWarning, match=r"if these are knots, multiply by 0\.514444"):
        ds = read_stations(write(tmp_path, changed("ff", speed, rows)))
    assert float(ds.speed.max()) == speed


@pytest.mark.parametrize(
    "table, message",
    [
        (meteonet().rename(columns={"number_sta": "Nummer"}), "columns station, time, .*number_sta.* has Nummer, lat"),
        (meteonet().drop(columns=["lat"]), "latitude"),
        (meteonet().drop(columns=["dd", "ff"]), "no wind: add"),
        (meteonet().drop(columns=["ff"]), "direction of the wind without its speed"),
        (meteonet().assign(speed=1.0), "one column of each quantity"),
        (meteonet().iloc[:0], "Expected rows"),
        (changed("ff", "3,4", slice(1)), "decimal points.*'3,4'"),
        (changed("date", "01/02/2016 00:00", slice(2, 4)), "a date in ISO 8601 .* 2 lack it, as row 3"),
        (changed("date", "29990101 00:00"), "a date in ISO 8601 .* 120 lack"),
        (changed("date", "", slice(1)), "a date in ISO 8601 .* 1 lack"),
        (
            changed("date", "20160101 00:07", slice(2, 3)),
            "one step, here 0 days 00:06:00; 1 are no multiple of it after 2016-01-01 .* 00:07:00: round",
        ),
        (changed("date", "20160101 00:12:30", slice(4, 6)), "1 are no multiple .* 00:12:30: round"),
        (
            meteonet()[::2].assign(date=pd.to_datetime("2016-01-01") + pd.to_timedelta(np.arange(7, 67).cumsum(), "h")),
            "here 0 days 08:00:00; .* are no multiple",
        ),
        (changed("date", "20610101 00:00", slice(1)), "not one in a hundred .* to 2061-01-01"),
        (changed("date", "20160101 00:06", slice(1)), "1 contradict another, first of 01014002 at 2016-01-01 00:06"),
        (changed("number_sta", "", slice(1)), "a station in each row; 1 lack"),
        (changed("lat", np.nan, slice(1)), "latitude and longitude .* 1 lack"),
        (changed("lon", 443.0, slice(1)), "latitude and longitude .* 1 lack"),
        (changed("ff", 61.0, slice(2)), "speed in m s-1, 0 to 60; 2 of 120 .* first 61: multiply knots"),
        (changed("dd", -90.0), "direction in degree, 0 to 360; 120 of 120"),
        (changed("t", 9.85), "temperature in K.* add 273.15 to °C"),
        (changed("td", 5.0), "dew_point in K.* add 273.15 to °C"),
        (changed("psl", 1013.2), "pressure in Pa.* multiply hPa by 100"),
        (changed("hu", -999.0), "humidity.* leave missing values empty"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path, table, message):
    with pytest.raises(InputError, match=message):
        read_stations(write(tmp_path, table))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89HDF\r\n\x1a\n\xff\xfe", b"station,time,latitude,longitude,speed\nA,2016-01-01,48,4,5,0\n"],
    ids=["empty", "not text", "rows longer than the header"],
)
def test_what_is_no_table_is_told(tmp_path, content):
    (tmp_path / "stations.csv").write_bytes(content)
    with pytest.raises(InputError, match="Expected a CSV file"):
        read_stations(tmp_path / "stations.csv")


def test_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        read_stations(tmp_path / "stations.csv")
