"""Foraging trips as data: positions about a colony, in the form (trip, step) that generators, scores and pictures share."""

import warnings
from typing import NamedTuple

import numpy as np
import xarray as xr

from geodl.errors import InputError

EARTH_RADIUS = 6_377_726.0  # m, that of the publication whose scales and scores trips are compared with
START = np.datetime64("2000-01-01", "ns")  # nominal departure of simulated trips
SHARES = {"test": 0.25, "validation": 0.15}  # of the birds; the others train


class Colony(NamedTuple):
    """Where the birds breed, in degrees east and north."""

    lon: float
    lat: float


def project(lon, lat, colony: tuple[float, float], cosine: bool = True):
    r"""Metres to the east and north of a colony.

    $$ x = R\, \Delta\lambda \cos \varphi_0, \quad y = R\, (\varphi - \varphi_0) $$

    The difference of longitudes is taken the short way round, also over the date line.

    Args:
        lon: degrees east, in [-180, 180] or [0, 360], of any shape.
        lat: degrees north.
        colony: its longitude and latitude, degrees.
        cosine: without it, x has no factor cos φ₀, as in the source.

    References:
        Roy et al. (2022), Using generative adversarial networks (GAN) to simulate central-place foraging trajectories,
        Methods in Ecology and Evolution 13.

    Example:
        >>> x, y = project(np.array([-179.5]), np.array([60.0]), colony=(179.5, 60.0))
        >>> print(x.round(), y)
        [55656.] [0.]
    """
    along = np.deg2rad((np.asarray(lon) - colony[0] + 180) % 360 - 180)
    x = EARTH_RADIUS * along * (np.cos(np.deg2rad(colony[1])) if cosine else 1)
    return x, EARTH_RADIUS * np.deg2rad(np.asarray(lat) - colony[1])


def unproject(x, y, colony: tuple[float, float], cosine: bool = True):
    """Longitude, in [-180, 180), and latitude of positions in metres: the inverse of `project`.

    Example:
        >>> lon, lat = unproject(np.array([55656.2]), np.array([0.0]), colony=(179.5, 60.0))
        >>> print(lon.round(4), lat)
        [-179.5] [60.]
    """
    along = np.asarray(x) / EARTH_RADIUS / (np.cos(np.deg2rad(colony[1])) if cosine else 1)
    lon = (colony[0] + np.rad2deg(along) + 180) % 360 - 180
    return lon, colony[1] + np.rad2deg(np.asarray(y) / EARTH_RADIUS)


def trips_dataset(
    positions: np.ndarray,
    colony: tuple[float, float],
    step_seconds: float,
    lengths: np.ndarray | None = None,
    names: list[str] | None = None,
    birds: list[str] | None = None,
    starts: np.ndarray | None = None,
    **fields: np.ndarray,
) -> xr.Dataset:
    """Trips as a dataset (trip, step): `x` and `y` (m), their `lon`, `lat` and `time`, and a `mask`, true until a trip ends.

    Args:
        positions: (trip, step, 2), metres to the east and north of the colony; what comes after the end is ignored.
        colony: its longitude and latitude, degrees.
        step_seconds: time between two positions.
        lengths: number of positions of each trip; by default a trip ends with its last finite position.
        names: of the trips.
        birds: who made them.
        starts: time of the first positions; by default the first day of 2000, for trips that never were.
        fields: other variables, (trip, step) or (trip,).

    Example:
        >>> ds = trips_dataset(np.array([[[0, 0], [300, 400], [np.nan, np.nan]]]), colony=(-77.264, -11.773), step_seconds=60)
        >>> print(ds.mask.values, ds.attrs["featureType"])
        [[ True  True False]] trajectory
    """
    count, steps, _ = positions.shape
    number = np.arange(steps)
    if lengths is None:
        lengths = (np.isfinite(positions[..., 0]) * (number + 1)).max(axis=1)
    mask = number < np.asarray(lengths)[:, None]
    x, y = np.moveaxis(np.where(mask[..., None], positions, np.nan), -1, 0)
    lon, lat = unproject(x, y, colony)
    starts = np.full(count, START) if starts is None else np.asarray(starts, "datetime64[ns]")
    passed = np.round(number * step_seconds * 1e9).astype("timedelta64[ns]")
    time = np.where(mask, starts[:, None] + passed, np.datetime64("NaT", "ns"))
    dims = ("trip", "step")
    return xr.Dataset(
        {
            "x": (dims, x, {"units": "m", "long_name": "distance to the east of the colony"}),
            "y": (dims, y, {"units": "m", "long_name": "distance to the north of the colony"}),
            "mask": (dims, mask, {"long_name": "true until the trip ends, also where a position is missing"}),
            **{name: (dims[: np.ndim(field)], field) for name, field in fields.items()},
        },
        {
            "trip": ("trip", names or [f"{i:04d}" for i in range(count)], {"cf_role": "trajectory_id"}),
            **({} if birds is None else {"bird": ("trip", list(birds), {"long_name": "bird"})}),
            "time": (dims, time, {"standard_name": "time"}),
            "lon": (dims, lon, {"units": "degrees_east", "standard_name": "longitude"}),
            "lat": (dims, lat, {"units": "degrees_north", "standard_name": "latitude"}),
        },
        {
            "Conventions": "CF-1.11",
            "featureType": "trajectory",
            "colony_lon": float(colony[0]),
            "colony_lat": float(colony[1]),
            "step_seconds": float(step_seconds),
        },
    )


