import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geodl import datasets, themes, zoo
from geodl.baselines import WindPersistence
from geodl.metrics import WindFieldScores
from geodl.themes import forecasting
from geodl.themes.forecasting import wind_fields

HOUR = np.timedelta64(1, "h")
real = pytest.mark.skipif(
    not list(Path(os.environ.get("GEODL_SOURCES", os.devnull)).rglob("arpege_10m_SE_20180501000000.grib")),
    reason="needs the wind fields in GEODL_SOURCES",
)


@pytest.fixture
def windows(monkeypatch):
    """Three windows of twelve hours of a wind that freshens by half a metre a second each hour."""
    hour = np.arange(-5, 7.0)[:, None, None] * np.ones((3, 1, 8, 10)) / 2
    dims = ("sample", "time", "lat", "lon")
    ds = xr.Dataset(
        {"u10": (dims, 5 + hour), "v10": (dims, np.zeros_like(hour)), "land_sea_mask": (dims[2:], np.eye(8, 10))},
        {"time": HOUR * np.arange(-5, 7), "lat": 45 - 0.1 * np.arange(8), "lon": 0.1 * np.arange(10)},
    )
    monkeypatch.setattr(datasets, "open_dataset", lambda *name: ds)
    return ds


def test_scores_are_those_of_their_definitions():
    random = np.random.default_rng(0)
    fields, truth, last = (
        random.normal(size=(2, 6, 4, 5, 2)),
        random.normal(size=(2, 6, 4, 5, 2)),
        random.normal(size=(2, 4, 5, 2)),
    )
    truth[0, :, 0, 0] = np.nan
    scores = WindFieldScores.of(fields, truth, last, seconds=0.0)
    for lead in range(6):
        known = np.isfinite(truth[:, lead, :, :, 0])
        square = ((fields - truth)[:, lead][known] ** 2).sum(axis=-1).mean()
        unchanged = ((last - truth[:, lead])[known] ** 2).sum(axis=-1).mean()
        speed = (np.linalg.norm(fields, axis=-1) - np.linalg.norm(truth, axis=-1))[:, lead][known]
        assert scores.vector_rmse[lead] == pytest.approx(np.sqrt(square))
        assert scores.skill[lead] == pytest.approx(1 - square / unchanged)
        assert scores.speed_rmse[lead] == pytest.approx(np.sqrt((speed**2).mean()))
        assert scores.speed_mae[lead] == pytest.approx(np.abs(speed).mean())


def test_persistence_of_a_freshening_wind_errs_by_what_it_freshens(windows):
    scores = forecasting.evaluate(WindPersistence()).result()
    for score in ("vector_rmse", "speed_rmse", "speed_mae"):
        assert scores[score] == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5, 3.0], abs=1e-4)
    assert scores["skill"] == pytest.approx([0.0] * 6, abs=1e-6)
    assert scores == themes.card_scores(WindPersistence())


def test_the_comparison_makes_rows_and_pictures(windows):
    compared = {"persistence": forecasting.evaluate(WindPersistence(), "wind_fields")}
    row = themes.table(compared).loc["persistence"]
    assert row["vector_rmse_6h"] == pytest.approx(3.0, abs=1e-4)
    titles = [axis.get_title() for axis in forecasting.figure(compared, "wind_fields").axes]
    assert "truth at +6 h" in titles and "persistence, vector RMSE 3.00 m/s" in titles


def test_a_forecast_of_ones_own_wind_is_drawn(windows):
    own = windows.isel(sample=0, time=slice(6)).assign_coords(time=np.datetime64("2020-05-01", "ns") + HOUR * np.arange(6))
    for known in (own, own.drop_vars("land_sea_mask"), windows.isel(time=slice(6))):
        titles = [axis.get_title() for axis in forecasting.picture(known, known, WindPersistence().predict(known)).axes]
        assert titles[0].startswith("last wind") and titles[3].startswith("+6 h")


def test_the_network_is_compared_if_it_is_published(monkeypatch):
    assert list(forecasting.approaches("wind_fields")) == ["persistence", "advection", "ConvLSTM"]
    monkeypatch.setattr(zoo, "list_models", lambda: [])
    assert list(forecasting.approaches("wind_fields")) == ["persistence", "advection"]


def test_the_network_is_better_than_persistence_and_advection_at_every_lead_time():
    card = zoo.card("wind_convlstm")
    best = np.min([scores["vector_rmse"] for scores in card["baselines"].values()], axis=0)
    assert set(card["baselines"]) == {"persistence", "advection"} and (card["scores"]["vector_rmse"] < best).all()


@real
def test_card_of_the_network_is_recomputed():
    model, card = zoo.load("wind_convlstm"), zoo.card("wind_convlstm")
    for found, wanted in [
        (themes.card_scores(model), card["scores"]),
        *((forecasting.evaluate(make()).result(), card["baselines"][name]) for name, make in wind_fields.BASELINES.items()),
    ]:
        for score, values in wanted.items():
            np.testing.assert_allclose(found[score], values, atol=2e-3, err_msg=score)
