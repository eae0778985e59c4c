"""What the `geodl` command does with generators of trips."""

from pathlib import Path
from typing import Annotated

import typer

from geodl.errors import InputError


def sample(
    name: str,
    trips: Annotated[int, typer.Option(help="How many.")] = 100,
    seed: int = 0,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write.")] = Path("trips.nc"),
    picture: Annotated[Path | None, typer.Option(help="Also draw a PNG.")] = None,
) -> None:
    """Simulate trips of seabirds by a published generator."""
    from geodl import zoo

    theme = zoo.card(name)["theme"]
    if theme != "trajectories":
        raise InputError(f"Expected a model of theme trajectories; {name} is for {theme}: use geodl predict.")
    if trips < 1:
        raise InputError(f"Expected at least one trip; found {trips}.")
    from geodl.files import write_netcdf, write_whole

    simulated = zoo.load(name).sample(trips, seed=seed)
    print(write_netcdf(simulated, output))
    if picture is not None:
        from geodl.plotting import trip_map

        figure = trip_map(simulated)
        print(write_whole(picture, lambda path: figure.savefig(path, dpi=110)))


def complete(name: str, file: Path, output: Path, picture: Path | None) -> None:
    """Fills the gaps of trips in a NetCDF file, or in a table of tracks, which is read at the time step of the model."""
    from geodl import themes, zoo
    from geodl.files import read_netcdf, write_netcdf, write_whole
    from geodl.track_cutting import read_trips

    model = zoo.load(name)
    table = file.name.lower().endswith((".csv", ".csv.gz"))
    ds = read_trips(file, step_seconds=model.step_seconds) if table else read_netcdf(file)
    found = model.complete(ds)
    print(write_netcdf(found, output))
    if picture is not None:
        figure = themes.theme(model.theme).picture(ds, ds, found)
        print(write_whole(picture, lambda path: figure.savefig(path, dpi=110)))
