"""What the `geodl` command does with generators of trips."""

from pathlib import Path
from typing import Annotated

import typer

from geodl.command_options import Colony, Folder, Output, Picture, Seed, TimeZone
from geodl.errors import InputError


def sample(
    name: str,
    trips: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    seed: Seed = 0,
    output: Output = Path("trips.nc"),
    picture: Picture = None,
) -> None:
    """Simulate trips of seabirds by a published generator."""
    _check_theme(name)
    from geodl import zoo
    from geodl.files import write_netcdf, write_picture

    simulated = zoo.load(name).sample(trips, seed=seed)
    print(write_netcdf(simulated, output))
    if picture is not None:
        from geodl.plotting import trip_map

        print(write_picture(trip_map(simulated), picture))


def fine_tune(
    name: str,
    file: Path,
    steps: Annotated[int, typer.Option(min=1, help="Of training, each on all trips.")] = 200,
    step_seconds: Annotated[
        float | None, typer.Option(help="Time between two positions, for a table of tracks; by default as the model's.")
    ] = None,
    seed: Seed = 0,
    output: Folder = Path("my_birds"),
    colony: Colony = None,
    time_zone: TimeZone = None,
) -> None:
    """Let a generator learn from the trips of another colony; the folder that it writes is a model for the other commands."""
    _check_theme(name)
    import keras

    from geodl import zoo
    from geodl.trips import not_longer

    keras.utils.set_random_seed(seed)
    model = zoo.load(name)
    trips = not_longer(_trips(file, model, step_seconds, colony, time_zone), model.steps)
    turns = model.matching.matches_turns
    model.adapt(trips)
    model.fit(model.training_data(trips).repeat(steps), shuffle=False, verbose=2)
    model.calibrate(trips, turns)
    zoo.save(model, output)
    print(output)


def across_birds(
    name: str,
    draws: Annotated[int, typer.Option(min=1, help="How many.")] = 3,
    output: Folder = Path("runs"),
    write: Annotated[bool, typer.Option("--write", help="Write the scores on the card.")] = False,
) -> None:
    """Train a published generator on several draws of the birds and score it on those held out; finished draws are kept."""
    import pandas as pd

    from geodl import zoo
    from geodl.console import print_table
    from geodl.themes.trajectories import scores_across_birds

    recipe, card = zoo.recipe(name), zoo.card(name)
    _check_theme(name)

    def fit(draw: int):
        folder = output / f"{name}_{draw}"
        if not (folder / zoo.CONFIG).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            recipe.train(folder, draw=draw)
        return zoo.load(folder)

    found = scores_across_birds(fit, card["trained_on"]["config"], draws)
    table = pd.DataFrame(found).rename_axis("draw")
    table.loc["mean"] = table.mean()
    print_table(table.map("{:.4g}".format))
    if write:
        zoo.write_card(name, across_birds={"command": f"geodl across-birds {name} --draws {draws}", **found})


def complete(
    name: str, file: Path, output: Path, picture: Path | None, colony: tuple[float, float] | None, time_zone: str | None
) -> None:
    """Fills the gaps of trips in a NetCDF file, or in a table of tracks, which is read at the time step of the model."""
    from geodl import themes, zoo
    from geodl.files import write_netcdf, write_picture

    model = zoo.load(name)
    ds = _trips(file, model, None, colony, time_zone)
    found = model.complete(ds)
    print(write_netcdf(found, output))
    if picture is not None:
        print(write_picture(themes.theme(model.theme).picture(ds, ds, found), picture))


def _check_theme(name: str) -> None:
    from geodl import zoo

    theme = zoo.card(name)["theme"]
    if theme != "trajectories":
        raise InputError(f"Expected a model of theme trajectories; {name} is for {theme}: use geodl predict.")


def _trips(file: Path, model, step_seconds: float | None, colony: tuple[float, float] | None, time_zone: str | None):
    """Trips of a table of tracks, by default at the time step of a model, or of a NetCDF file, which tells all itself."""
    from geodl.files import read_netcdf
    from geodl.track_cutting import read_trips

    if file.name.lower().endswith((".csv", ".csv.gz")):
        step_seconds = model.step_seconds if step_seconds is None else step_seconds
        return read_trips(file, colony, step_seconds, time_zone=time_zone or "UTC")
    if not (colony is time_zone is step_seconds is None):
        raise InputError(f"--colony, --time-zone and --step-seconds are for tables of tracks (.csv); {file.name} says its own.")
    return read_netcdf(file)
