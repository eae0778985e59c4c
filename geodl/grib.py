"""GRIB files of surface fields, read through cfgrib into CF names and units."""

import contextlib
from pathlib import Path

import xarray as xr

from geodl.errors import InputError

# Short name in GRIB: name here.
NAMES = {
    "10u": "u10",
    "10v": "v10",
    "ws": "ws",
    "wdir": "wdir",
    "2t": "t2m",
    "2d": "d2m",
    "r": "r",
    "msl": "msl",
    "h": "orography",
    "lsm": "land_sea_mask",
}
ATTRIBUTES = {
    "u10": {"standard_name": "eastward_wind", "units": "m s-1"},
    "v10": {"standard_name": "northward_wind", "units": "m s-1"},
    "ws": {"standard_name": "wind_speed", "units": "m s-1"},
    "wdir": {"standard_name": "wind_from_direction", "units": "degree"},
    "t2m": {"standard_name": "air_temperature", "units": "K"},
    "d2m": {"standard_name": "dew_point_temperature", "units": "K"},
    "r": {"standard_name": "relative_humidity", "units": "%"},
    "msl": {"standard_name": "air_pressure_at_mean_sea_level", "units": "Pa"},
    "orography": {"standard_name": "surface_altitude", "units": "m"},
    "land_sea_mask": {"standard_name": "land_area_fraction", "units": "1"},
}
# Types of level near the surface.
LEVELS = ("surface", "heightAboveGround", "meanSea")
# What does not change, and so has no time.
STATIC = ("orography", "land_sea_mask")


def read_grib(path: str | Path) -> xr.Dataset:
    """The surface fields of a GRIB file, in memory.

    Those that the file holds of u10, v10, ws (m s⁻¹), wdir (degree), t2m, d2m (K), r (%) and msl (Pa), each (time, lat, lon),
    orography (m) and land_sea_mask (0 to 1), each (lat, lon); other variables are left out. `time` is when a field is valid.
    Latitudes stay in the order of the file, as a rule from north to south; what is missing is NaN. Nothing is written beside
    the file.

    Raises:
        InputError: no such file, cfgrib is not installed, not GRIB, truncated or damaged, none of these variables, one of
            them on several levels, or not all on one regular grid of latitude and longitude.

    Example:
        >>> read_grib("forecast.grib")
        Traceback (most recent call last):
        geodl.errors.InputError: Expected a GRIB file; there is no file forecast.grib.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"Expected a GRIB file; there is no file {path}.")
    found = {short_name: level for short_name, level in _messages(path) if level in LEVELS}
    known = [short_name for short_name in NAMES if short_name in found]
    if not known:
        names = ", ".join(sorted(found)) or "none"
        raise InputError(f"Expected one of the variables {', '.join(NAMES)} near the surface in {path}; found {names}.")
    fields = (_field(path, short_name, found[short_name]) for short_name in known)
    try:
        return xr.merge(xr.align(*fields, join="outer", exclude=("lat", "lon")), join="exact")
    except xr.AlignmentError as error:
        raise InputError(f"Expected all variables of {path} on one grid; found several.") from error


def _messages(path: Path) -> list[tuple[str, str]]:
    """Short name and type of level of each message of a GRIB file, if they fill it."""
    try:
        import cfgrib  # noqa: F401
        import eccodes
    except ImportError as error:
        raise InputError("Expected cfgrib, which reads GRIB; it is not installed: pip install geodl[grib].") from error
    messages, size, whole = [], path.stat().st_size, 0
    # Unbuffered: ecCodes goes on from where the operating system has the file.
    with path.open("rb", buffering=0) as file:
        if file.read(4) != b"GRIB":
            raise InputError(f"Expected a GRIB file; {path} does not begin as one.")
        file.seek(0)
        with contextlib.suppress(eccodes.CodesInternalError):
            while (message := eccodes.codes_grib_new_from_file(file, headers_only=True)) is not None:
                messages.append(tuple(eccodes.codes_get(message, key) for key in ("shortName", "typeOfLevel")))
                whole += eccodes.codes_get(message, "totalLength")
                eccodes.codes_release(message)
    if whole != size:
        raise InputError(
            f"Expected whole GRIB messages; {path} has {len(messages)}, which are {whole} of its {size} bytes: "
            "it is truncated or damaged."
        )
    return messages


def _field(path: Path, short_name: str, level: str) -> xr.Dataset:
    """One variable of a GRIB file: (time, lat, lon), or (lat, lon) if it does not change."""
    name, dims = NAMES[short_name], {"valid_time": "time", "latitude": "lat", "longitude": "lon"}
    options = {"indexpath": "", "time_dims": ("valid_time",), "errors": "raise"}
    keys = {"shortName": short_name, "typeOfLevel": level}
    try:
        with xr.open_dataset(path, engine="cfgrib", filter_by_keys=keys, **options) as ds:
            (field,) = ds.load().drop_encoding().data_vars.values()
    except ValueError as error:
        raise InputError(f"Expected {name} of {path} on one grid; found several.") from error
    if not {"latitude", "longitude"} <= set(field.dims) <= set(dims):
        raise InputError(f"Expected {name} of {path} on one level of a regular grid; found dimensions {', '.join(field.dims)}.")
    if name in STATIC:
        field = field.isel(valid_time=0, missing_dims="ignore")
    elif "valid_time" not in field.dims:
        field = field.expand_dims("valid_time")
    field = field.reset_coords(drop=True).rename({dim: dims[dim] for dim in field.dims})
    return xr.Dataset({name: field.drop_attrs(deep=False).assign_attrs(ATTRIBUTES[name])})
