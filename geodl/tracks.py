"""Tracks of tagged birds: the fixes in a table, with sure times and places."""

import re
import warnings
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from geodl.errors import InputError
from geodl.files import read_table

COLUMNS = {
    "bird": (
        "individual_local_identifier",
        "individual_id",
        "bird",
        "bird_id",
        "individual",
        "track_id",
        "tag_local_identifier",
    ),
    "trip": ("trip", "trip_id"),
    "time": ("timestamp", "datetime", "time", "date_time"),
    "date": ("date", "date_gmt"),
    "clock": ("time_gmt", "clock"),
    "lon": ("location_long", "lon", "longitude", "long"),
    "lat": ("location_lat", "lat", "latitude"),
    "dive": ("dive", "dive_probability"),
    "lon_colony": ("lon_colony", "colony_lon"),
    "lat_colony": ("lat_colony", "colony_lat"),
}
MARKS = {  # what Movebank says of a fix that is wrong
    "visible": "false",
    "manually_marked_outlier": "true",
    "algorithm_marked_outlier": "true",
    "import_marked_outlier": "true",
}
TRIP_NUMBER = r"[_ -]*(?:T|trip)?\d+$"  # at the end of the name of a trip
OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"  # from UTC, at the end of a time
LOCAL_DATE = r"^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(.*)$"


def read_tracks(path: str | Path, time_zone: str = "UTC") -> pd.DataFrame:
    r"""The fixes in a table of tracks, one row per bird and time, sorted.

    The columns, between commas, semicolons or tabs, are those of Movebank (individual-local-identifier, timestamp,
    location-long, location-lat), or bird or trip, lon, lat and datetime, or date and time apart; optionally dive, a
    probability, lon_colony and lat_colony. Rows without a place or time, those that Movebank marks as outliers (visible,
    manually-marked-outlier, algorithm-marked-outlier, import-marked-outlier), and repeated fixes are left out, with a warning.

    Args:
        path: the file, possibly compressed (`.gz`).
        time_zone: of times that do not say theirs, such as "America/Lima".

    Returns:
        Columns `bird`, `time` (UTC), `lon`, `lat` (degrees), and `trip`, `dive`, `lon_colony`, `lat_colony` where the file
        has them. Without a column for birds, the bird is the name of the trip without its number.

    Raises:
        InputError: not such a file; an unknown time zone; dates of which day and month cannot be told apart; no fix left.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> rows = "bird,datetime,lon,lat\nA,2020-01-01 12:00,-5.7,-16.0\nA,2020-01-01 12:02,-5.71,-16.0"
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "tracks.csv").write_text(rows)
        ...     print(len(read_tracks(Path(folder, "tracks.csv"))))
        2
    """
    table = _named(read_table(path, "tracks", dtype="str"), path)
    written = table.pop("time") if "time" in table else table.pop("date") + " " + table.pop("clock")
    table["time"] = _times(written, time_zone)
    for name in set(table) & {"lon", "lat", "dive", "lon_colony", "lat_colony"}:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    if "bird" not in table:
        table["bird"] = table["trip"].str.replace(TRIP_NUMBER, "", regex=True)
    elif "trip" in table and (table.groupby("trip")["bird"].nunique() > 1).any():
        table["trip"] = table["bird"] + "_" + table["trip"]
    return _in_order(_placed(table, path))


def is_track_table(path: str | Path) -> bool:
    """Whether a table has a column that names birds or trips."""
    return bool({"bird", "trip"} & set(_columns(read_table(path, "tracks or stations", nrows=0)).values()))


def track_names(table: pd.DataFrame) -> pd.Series:
    """What each fix belongs to: the trip if the table names trips, or else the bird."""
    return table["trip"] if "trip" in table else table["bird"]


