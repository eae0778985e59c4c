"""Observations of networks of weather stations, from CSV files to regular time series."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from geodl.errors import InputError
from geodl.files import read_table

# Units and name in CF, and the range that weather never leaves.
QUANTITIES = {
    "u": ("m s-1", "eastward_wind", -60, 60),
    "v": ("m s-1", "northward_wind", -60, 60),
    "speed": ("m s-1", "wind_speed", 0, 60),
    "direction": ("degree", "wind_from_direction", 0, 360),
    "temperature": ("K", "air_temperature", 180, 340),
    "pressure": ("Pa", "air_pressure", 80_000, 110_000),
    "dew_point": ("K", "dew_point_temperature", 180, 340),
    "humidity": ("%", "relative_humidity", 0, 110),
    "rain": ("kg m-2", "precipitation_amount", 0, 500),
}
OTHER_UNITS = {"m s-1": "multiply knots by 0.514444, km/h by 0.277778", "K": "add 273.15 to °C", "Pa": "multiply hPa by 100"}
PLACES = {
    "station": {"cf_role": "timeseries_id"},
    "latitude": {"units": "degrees_north", "standard_name": "latitude"},
    "longitude": {"units": "degrees_east", "standard_name": "longitude"},
    "height": {"units": "m", "standard_name": "surface_altitude"},
}
REQUIRED = ("station", "time", "latitude", "longitude")
METEONET = {"number_sta": "station", "date": "time", "lat": "latitude", "lon": "longitude", "height_sta": "height"}
METEONET |= {"dd": "direction", "ff": "speed", "precip": "rain", "hu": "humidity", "td": "dew_point", "t": "temperature"}
METEONET |= {"psl": "pressure"}


def wind_components(speed, direction):
    r"""Eastward and northward wind, `u` and `v`, of a speed and the direction that the wind comes from.

    \(u = -s \sin\theta\), \(v = -s \cos\theta\). A calm is zero whatever its direction, also without one; wind of unknown
    direction has NaN components.

    Args:
        speed: array or `xarray.DataArray` of any shape; its units are those of the result.
        direction: likewise, in degrees clockwise from north.

    Source: WMO Guide to Instruments and Methods of Observation (WMO-No. 8), volume I, measurement of surface wind.

    Example:
        >>> u, v = wind_components(np.array([5.0, 0.0]), np.array([270.0, np.nan]))
        >>> print(u.round(3), v.round(3))
        [5. 0.] [0. 0.]
    """
    angle = np.deg2rad(direction)
    return tuple(xr.where(speed == 0, 0.0, -speed * part) for part in (np.sin(angle), np.cos(angle)))


def wind_direction(u, v):
    r"""Direction that the wind comes from, in degrees clockwise from north, in [0, 360); NaN in a calm.

    \(\theta = \operatorname{atan2}(-u, -v)\), the inverse of `wind_components`, of arrays or `xarray.DataArray` of any shape.

    Example:
        >>> print(wind_direction(u=np.array([0.0, -3.0, 0.0]), v=np.array([-3.0, 0.0, 0.0])))
        [ 0. 90. nan]
    """
    # The remainder of a tiny negative angle rounds to 360 itself, hence the second one.
    direction = np.rad2deg(np.arctan2(-u, -v)) % 360 % 360
    return xr.where((u == 0) & (v == 0), np.nan, direction)


def attributes_of(name: str) -> dict[str, str]:
    """Units and standard name of one of the `QUANTITIES`, in CF.

    Example:
        >>> print(attributes_of("u"))
        {'units': 'm s-1', 'standard_name': 'eastward_wind'}
    """
    units, standard_name, _, _ = QUANTITIES[name]
    return {"units": units, "standard_name": standard_name}


def read_stations(path: str | Path) -> xr.Dataset:
    r"""The observations in a CSV file with one row per station and time, on a complete regular time axis.

    The columns, between commas, semicolons or tabs, are those of MeteoNet (number_sta, lat, lon, height_sta, date, dd, ff,
    precip, hu, td, t, psl), or station, time, direction and the names below. A missing value is empty; times are UTC, in
    ISO 8601 or as `20160101 00:00`. A station that changes place is another station from then on: "ID", then "ID_2". Values
    that weather never has are masked and repeated rows dropped, with a warning.

    Returns:
        Variables (time, station), those that the file has, in float32, NaN where missing: `u`, `v`, `speed` (m s-1),
        `temperature`, `dew_point` (K), `pressure` (Pa; in MeteoNet reduced to sea level), `humidity` (%), `rain` (kg m-2 a time
        step). `latitude`, `longitude` (degrees) and `height` (m) of the stations. The time step is the smallest that is common.

    Raises:
        InputError: not such a file; no wind, or its direction alone; a station, time or place that cannot be read; irregular
            times; rows that contradict each other; more than 1 % of the values of a variable where weather never is, as in
            another unit, because nothing is converted.

    Source: Larvor et al. 2020, MeteoNet, ground observations (https://meteofrance.github.io/meteonet).

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> rows = "station,time,latitude,longitude,speed,direction\nA,2016-01-01T00:00,48.4,-4.5,5,270"
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "stations.csv").write_text(rows)
        ...     ds = read_stations(Path(folder, "stations.csv"))
        >>> print(ds.u.dims, ds.u.values)
        ('time', 'station') [[5.]]
    """
    table = _read_table(Path(path))
    _check_rows(table)
    grid = _regular_times(table["time"])
    stations, number = _stations(table)
    table["cell"] = np.searchsorted(grid, table.pop("time")) * len(stations) + number
    table = _without_repeats(table, grid, stations["station"])
    _mask_implausible(table)
    _complete_wind(table)
    places = {name: ("station", stations[name].to_numpy(), attributes) for name, attributes in PLACES.items()}
    ds = xr.Dataset(coords={"time": grid, **places})
    for name in [name for name in QUANTITIES if name in table and name != "direction"]:
        field = np.full(len(grid) * len(stations), np.nan, "float32")
        field[table["cell"]] = table.pop(name)
        ds[name] = ("time", "station"), field.reshape(len(grid), -1), attributes_of(name)
    silent = ds["station"].values[ds["speed"].isnull().all("time")]
    if "u" not in ds:
        warnings.warn("The table has no direction of the wind: there is a speed, but neither u nor v.", stacklevel=2)
    if len(silent):
        warnings.warn(f"Stations without any wind: {len(silent)}, first {', '.join(silent[:5])}.", stacklevel=2)
    return ds


def _read_table(path: Path) -> pd.DataFrame:
    """The known columns, under our names."""
    header = read_table(path, "stations", nrows=0).columns
    names = _names(header, path)
    # The rest is text, also where ids are numbers: "01" and "1" are two stations.
    numbers = {column: "float32" for column, name in names.items() if name not in ("station", "time")}
    table = read_table(path, "stations", dtype=dict.fromkeys(header, "str") | numbers)[list(names)].rename(columns=names)
    table["height"] = table.get("height", np.float32(np.nan))
    table["time"] = pd.to_datetime(table["time"], format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
    return table


def _names(header: pd.Index, path: Path) -> dict[str, str]:
    """Our name of each column that is known."""
    names = {column: METEONET.get(column.strip().lower(), column.strip().lower()) for column in header}
    names = {column: name for column, name in names.items() if name in {"time", *PLACES, *QUANTITIES}}
    found = set(names.values())
    if not found.issuperset(REQUIRED):
        raise InputError(
            f"Expected the columns {', '.join(REQUIRED)} and some of {', '.join(QUANTITIES)}, or those of MeteoNet "
            f"({', '.join(METEONET)}); {path} has {', '.join(header)}: rename its columns."
        )
    if len(found) < len(names):
        raise InputError(f"Expected one column of each quantity; {path} has {', '.join(names)}: drop those that are double.")
    if "speed" not in found and not found.issuperset("uv"):
        wind = "the direction of the wind without its speed" if "direction" in found else "no wind"
        raise InputError(f"Expected wind as u and v, or as speed (ff) and direction (dd); {path} has {wind}: add the columns.")
    return names


def _check_rows(table: pd.DataFrame):
    """Each row has a station, a time and a place."""
    if table.empty:
        raise InputError("Expected rows of observations; the file has none: nothing to read.")
    checks = {
        "a station": table["station"].isna(),
        "a date in ISO 8601 or as 20160101 00:00": ~table["time"].between("1678", "2262"),  # what nanoseconds can tell
        "latitude and longitude in degrees": ~(table["latitude"].between(-90, 90) & table["longitude"].between(-180, 360)),
    }
    for expected, bad in checks.items():
        if bad.any():
            raise InputError(f"Expected {expected} in each row; {bad.sum()} lack it, as row {bad.argmax() + 1}: correct them.")


def _regular_times(times: pd.Series) -> np.ndarray:
    """All times from the first to the last, at the smallest step that is common, unless nearly none of them is there."""
    times = np.sort(times.unique())
    steps, counts = np.unique(np.diff(times) if len(times) > 1 else [np.timedelta64(1, "h")], return_counts=True)
    # A step rarer than one in twenty is a wrong time, which must not set the step of all.
    step = steps[counts >= min(counts.sum() / 20, counts.max())].min()
    irregular = times[(times - times[0]) % step != np.timedelta64(0)]
    expected = f"times at one step, here {pd.Timedelta(step)}"
    if len(irregular):
        found = f"{len(irregular)} are no multiple of it after {pd.Timestamp(times[0])}, first {pd.Timestamp(irregular[0])}"
        raise InputError(f"Expected {expected}; {found}: round or drop them.")
    if 100 * len(times) < (times[-1] - times[0]) / step:
        found = f"not one in a hundred is there from {pd.Timestamp(times[0])} to {pd.Timestamp(times[-1])}"
        raise InputError(f"Expected {expected}; {found}: correct wrong times.")
    return np.arange(times[0], times[-1] + step, step).astype("datetime64[ns]")


def _stations(table: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The stations in order, one for each place of an id, and for each row the number of its station."""
    groups = table.groupby(["station", "latitude", "longitude"], sort=False)
    stations = groups.agg(since=("time", "min"), height=("height", "first")).reset_index().sort_values(["station", "since"])
    place = stations.groupby("station").cumcount() + 1
    ids = set(stations["station"])
    for row in stations.index[place > 1]:
        name, number = stations.at[row, "station"], place[row]
        while f"{name}_{number}" in ids:
            number += 1
        ids.add(f"{name}_{number}")
        stations.at[row, "station"] = f"{name}_{number}"
    return stations, np.argsort(stations.index)[groups.ngroup()]


