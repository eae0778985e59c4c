import numpy as np
import pytest
import xarray as xr

from geodl import plotting
from geodl.baselines import CloudPersistence
from geodl.metrics import NowcastScores


def test_nowcast_shows_observed_forecast_probability_and_persistence(cloud_file_content):
    forecast = CloudPersistence().predict(cloud_file_content)
    figure = plotting.nowcast(cloud_file_content, forecast, forecast)
    titles = [axis.get_title() for axis in figure.axes[:16]]
    assert titles[3] == "observed 13:15"
    assert titles[4] == "forecast +15 min" and titles[11] == "cloud probability +60 min"
    assert titles[15] == "persistence +60 min"


def test_scores_are_drawn_one_line_an_approach():
    scores = NowcastScores(4)
    random = np.random.default_rng(0)
    codes = random.integers(1, 16, (4, 8, 8)).astype("uint8")
    scores.update(codes, codes, random.uniform(size=codes.shape))
    figure = plotting.nowcast_scores({"a": scores, "b": scores})
    assert all(len(axis.lines) == 2 for axis in figure.axes[:5])


@pytest.mark.parametrize(("components", "axes"), [(3, 3), (40, 2)])
def test_a_trajectory_is_lines_or_a_hovmoller_diagram(components, axes):
    """The second axis of the Hovmöller diagram is its colour bar."""

    def states(first, count):
        times = first + 0.1 * np.arange(count)
        return xr.Dataset({"state": (("time", "component"), np.ones((count, components)))}, {"time": times})

    figure = plotting.trajectory(states(0.0, 5), states(0.5, 10))
    assert len(figure.axes) == axes
