"""The coast line on a map, from the package global-land-mask, where it is installed."""

import importlib.util
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np

CELLS = 120  # a degree


def draw_coast_line(axis, extent: tuple[float, float, float, float]) -> None:
    """Draws land and its coast line on a map in degrees; without the package it draws nothing.

    The line is that of a mask of cells of 30 seconds of arc, one kilometre, in which lakes are land.

    Args:
        axis: of matplotlib, its x degrees east and its y degrees north.
        extent: west, east, south, north, of the map; over the date line, east or west of ±180 degrees.

    Source: Hastings and Dunbar (1999), Global Land One-kilometer Base Elevation (GLOBE), NOAA.

    Example:
        >>> from matplotlib.figure import Figure
        >>> axis = Figure().subplots()
        >>> draw_coast_line(axis, (-77.8, -76.8, -12.3, -11.3))  # of Peru
    """
    package = importlib.util.find_spec("global_land_mask")
    if package is None:
        return
    land, lon, lat = land_mask(Path(package.origin).parent / "globe_combined_mask_compressed.npz", extent)
    if land.any() and not land.all():
        axis.contourf(lon, lat, land, levels=[0.5, 1.5], colors=["0.93"], zorder=0)
        axis.contour(lon, lat, land, levels=[0.5], colors=["0.4"], linewidths=0.8, zorder=1)


@lru_cache(maxsize=4)
def land_mask(file: Path, extent: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Land (lat, lon) of the cells of a map, and the degrees of their middles.

    Args:
        file: of the package, true where there is sea, from 90 degrees north and 180 degrees west on.
        extent: west, east, south, north, in degrees.
    """
    west, east, south, north = extent
    first, last = max(int((90 - north) * CELLS) - 1, 0), min(int((90 - south) * CELLS) + 2, 180 * CELLS)
    rows, columns = np.arange(first, last), np.arange(int((west + 180) * CELLS) - 1, int((east + 180) * CELLS) + 2)
    # As a stream: the whole earth would take a gigabyte.
    with zipfile.ZipFile(file) as archive, archive.open("mask.npy") as mask:
        np.lib.format.read_magic(mask)
        (_, width), _, _ = np.lib.format.read_array_header_1_0(mask)
        mask.seek(mask.tell() + first * width)
        sea = np.frombuffer(mask.read(len(rows) * width), bool).reshape(len(rows), width)
    return ~sea[:, columns % width], (columns + 0.5) / CELLS - 180, 90 - (rows + 0.5) / CELLS