def _without_repeats(table: pd.DataFrame, grid: np.ndarray, stations: pd.Series) -> pd.DataFrame:
    """One row of values for each station and time."""
    table = table.drop(columns=list(PLACES))
    repeats = table["cell"].duplicated()
    if not repeats.any():
        return table
    versions = table[table["cell"].isin(table["cell"][repeats])].drop_duplicates()["cell"]
    contradicting = versions[versions.duplicated()]
    if len(contradicting):
        time, station = divmod(contradicting.iloc[0], len(stations))
        found = f"{len(contradicting)} contradict another, first of {stations.iloc[station]} at {pd.Timestamp(grid[time])}"
        raise InputError(f"Expected one row for each station and time; {found}: keep the right ones.")
    warnings.warn(f"{repeats.sum()} rows repeat another one: dropped.", stacklevel=3)
    return table[~repeats].copy()


def _mask_implausible(table: pd.DataFrame):
    """NaN instead of values that weather never has."""
    masked = []
    for name in table.columns.intersection(list(QUANTITIES)):
        values, (units, _, low, high) = table[name], QUANTITIES[name]
        outside = (values < low) | (values > high)
        count = outside.sum()
        if count > 0.01 * values.count():
            found = f"{count} of {values.count()} values are outside, first {values[outside].iloc[0]:g}"
            remedy = OTHER_UNITS.get(units, "check the units")
            raise InputError(f"Expected {name} in {units}, {low} to {high}; {found}: {remedy}, leave missing values empty.")
        if count:
            table[name] = values.mask(outside)
            masked.append(f"{count} of {name}")
    if masked:
        warnings.warn(f"Values that weather never has are masked: {', '.join(masked)}.", stacklevel=3)


def _complete_wind(table: pd.DataFrame):
    """Components from speed and direction, or speed from components."""
    if "u" in table and "v" in table:
        table.loc[table["u"].isna() | table["v"].isna(), ["u", "v"]] = np.nan
        if "speed" not in table:
            table["speed"] = np.hypot(table["u"], table["v"])
    elif "direction" in table:
        table["u"], table["v"] = wind_components(table["speed"].to_numpy(), table["direction"].to_numpy())
    mean, high = table["speed"].mean(), table["speed"].quantile(0.999)
    if mean > 12 or high > 40:
        found = f"The wind is strong, {mean:.1f} m/s in the mean and {high:.1f} m/s at the 99.9 % quantile"
        warnings.warn(f"{found}: if these are knots, multiply by 0.514444.", stacklevel=3)
