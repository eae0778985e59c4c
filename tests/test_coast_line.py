import importlib.util
from pathlib import Path

import pytest
from loop_trips import loops
from matplotlib.figure import Figure

from geodl.plotting import trip_map
from geodl.plotting.coast_line import draw_coast_line, land_mask

PACKAGE = importlib.util.find_spec("global_land_mask")
INSTALLED = pytest.mark.skipif(PACKAGE is None, reason="the mask is in an extra")


@INSTALLED
@pytest.mark.parametrize(
    ("extent", "places"),
    [
        ((-78, -76.5, -13, -11), {(-77.03, -12.05): True, (-77.6, -12.05): False}),  # Lima, and the sea before it
        ((-33, -32, -4.5, -3.5), {(-32.43, -3.85): True, (-32.43, -3.95): False}),  # Fernando de Noronha
        ((179, 181, 67, 70), {(179.9, 68.0): True, (180.1, 68.0): True, (180.0, 69.8): False}),  # Chukotka
    ],
)
def test_land_is_where_it_is_on_earth(extent, places):
    land, east, north = land_mask(Path(PACKAGE.origin).parent / "globe_combined_mask_compressed.npz", extent)
    west_south_east_north = east[0], north[-1], east[-1], north[0]
    assert all(
        abs(a - b) < 0.02 for a, b in zip(west_south_east_north, (extent[0], extent[2], extent[1], extent[3]), strict=True)
    )
    assert {(x, y): land[abs(north - y).argmin(), abs(east - x).argmin()] for x, y in places} == places


@INSTALLED
def test_maps_of_trips_have_a_coast_line():
    (axis,) = trip_map(loops()).axes
    _, line = axis.collections
    assert max(len(path.vertices) for path in line.get_paths()) > 20
    axis.figure.canvas.draw()
    assert line.get_window_extent().overlaps(axis.get_window_extent())


@INSTALLED
def test_at_sea_nothing_is_drawn():
    axis = Figure().subplots()
    draw_coast_line(axis, (-32, -31, 45, 46))
    assert not axis.collections


def test_without_the_package_maps_have_no_coast_line(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (axis,) = trip_map(loops()).axes
    assert not axis.collections and len(axis.lines) == 22
