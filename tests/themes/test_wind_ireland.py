import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from geodl import datasets, themes
from geodl.baselines import DailySpeedPersistence
from geodl.plotting import daily_speed_forecast
from geodl.themes import forecasting

KNOT = 0.514444  # m s-1
real = pytest.mark.skipif(
    not list(Path(os.environ.get("GEODL_SOURCES", os.devnull)).rglob("irish_wind_gstat_complete.csv")),
    reason="needs the daily speeds of Ireland in GEODL_SOURCES",
)


@pytest.fixture
def three_years(monkeypatch):
    """Speeds at two stations that rise by one each day for a week, then fall back: training, then test in the third year."""
    days = np.datetime64("2001-01-01", "ns") + np.arange(1095) * np.timedelta64(1, "D")
    speed = 3.0 + np.arange(1095)[:, None] % 7 + np.array([0.0, 2.0])
    ds = xr.Dataset({"speed": (("time", "station"), speed)}, {"time": days, "station": ["A", "B"]})
    splits = {"all": ds, "train": ds.isel(time=slice(730)), "test": ds.isel(time=slice(730, None))}
    monkeypatch.setattr(datasets, "open_dataset", lambda name, config, split: splits[split])
    return ds


def test_each_day_of_the_split_is_forecast_from_the_day_before(three_years):
    scores = forecasting.evaluate(DailySpeedPersistence(), "wind_ireland")
    change = np.diff(three_years.speed.values[729:], axis=0)
    assert scores.errors.shape == (365, 2)
    np.testing.assert_allclose(scores.speed_rmse, np.sqrt(np.mean(change**2)))


def test_comparison_has_a_row_an_approach_and_a_picture(three_years):
    compared = themes.compare("forecasting", "wind_ireland")
    frame = themes.table(compared)
    assert set(frame.index) == {"persistence", "climatology", "AR(1)", "VAR(3), no season", "VAR(3)", "Gaussian process"}
    # A week is not in the season, and half known from the day before.
    assert frame.speed_rmse["climatology"] == pytest.approx(2, rel=0.02)
    # The last two days tell the next one.
    assert frame.speed_rmse["Gaussian process"] < frame.speed_rmse["VAR(3)"] < frame.speed_rmse["climatology"]
    assert len(forecasting.figure(compared, "wind_ireland").axes) == 2
    plt.close("all")


def test_a_forecast_is_drawn_station_by_station(three_years):
    known = three_years.isel(time=slice(800))
    forecast = forecasting.approaches("wind_ireland")["VAR(3)"]().predict(known)
    figure = forecasting.picture(three_years, known, forecast)
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["A", "B"]
    assert {"90%", "50%", "mean", "the day before", "observed"} == set(figure.axes[0].get_legend_handles_labels()[1])
    assert "observed" not in daily_speed_forecast(known, known, forecast).axes[0].get_legend_handles_labels()[1]
    plt.close("all")


@real
def test_the_vector_autoregression_of_order_three_has_its_known_error():
    made = forecasting.approaches("wind_ireland")
    rmse = {name: forecasting.evaluate(made[name](), "wind_ireland").speed_rmse / KNOT for name in ("AR(1)", "VAR(3)")}
    assert rmse["AR(1)"] == pytest.approx(4.21, abs=0.01) and rmse["VAR(3)"] == pytest.approx(4.055, abs=0.005)


@real
@pytest.mark.slow
def test_the_gaussian_process_is_better_than_the_vector_autoregression():
    scores = themes.compare("forecasting", "wind_ireland")
    for name in ("speed_rmse", "speed_mae", "crps"):
        assert getattr(scores["Gaussian process"], name) < getattr(scores["VAR(3)"], name)
    assert scores["Gaussian process"].coverage == pytest.approx(0.9, abs=0.015)
