"""The `geodl` command."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from geodl.console import print_table, progress_line
from geodl.errors import InputError
from geodl.options import Colony, Film, Folder, Output, Picture, Seed, TimeZone
from geodl.trip_commands import across_birds, complete, fine_tune, sample

app = typer.Typer(
    help="Pretrained, benchmarked deep-learning models for geophysical dynamics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data = typer.Typer(help="Datasets.", no_args_is_help=True)
app.add_typer(data, name="data")


def main() -> None:
    """Runs the command; input that is not what was expected ends it with one sentence and exit code 2."""
    try:
        app()
    except InputError as error:
        print(f"geodl: {error}", file=sys.stderr)
        sys.exit(2)


@app.command("list")
def list_(
    pattern: str = "*",
    theme: str | None = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table of the README.")] = False,
) -> None:
    """List the published models."""
    from geodl import zoo

    if markdown:
        print(zoo.markdown_table(zoo.list_models(pattern, theme)))
        return
    for name in zoo.list_models(pattern, theme):
        card = zoo.card(name)
        print(f"{name:24s} {card['theme']:14s} {card['summary']}")


@app.command()
def card(name: str) -> None:
    """Print the card of a model."""
    from geodl import zoo

    print(json.dumps(zoo.card(name), indent=2, ensure_ascii=False))


@app.command()
def demo(output: Folder = Path(".")) -> None:
    """Forecast an hour of clouds from the sample that ships with the package; write NetCDF and a picture."""
    from importlib import resources

    sample = Path(str(resources.files("geodl_datasets") / "clouds" / "CT_NW_2016_sample.nc"))
    _forecast("cloud_unet", sample, output / "geodl_demo.nc", output / "geodl_demo.png", "2016-01-01T02:00", {})


@app.command()
def predict(
    name: str,
    file: Path,
    output: Output = Path("forecast.nc"),
    picture: Film = None,
    time: Annotated[str | None, typer.Option(help="Forecast from this time instead of the last one.")] = None,
    steps: Annotated[int | None, typer.Option(help="Number of states to forecast, for models of a trajectory.")] = None,
    variable: Annotated[str | None, typer.Option(help="Which one to fill, for models that interpolate fields.")] = None,
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
    _forecast(name, file, output, picture, time, {key: value for key, value in options.items() if value is not None})


for command in (sample, fine_tune, across_birds):
    app.command()(command)


@app.command()
def rollout(
    name: str,
    file: Path,
    steps: Annotated[int, typer.Option(min=1, help="Number of time steps.")] = 100,
    output: Output = Path("rollout.nc"),
    picture: Picture = None,
) -> None:
    """Run a coarse solver with its learned closure from the last state in a NetCDF file."""
    from geodl import themes, zoo
    from geodl.files import read_netcdf, write_netcdf, write_picture

    theme = zoo.card(name)["theme"]
    if theme != "closure":
        raise InputError(f"Expected a model of the theme closure; {name} is one of {theme}: use geodl predict.")
    ds = read_netcdf(file)
    found = zoo.load(name).rollout(ds, steps)
    print(write_netcdf(found, output))
    if picture is not None:
        print(write_picture(themes.theme(theme).picture(ds, ds, found), picture))


@app.command()
def train(
    name: str,
    output: Folder = Path("runs"),
    epochs: Annotated[int | None, typer.Option(min=1, help="As in the recipe by default.")] = None,
    seed: Seed = 0,
    mixed_precision: Annotated[bool, typer.Option("--mixed-precision", help="Compute in bfloat16.")] = False,
    strategy: Annotated[str, typer.Option(help="none, or mirrored for all devices of this machine.")] = "none",
) -> None:
    """Train a model by its recipe; run again after a kill, it resumes."""
    from geodl import zoo

    recipe = zoo.recipe(name)
    if strategy not in ("none", "mirrored"):
        raise InputError(f"Expected strategy none or mirrored; found {strategy!r}.")
    import keras
    import tensorflow as tf

    if mixed_precision:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    scope = tf.distribute.MirroredStrategy() if strategy == "mirrored" else tf.distribute.get_strategy()
    folder = output / name
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"seed": seed} | ({"epochs": epochs} if epochs is not None else {})
    with scope.scope():
        recipe.train(folder, **settings)
    # Its whole path: a name alone would be that of the published model.
    print(f"Saved in {folder}; geodl evaluate {folder.absolute()} scores it.")


@app.command()
def evaluate(
    name: str,
    write: Annotated[bool, typer.Option("--write", help="Write them and the baselines' on the card.")] = False,
) -> None:
    """Recompute the scores of a model, published or saved in a folder, on the test split."""
    from geodl import themes, zoo

    if write and name not in zoo.list_models():
        raise InputError(f"--write is for the card of a published model; {name} is none.")
    model = zoo.load(name)
    with progress_line() as progress:
        track = lambda splits: progress.track(splits, description="splits")  # noqa: E731
        scores = themes.card_scores(model, progress=track)
        if write:
            baselines = themes.baseline_scores(model)
    print(json.dumps(scores, indent=2))
    if write:
        zoo.write_card(name, scores=scores, baselines=baselines)


@data.command("list")
def data_list(pattern: str = "*") -> None:
    """List the datasets."""
    from geodl import datasets

    print("\n".join(datasets.list_datasets(pattern)))


@data.command("build")
def data_build(name: str, config: str | None = None) -> None:
    """Build a dataset from its source files, where it is not built yet."""
    from geodl import datasets

    print(datasets.prepared_builder(name, config).data_dir)


@app.command()
def compare(
    theme: Annotated[str | None, typer.Argument(help="One of the themes, or --all.")] = None,
    case: Annotated[str | None, typer.Option(help="Case study of the theme; the first one by default.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All cases of all themes, and a page of their results.")] = False,
    output: Folder = Path("."),
) -> None:
    """Compare the approaches of a theme on its test split; print the table, write CSV and a picture."""
    from geodl import report, themes

    if everything == (theme is not None):
        raise InputError(f"Expected one of the themes {', '.join(themes.THEMES)}, or --all.")
    if everything and case is not None:
        raise InputError("Expected a theme with --case; --all compares all cases of all themes.")
    output.mkdir(parents=True, exist_ok=True)
    if not everything:
        _compare(theme, case, output)
        return
    for name in themes.THEMES:
        for each in themes.theme(name).CASES:
            try:
                _compare(name, each, output)
            except InputError as error:  # a source file that this machine does not have
                print(f"{name}, {each}: not compared. {error}", file=sys.stderr)
    print(report.write_page(output / "report.html", output))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Where geodl compare has written tables and pictures.")] = Path("."),
    output: Output = Path("report.html"),
    csv: Annotated[Path | None, typer.Option(help="Write the scores on the cards to this file instead.")] = None,
) -> None:
    """Write the results of all themes, with tables and pictures, into one HTML file."""
    from geodl import report

    print(report.write_results(csv) if csv is not None else report.write_page(output, folder))


def _compare(theme: str, case: str | None, output: Path) -> None:
    from geodl.report import write_comparison

    with progress_line() as progress:
        track = lambda names: progress.track(names, description="approaches")  # noqa: E731
        table, written = write_comparison(theme, case, output, track)
    print_table(table)
    print(*written, sep="\n")


def _forecast(name: str, file: Path, output: Path, picture: Path | None, time: str | None, options: dict) -> None:
    """Forecast from a file to a file, telling what is done."""
    from geodl.files import read_observations, write_netcdf

    with progress_line() as progress:
        task = progress.add_task(f"Reading {file.name}", total=4)
        ds = read_observations(file)
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
