"""Options that several commands share, with what can be told of them before anything is computed."""

from pathlib import Path
from typing import Annotated

import typer

from geodl.errors import InputError

PICTURES = (".png", ".jpg", ".jpeg", ".pdf", ".svg")


def _writable(path: Path | None) -> Path | None:
    from geodl.files import writable

    return None if path is None else writable(path)


def _ending(what: str, *suffixes: str):
    """What checks that the name of a file ends in one of them, and that it can be written."""

    def checked(path: Path | None) -> Path | None:
        if path is not None and path.suffix.lower() not in suffixes:
            raise InputError(f"Expected {what} that ends in {', '.join(suffixes)}; found {path.name}.")
        return _writable(path)

    return checked


Output = Annotated[
    Path,
    typer.Option("--output", "-o", help="NetCDF file to write.", callback=_ending("a NetCDF file", ".nc", ".nc4", ".netcdf")),
]
Page = Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.", callback=_writable)]
Folder = Annotated[Path, typer.Option("--output", "-o", help="Folder to write in.")]
Picture = Annotated[
    Path | None, typer.Option(help=f"Also draw a picture ({', '.join(PICTURES)}).", callback=_ending("a picture", *PICTURES))
]
Film = Annotated[
    Path | None,
    typer.Option(
        help=f"Also draw a picture ({', '.join(PICTURES)}), or a GIF that runs through interpolated fields.",
        callback=_ending("a picture", *PICTURES, ".gif"),
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Of all that is drawn at random.")]
Colony = Annotated[
    tuple[float, float] | None,
    typer.Option(help="Longitude and latitude of the colony, for a table of tracks; by default from the file."),
]
TimeZone = Annotated[
    str | None, typer.Option(help="Of times in a table of tracks that do not say theirs, such as America/Lima; UTC by default.")
]
