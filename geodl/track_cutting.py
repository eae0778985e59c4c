"""From the fixes of tagged birds to foraging trips that leave and return to the colony, at regular times."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from geodl.errors import InputError
from geodl.tracks import read_tracks, track_names
from geodl.trips import project, trips_dataset

FASTEST = 40.0  # m/s over ground: no seabird flies faster, even with the wind
FARTHEST = 5e6  # m from the colony
CRUISE = 10.0  # m/s, of a bird that leaves or returns unseen
LONGEST_GAP = 2.5  # time steps, or usual intervals between fixes: a missed fix is interpolated, two stay missing


def read_trips(
    path: str | Path,
    colony: tuple[float, float] | None = None,
    step_seconds: float | None = None,
    radius: float = 1000.0,
    reach: float = 3000.0,
    time_zone: str = "UTC",
) -> xr.Dataset:
    """Foraging trips of a table of tracks, at regular times.

    Tracks are cut where the bird leaves and returns to the colony; trips that the table names are taken as they are. Between
    fixes positions are interpolated linearly; in gaps of more than 2.5 time steps and 2.5 usual intervals between fixes they
    are missing, unless a fix is nearer than half a step. What is left out or looks wrong is told in a warning, and the other
    trips are kept.

    Args:
        path: as in `geodl.tracks.read_tracks`.
        colony: longitude and latitude, degrees; by default as in the file, or else the median of first and last fixes.
        step_seconds: time between two positions; by default the usual interval between fixes, in whole seconds.
        radius: a bird that is nearer to the colony is at home, m.
        reach: trips that do not get so far are left out, unless the table names them, m.
        time_zone: as in `geodl.tracks.read_tracks`.

    Returns:
        What `geodl.trips.trips_dataset` makes: `x`, `y` (trip, step) in m, `lon`, `lat`, `time`, `mask`, `bird`; besides
        `too_fast` (trip), the number of intervals that no bird flies, and `dive_probability` (trip, step), if the file has it.

    Raises:
        InputError: what `read_tracks` refuses; a time step that is not positive; no trip is left.
    """
    if step_seconds is not None and not 0 < step_seconds < np.inf:
        raise InputError(f"Expected a positive number of seconds between two positions; found {step_seconds:g}.")
    table = read_tracks(path, time_zone)
    colony = _colony(table) if colony is None else colony
    if not (-180 <= colony[0] <= 360 and -90 <= colony[1] <= 90):
        raise InputError(f"Expected the longitude and latitude of the colony, in degrees; found {colony}.")
    tracks = {name: _metres(track, colony) for name, track in table.groupby(track_names(table), sort=False)}
    intervals = np.concatenate([np.diff(track["seconds"]) for track in tracks.values()])
    interval = float(np.median(intervals)) if len(intervals) else 60.0
    step_seconds = float(max(round(interval), 1) if step_seconds is None else step_seconds)

    trips, left_out, spikes = {}, {}, {}
    for name, track in tracks.items():
        track, spikes[name] = _without_spikes(track)
        named = "trip" in table
        pieces, reasons = _pieces(track, named, radius, reach, interval)
        trips |= {name if named else f"{name}_T{number + 1}": piece for number, piece in enumerate(pieces)}
        for reason in reasons:
            left_out.setdefault(reason, []).append(str(name))
    told = "; ".join(f"{len(names)} {reason} ({', '.join(names[:3])})" for reason, names in left_out.items())
    if not trips:
        raise InputError(
            f"Expected trips that leave and return to the colony at {colony}; of {len(tracks)} tracks none has one: {told}."
        )
    ds = _regular(trips, colony, step_seconds, LONGEST_GAP * max(step_seconds, interval))
    _warn(f"Fixes are left out that a bird cannot reach at {FASTEST:g} m/s", _counted(spikes))
    _warn("Trips are left out", told)
    _warn(f"Trips have more than {FASTEST:g} m/s between fixes, in too_fast", _counted(ds.too_fast.to_series()))
    return ds


def _counted(numbers) -> str:
    """The first names and numbers that are not zero."""
    return ", ".join([f"{name} ({count})" for name, count in numbers.items() if count][:5])


def _warn(what: str, found: str) -> None:
    if found:
        warnings.warn(f"{what}: {found}.", stacklevel=3)


def _colony(table: pd.DataFrame) -> tuple[float, float]:
    """Where the file says that the colony is, or the median of the first and last fixes of all tracks."""
    if {"lon_colony", "lat_colony"} <= set(table):
        return round(table["lon_colony"].median(), 5), round(table["lat_colony"].median(), 5)
    ends = table.groupby(track_names(table), sort=False)[["lon", "lat"]].agg(["first", "last"])
    lon, lat = (ends[name].to_numpy().ravel() for name in ("lon", "lat"))
    around = (lon - lon[0] + 180) % 360 - 180  # so that no median is taken across the date line
    return round(float((lon[0] + np.median(around) + 180) % 360 - 180), 5), round(float(np.median(lat)), 5)


def _metres(track: pd.DataFrame, colony: tuple[float, float]) -> pd.DataFrame:
    """Fixes as seconds since 1970 and metres about the colony."""
    x, y = project(track["lon"].to_numpy(), track["lat"].to_numpy(), colony)
    swapped = project(track["lat"].to_numpy(), track["lon"].to_numpy(), colony)
    seconds = track["time"].to_numpy("datetime64[ns]").astype("int64") / 1e9
    found = pd.DataFrame({"seconds": seconds, "x": x, "y": y, "swapped": np.hypot(*swapped)})
    found["dive"] = track["dive"].to_numpy() if "dive" in track else np.nan
    found["bird"] = track["bird"].to_numpy()
    return found


def _without_spikes(track: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The track without fixes that take more than `FASTEST` to get to and from, and how many they were."""
    count = len(track)
    while len(track) > 2:
        fast = _speeds(track) > FASTEST
        spikes = np.flatnonzero(fast[:-1] & fast[1:]) + 1
        if not len(spikes):
            break
        # Of two in a row only the first: the other one may be right.
        track = track.drop(track.index[spikes[np.diff(spikes, prepend=-1) > 1]])
    return track.reset_index(drop=True), count - len(track)


