"""Options that several commands share, with what can be told of them before anything is computed."""

from pathlib import Path
from typing import Annotated

import typer

from geodl.errors import InputError

PICTURES = (".png", ".jpg", ".pdf", ".svg", ".gif")


def _writable(path: Path | None) -> Path | None:
    if path is not None and not path.absolute().parent.is_dir():
        raise InputError(f"Expected an existing directory to write {path.name} in; there is no {path.parent}.")
    return path


def _drawable(path: Path | None) -> Path | None:
    if path is not None and path.suffix.lower() not in PICTURES:
        raise InputError(f"Expected a picture that ends in {', '.join(PICTURES)}; found {path.name}.")
    return _writable(path)


Output = Annotated[Path, typer.Option("--output", "-o", help="Where to write.", callback=_writable)]
Folder = Annotated[Path, typer.Option("--output", "-o", help="Folder to write in.")]
Picture = Annotated[Path | None, typer.Option(help="Also draw a PNG.", callback=_drawable)]
Film = Annotated[
    Path | None, typer.Option(help="Also draw a PNG, or a GIF that runs through interpolated fields.", callback=_drawable)
]
Seed = Annotated[int, typer.Option(min=0, help="Of all that is drawn at random.")]
Colony = Annotated[
    tuple[float, float] | None,
    typer.Option(help="Longitude and latitude of the colony, for a table of tracks; by default from the file."),
]
TimeZone = Annotated[
    str | None, typer.Option(help="Of times in a table of tracks that do not say theirs, such as America/Lima; UTC by default.")
]