def colony_of(ds: xr.Dataset) -> Colony:
    """The colony that a dataset of trips is about.

    Raises:
        InputError: the dataset does not say.
    """
    missing = [name for name in ("colony_lon", "colony_lat", "step_seconds") if name not in ds.attrs]
    if missing:
        raise InputError(
            f"Expected trips with the attribute {missing[0]}; it is absent: make them with geodl.track_cutting.read_trips."
        )
    return Colony(ds.attrs["colony_lon"], ds.attrs["colony_lat"])


def fixes(ds: xr.Dataset) -> xr.DataArray:
    """Where a dataset of trips has a position: `x`, `y`, `lon` and `lat`, those that it has, are all known.

    Example:
        >>> ds = trips_dataset(np.array([[[300.0, 400], [600, 0]]]), colony=(0, 0), step_seconds=60)
        >>> print(fixes(ds.assign_coords(lon=ds.lon.where(ds.step == 1))).values)
        [[False  True]]
    """
    known = [ds[name].notnull().reset_coords(drop=True) for name in ("x", "y", "lon", "lat") if name in ds.variables]
    return xr.concat(known, "name").all("name")


def in_metres(ds: xr.Dataset) -> xr.Dataset:
    """A dataset of trips with `x` and `y` (trip, step), m from the colony, if need be from its `lon` and `lat`.

    Example:
        >>> ds = trips_dataset(np.array([[[300.0, 400], [600, 0]]]), colony=(0, 0), step_seconds=60)
        >>> print(in_metres(ds.drop_vars(["x", "y"])).x.values.round(3))
        [[300. 600.]]
    """
    if "x" in ds or not {"lon", "lat"} <= set(ds.variables):
        return ds
    lon, lat = xr.broadcast(ds["lon"], ds["lat"])
    metres = project(lon.values, lat.values, colony_of(ds))
    return ds.assign({name: (lon.dims, values) for name, values in zip("xy", metres, strict=True)})


