"""What the `geodl` command does with a model and a file of the user's."""

from pathlib import Path
from typing import Annotated

import typer

from geodl.command_options import Colony, Film, Folder, Output, TimeZone
from geodl.console import progress_line
from geodl.errors import InputError
from geodl.trip_commands import complete


def demo(output: Folder = Path(".")) -> None:
    """Forecast an hour of clouds from the sample that ships with the package; write NetCDF and a picture."""
    from importlib import resources

    sample = Path(str(resources.files("geodl_datasets") / "clouds" / "CT_NW_2016_sample.nc"))
    output.mkdir(parents=True, exist_ok=True)
    _forecast("cloud_unet", sample, output / "geodl_demo.nc", output / "geodl_demo.png", "2016-01-01T02:00", {})


def predict(
    name: str,
    file: Path,
    output: Output = Path("forecast.nc"),
    picture: Film = None,
    time: Annotated[str | None, typer.Option(help="Forecast from this time instead of the last one.")] = None,
    steps: Annotated[int | None, typer.Option(help="Number of states to forecast, for models of a trajectory.")] = None,
    variable: Annotated[str | None, typer.Option(help="Which one to fill, for models that interpolate fields.")] = None,
    flags: Annotated[str | None, typer.Option(help="Variable with quality flags, for models that interpolate fields.")] = None,
    refuse: Annotated[list[str] | None, typer.Option(help="A flag whose values are masked; may be repeated.")] = None,
    weather: Annotated[
        Path | None, typer.Option(help="A weather model's forecast, GRIB or NetCDF, for models of stations that read one.")
    ] = None,
    colony: Colony = None,
    time_zone: TimeZone = None,
) -> None:
    """Apply a published model to a NetCDF or GRIB file, or to a CSV file of stations or of tracks of birds."""
    from geodl import zoo

    # What the card knows is told before TensorFlow is loaded.
    card = zoo.card(name)
    theme = card["theme"]
    if "state" not in card["inputs"] and steps is not None:
        raise InputError(f"--steps is for models of a trajectory; {name} has fixed lead times.")
    if theme != "interpolation" and variable is not None:
        raise InputError(f"--variable is for models that interpolate fields; {name} reads one of its own.")
    if (flags is None) != (not refuse):
        raise InputError("Expected --flags, the variable that holds quality flags, and --refuse, which of them, together.")
    if theme != "interpolation" and flags is not None:
        raise InputError(f"--flags is for models that interpolate fields; {name} is for {theme}.")
    if theme != "interpolation" and picture is not None and picture.suffix.lower() == ".gif":
        raise InputError(f"Expected a picture such as {picture.stem}.png; films are for fields that are interpolated.")
    if weather is not None and (theme != "forecasting" or "u" not in card["inputs"]):
        raise InputError(f"--weather is for models of the wind at stations; {name} is none.")
    if theme == "trajectories":
        if time is not None:
            raise InputError(f"--time is for forecasts; {name} fills the gaps of trips.")
        complete(name, file, output, picture, colony, time_zone)
        return
    if colony is not None or time_zone is not None:
        raise InputError(f"--colony and --time-zone are for tracks of birds; {name} is for {theme}.")
    options = {"steps": steps, "variable": variable, "weather": _read_weather(weather)}
    options = {key: value for key, value in options.items() if value is not None}
    _forecast(name, file, output, picture, time, options, lambda ds: _without_refused(ds, variable, flags, refuse))


def _forecast(
    name: str, file: Path, output: Path, picture: Path | None, time: str | None, options: dict, masked=lambda ds: ds
) -> None:
    """Forecast from a file to a file, telling what is done."""
    from geodl.files import read_observations, write_netcdf

    with progress_line() as progress:
        task = progress.add_task(f"Reading {file.name}", total=4)
        ds = masked(read_observations(file))
        known = ds if time is None else _until(ds, time)
        progress.update(task, advance=1, description="Loading TensorFlow and the weights")
        from geodl import themes, zoo

        model = zoo.load(name)
        progress.update(task, advance=1, description="Forecasting")
        forecast = model.predict(known, **options)
        progress.update(task, advance=1, description="Writing")
        write_drawing = _drawing(themes.theme(model.theme), ds, known, forecast, picture) if picture is not None else None
        written = [write_netcdf(forecast, output)]
        if write_drawing is not None:
            written.append(write_drawing())
        progress.update(task, advance=1, description=_applied(name, known))
    for path in written:
        print(path)


def _without_refused(ds, variable: str | None, flags: str | None, refused: list[str] | None):
    """The dataset, its variable missing where one of the refused flags is set."""
    if flags is None:
        return ds
    from geodl.flags import refuse_flags
    from geodl.models.field_interpolator import series_of

    return refuse_flags(ds, str(series_of(ds, variable).name), flags, refused)


def _read_weather(path: Path | None):
    from geodl.files import read_observations

    return None if path is None else read_observations(path)


def _drawing(theme, ds, known, forecast, picture: Path):
    """What writes the result as a picture, or as a film where its name ends in .gif."""
    from geodl.files import write_picture, write_whole

    if picture.suffix.lower() == ".gif":
        film = theme.film(known, forecast)
        return lambda: write_whole(picture, film)
    figure = theme.picture(ds, known, forecast)
    return lambda: write_picture(figure, picture)


def _applied(name: str, ds) -> str:
    return f"{name}: applied up to {str(ds.time.values.max())[:16]}" if "time" in ds.coords else f"{name}: applied"


def _until(ds, time: str):
    import numpy as np

    if "time" not in ds.coords:
        raise InputError("Expected a coordinate `time` in the file; it has none.")
    try:
        last = np.datetime64(time) if np.issubdtype(ds.time.dtype, np.datetime64) else float(time)
    except ValueError as error:
        raise InputError(f"Expected a time such as {str(ds.time.values[0])[:16]}; found {time!r}.") from error
    # Numbers of a time step such as .01 are not exact.
    same = ds.time.values == last if isinstance(last, np.datetime64) else np.isclose(ds.time.values, last, rtol=1e-6)
    if not same.any():
        raise InputError(f"Expected {time} among the times of the file; it has no such frame.")
    return ds.sel(time=ds.time <= ds.time.values[same].max())