def _speeds(track: pd.DataFrame) -> np.ndarray:
    return np.hypot(np.diff(track["x"]), np.diff(track["y"])) / np.diff(track["seconds"])


def _pieces(track, named: bool, radius: float, reach: float, interval: float) -> tuple[list[pd.DataFrame], list[str]]:
    """Trips of a track, and why others are left out."""
    distance = np.hypot(track["x"], track["y"])
    if len(track) < 3:
        return [], ["have fewer than 3 fixes"]
    if distance.median() > FARTHEST or (distance.median() > 1e6 and track["swapped"].median() < distance.median() / 2):
        swapped = track["swapped"].median() < distance.median() / 2
        return [], ["have longitude and latitude swapped" if swapped else f"are {FARTHEST / 1e3:g} km away from the colony"]
    if distance.max() <= radius or (not named and distance.max() < reach):
        return [], [f"never leave the colony by {radius if named else reach:g} m"]
    pieces = [track] if named else _excursions(track, radius, reach)
    # A named trip may begin and end with fixes at sea: in between a bird gets home.
    near = max(radius, FASTEST * interval) if named else radius
    kept, reasons = [], []
    for piece in pieces:
        first, last = np.hypot(piece["x"], piece["y"]).iloc[[0, -1]]
        if first > near:
            reasons.append("do not start at the colony")
        elif last > near:
            reasons.append("never return to the colony")
        else:
            kept.append(piece)
    return kept, reasons


def _excursions(track: pd.DataFrame, radius: float, reach: float) -> list[pd.DataFrame]:
    """Parts of a track beyond `radius` that get as far as `reach`, with the fixes before and after them."""
    distance = np.hypot(track["x"], track["y"]).to_numpy()
    away = np.concatenate([[False], distance > radius, [False]])
    starts, ends = np.flatnonzero(~away[:-1] & away[1:]), np.flatnonzero(away[:-1] & ~away[1:])
    pieces = []
    for start, end in zip(starts, ends, strict=True):
        if distance[start:end].max() >= reach:
            piece = track.iloc[max(start - 1, 0) : end + 1].reset_index(drop=True)
            pieces.append(_with_departure(_with_departure(piece, 0, 1), len(piece) - 1, -1))
    return pieces


def _with_departure(piece: pd.DataFrame, home: int, towards: int) -> pd.DataFrame:
    """The piece, but a bird that was last seen at home long before it flew, or long after it landed, left when it had to."""
    distance = np.hypot(piece["x"], piece["y"])
    sea = home + towards
    flown = piece.at[sea, "seconds"] - towards * distance[sea] / CRUISE
    if distance[home] <= distance[sea] and towards * (flown - piece.at[home, "seconds"]) > 0:
        piece.loc[home, ["seconds", "x", "y"]] = flown, 0.0, 0.0
    return piece


def _regular(trips: dict, colony, step_seconds: float, longest_gap: float) -> xr.Dataset:
    """Trips at regular times from their start, NaN where no fix is near."""
    found = []
    for trip in trips.values():
        seconds = trip["seconds"].to_numpy()
        times = np.arange(seconds[0], seconds[-1] + 1e-3, step_seconds)
        after = np.clip(np.searchsorted(seconds, times), 1, len(seconds) - 1)
        before = after - 1
        near = np.minimum(times - seconds[before], seconds[after] - times) <= step_seconds / 2
        seen = near | (seconds[after] - seconds[before] <= longest_gap)
        columns = [np.where(seen, np.interp(times, seconds, trip[name]), np.nan) for name in ("x", "y", "dive")]
        found.append(np.stack(columns, axis=-1))
    lengths = np.array([len(trip) for trip in found])
    positions = np.full((len(found), lengths.max(), 3), np.nan)
    for target, trip in zip(positions, found, strict=True):
        target[: len(trip)] = trip
    fields = {"too_fast": np.array([(_speeds(trip) > FASTEST).sum() for trip in trips.values()])}
    if np.isfinite(positions[..., 2]).any():
        fields["dive_probability"] = positions[..., 2]
    starts = np.array([trip["seconds"].iloc[0] for trip in trips.values()])
    return trips_dataset(
        positions[..., :2],
        colony,
        step_seconds,
        lengths=lengths,
        names=[str(name) for name in trips],
        birds=[str(trip["bird"].iloc[0]) for trip in trips.values()],
        starts=(starts * 1e9).round().astype("int64").astype("datetime64[ns]"),
        **fields,
    )