def closed_trips(ds: xr.Dataset, steps: int | None = None) -> np.ndarray:
    """Positions of trips that start and end at the colony.

    The colony is put before the first position and after the last one, where the data do not have it; positions that are
    missing in between lie on a straight line.

    Args:
        ds: `x`, `y` or `lon`, `lat` (trip, step), as `trips_dataset` makes it.
        steps: most steps of a trip; by default the size of `step` in `ds`, or more if a trip needs them.

    Returns:
        (trip, steps + 1, 2), metres to the east and north of the colony, NaN after the end.

    Raises:
        InputError: a trip is longer, or has no position.

    Example:
        >>> ds = trips_dataset(np.array([[[300.0, 400], [600, 0]]]), colony=(0, 0), step_seconds=60)
        >>> print(closed_trips(ds)[0, :, 0])
        [  0. 300. 600.   0.]
    """
    ds = in_metres(ds)
    values = np.stack([ds.x.transpose("trip", "step").values, ds.y.transpose("trip", "step").values], axis=-1)
    trips = [_closed(trip) for trip in values]
    longest = max(map(len, trips)) - 1
    if steps is None:
        steps = max(ds.sizes["step"], longest)
    elif longest > steps:
        raise InputError(f"Expected trips of at most {steps} steps; found one of {longest}: resample or leave it out.")
    closed = np.full((len(trips), steps + 1, 2), np.nan)
    for target, trip in zip(closed, trips, strict=True):
        target[: len(trip)] = trip
    return closed


def not_longer(ds: xr.Dataset, steps: int) -> xr.Dataset:
    """The trips of at most so many steps, from the colony and back to it; a warning names the others.

    Raises:
        InputError: all trips are longer, or one has no position.

    Example:
        >>> ds = trips_dataset(np.array([[[300.0, 400], [600, 0]], [[300, 0], [np.nan, 0]]]), colony=(0, 0), step_seconds=60)
        >>> print(not_longer(ds, steps=2).trip.values)
        ['0001']
    """
    lengths = np.isfinite(closed_trips(ds)[..., 0]).sum(axis=1) - 1
    if lengths.min() > steps:
        raise InputError(f"Expected trips of at most {steps} steps; the shortest one has {lengths.min()}: resample them.")
    longer = lengths > steps
    if longer.any():
        told = [f"{name} ({length})" for name, length in zip(ds["trip"].values[longer], lengths[longer], strict=True)]
        names = ", ".join(told[:5])
        warnings.warn(f"Trips are left out: {len(told)} of {len(lengths)} have more than {steps} steps, {names}.", stacklevel=2)
    return ds.isel(trip=~longer)


def _closed(trip: np.ndarray) -> np.ndarray:
    """The known part of a trip (step, 2), without gaps, from the colony and back to it."""
    known = np.flatnonzero(np.isfinite(trip).all(axis=-1))
    if not len(known):
        raise InputError("Expected positions in every trip; found a trip without any: drop it.")
    within = np.arange(known[0], known[-1] + 1)
    trip = np.stack([np.interp(within, known, trip[known, i]) for i in range(2)], axis=-1)
    home = [np.zeros((0 if np.hypot(*end) < 1 else 1, 2)) for end in (trip[0], trip[-1])]
    return np.concatenate([home[0], trip, home[1]])


def bird_splits(birds, seed: int = 0) -> dict[str, list[str]]:
    """Birds that train, validate and test, drawn at random: of 20 birds 12, 3 and 5.

    Args:
        birds: a name for each trip, or for each bird.
        seed: of the draw.

    Raises:
        InputError: fewer than 3 birds.

    Example:
        >>> print({split: len(names) for split, names in bird_splits([f"B{i}" for i in range(20)]).items()})
        {'test': 5, 'validation': 3, 'train': 12}
    """
    names = sorted(set(map(str, birds)))
    if len(names) < 3:
        raise InputError(f"Expected at least 3 birds, to hold some out; found {len(names)}: read them without splits.")
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    splits, taken = {}, 0
    for split, share in SHARES.items():
        size = max(1, round(share * len(names)))
        splits[split] = sorted(order[taken : taken + size])
        taken += size
    return splits | {"train": sorted(order[taken:])}


def split_by_bird(ds: xr.Dataset, seed: int = 0) -> dict[str, xr.Dataset]:
    """The trips of the birds that train, validate and test, drawn by `bird_splits`.

    Args:
        ds: trips with a coordinate `bird`.
        seed: of the draw; that of 0 is the one of the dataset `seabirds`.

    Raises:
        InputError: fewer than 3 birds.
    """
    return {split: ds.isel(trip=np.isin(ds.bird.values, birds)) for split, birds in bird_splits(ds.bird.values, seed).items()}