def _named(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The known columns, under our names."""
    names = _columns(table)
    ours = set(names.values())
    if not ours & {"bird", "trip"} or not {"lon", "lat"} <= ours or not ("time" in ours or {"date", "clock"} <= ours):
        raise InputError(
            f"Expected the columns bird or trip, lon, lat and datetime, or those of Movebank (individual-local-identifier, "
            f"timestamp, location-long, location-lat); {path} has {', '.join(table)}: rename its columns."
        )
    outlier = _outliers(table)
    table = table[list(names)].rename(columns=names).assign(outlier=outlier)
    return table.drop(columns=["date", "clock"], errors="ignore") if "time" in table else table


def _columns(table: pd.DataFrame) -> dict[str, str]:
    """Our name of each column that is known, the first one of those that mean the same."""
    plain = _plain(table)
    found = {ours: [plain[name] for name in theirs if name in plain] for ours, theirs in COLUMNS.items()}
    return {columns[0]: ours for ours, columns in found.items() if columns}


def _plain(table: pd.DataFrame) -> dict[str, str]:
    """Each column by its name in small letters and underscores."""
    return {re.sub(r"[^a-z0-9]+", "_", column.strip().lower()): column for column in table}


def _outliers(table: pd.DataFrame) -> pd.Series:
    """Which rows are marked as outliers."""
    plain, outlier = _plain(table), pd.Series(False, table.index)
    for name in MARKS.keys() & plain:
        outlier |= table[plain[name]].str.strip().str.lower() == MARKS[name]
    return outlier


def _times(written: pd.Series, time_zone: str) -> pd.Series:
    """Times in UTC, without zone; NaT where they cannot be read, or are skipped or repeated by a change of the clock."""
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"Expected a time zone such as UTC or America/Lima; found {time_zone!r}.") from error
    written = _iso_dates(written.str.strip())
    offset = written.str.contains(OFFSET, na=False)
    times = pd.to_datetime(written, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
    local = times.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC").dt.tz_localize(None)
    return times.where(offset, local)


def _iso_dates(written: pd.Series) -> pd.Series:
    """Dates such as 27/04/2017 in ISO 8601, if it is clear which part is the day."""
    parts = written.str.extract(LOCAL_DATE)
    local = parts[0].notna()
    if not local.any():
        return written
    first, second = (pd.to_numeric(parts.loc[local, i]) for i in (0, 1))
    day_first, month_first = bool((first > 12).any()), bool((second > 12).any())
    if day_first == month_first:
        raise InputError(
            f"Expected dates as 2017-04-27; of {written[local].iloc[0]!r} and the other dates it is not clear which part is "
            "the day: write them with the year first."
        )
    warnings.warn(f"Dates such as {written[local].iloc[0]} are read as {'day' if day_first else 'month'} first.", stacklevel=4)
    day, month = (first, second) if day_first else (second, first)
    iso = parts.loc[local, 2] + "-" + month.map("{:02d}".format) + "-" + day.map("{:02d}".format) + parts.loc[local, 3]
    return written.mask(local, iso.reindex(written.index))


def _placed(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Rows with a time, a place and a name; tracks with swapped columns are told apart."""
    names = track_names(table)
    beyond = (table["lat"].abs() > 90) & (table["lon"].abs() <= 90)
    swapped = beyond.groupby(names).transform("mean") > 0.5
    known = table["lat"].between(-90, 90) & table["lon"].between(-180, 360)
    problems = {
        "longitude and latitude look swapped": swapped,
        "the place cannot be read or is not on Earth": ~known & ~swapped,
        "the time cannot be read": table["time"].isna(),
        "the bird is not named": names.isna(),
        "the file marks an outlier": table["outlier"],
    }
    problems = {text: rows for text, rows in problems.items() if rows.any()}
    told = "; ".join(
        f"{text} in {rows.sum()} of {len(table)} rows, first of {names[rows].iloc[0]}" for text, rows in problems.items()
    )
    kept = table[~swapped & known & table["time"].notna() & names.notna() & ~table["outlier"]].drop(columns="outlier")
    if kept.empty:
        raise InputError(f"Expected fixes with a time and a place in {path}; none is left: {told or 'it has no rows'}.")
    if problems:
        warnings.warn(f"Fixes are left out: {told}.", stacklevel=3)
    return kept


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Fixes of each track by time, each time once."""
    names = track_names(table)
    unsorted = (table.groupby(names)["time"].diff() < pd.Timedelta(0)).sum()
    if unsorted:
        warnings.warn(f"Fixes are sorted: {unsorted} came before an earlier one.", stacklevel=3)
    table = table.sort_values("time", kind="stable")
    repeated = table.duplicated(["bird", "time", *({"trip"} & set(table))])
    if repeated.any():
        warnings.warn(f"Fixes are left out: {repeated.sum()} repeat the time of another one of their track.", stacklevel=3)
    first_seen = {name: i for i, name in enumerate(names.unique())}
    table = table[~repeated]
    order = track_names(table).map(first_seen).argsort(kind="stable")
    return table.iloc[order].reset_index(drop=True)
