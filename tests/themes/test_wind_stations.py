import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from geodl import datasets, themes, zoo
from geodl.baselines import StationPersistence
from geodl.datasets import load
from geodl.errors import InputError
from geodl.models import WindAttention
from geodl.plotting import fan_chart
from geodl.themes import forecasting
from geodl_datasets.wind_stations.wind_stations_dataset_builder import distinct


def test_scores_of_persistence_are_those_of_the_card():
    found = forecasting.evaluate(StationPersistence(), "wind_stations")
    card = zoo.card("wind_attention")["baselines"]["persistence"]
    for name, values in found.result().items():
        np.testing.assert_allclose(values, card[name], rtol=2e-3)


def test_other_steps_and_other_cases_are_refused():
    for case in (None, "wind_stations"):
        with pytest.raises(InputError, match="this one has a step of 6 minutes"):
            forecasting.evaluate(WindAttention(members=1, width=8, blocks=1, step=6), case)
    with pytest.raises(InputError, match="Expected one of the cases wind_stations; found 'beijing'"):
        forecasting.wind_stations.evaluate(StationPersistence(), "beijing")


@pytest.mark.slow
def test_scores_of_the_model_are_those_of_its_card():
    card = zoo.card("wind_attention")["scores"]
    for name, values in themes.card_scores(zoo.load("wind_attention")).items():
        np.testing.assert_allclose(values, card[name], rtol=0.02)


def test_the_model_beats_every_baseline_and_is_reliable():
    card = zoo.card("wind_attention")
    for baseline in card["baselines"].values():
        for name in ("speed_rmse", "crps", "vector_rmse", "energy_score"):
            assert all(ours < theirs for ours, theirs in zip(card["scores"][name], baseline[name], strict=True))
    assert all(0.87 <= share <= 0.95 for share in card["scores"]["coverage"])


def test_comparison_has_a_row_an_approach_and_a_picture(monkeypatch):
    chosen = {"persistence": forecasting.approaches("wind_stations")["persistence"]}
    monkeypatch.setattr(forecasting.wind_stations, "approaches", lambda case: chosen)
    compared = themes.compare("forecasting", "wind_stations")
    row = themes.table(compared).loc["persistence"]
    assert row["speed_rmse_1h"] < row["speed_rmse_3h"] < row["speed_rmse_6h"]
    assert len(forecasting.figure(compared, "wind_stations").axes) == 3


def test_fan_chart_of_times_every_six_minutes_looks_back_a_day():
    times = np.datetime64("2020-05-01", "ns") + np.arange(240) * np.timedelta64(6, "m")
    wind = np.where(np.arange(240)[:, None] < [240, 60], 1.0, np.nan)  # the second station falls silent
    ds = xr.Dataset({name: (("time", "station"), wind) for name in "uv"}, {"time": times, "station": ["A", "B"]})
    forecast = ds.assign(speed=ds.u).isel(time=slice(-6, None))
    assert [axis.get_title() for axis in fan_chart(ds, ds, forecast).axes] == ["A", "B"]


def test_fan_chart_has_the_stations_that_have_wind():
    ds = datasets.open_dataset("wind_stations", "beijing", "validation").isel(time=slice(100), station=slice(3))
    ds = ds.assign(u=ds.u.where(ds.station != "Changping"))
    known = ds.isel(time=slice(90))
    figure = fan_chart(ds, known, zoo.load("wind_attention").predict(known))
    assert [axis.get_title() for axis in figure.axes] == ["Aotizhongxin", "Dongsi"]
    plt.close(figure)


def test_splits_do_not_overlap_and_pairs_follow_each_other():
    ends = {
        split: datasets.open_dataset("wind_stations", "beijing", split).time.values[[0, -1]]
        for split in ("train", "validation", "test")
    }
    assert ends["train"][1] < ends["validation"][0] and ends["validation"][1] < ends["test"][0]
    ds = datasets.open_dataset("wind_stations", "beijing", "validation")
    x, y = next(iter(load("wind_stations", "beijing", "validation", batch_size=2)))
    assert x.shape == (2, 24, 8, 7) and y.shape == (2, 6, 8, 2)
    np.testing.assert_array_equal(y[1, :, :, 0], ds.u.values[30:36])


def test_a_copied_series_is_counted_once():
    random = np.random.default_rng(0)
    speed = random.random((500, 4))
    speed[:, 2] = speed[:, 0]
    speed[7, 2] += 1
    assert distinct(speed).tolist() == [True, True, False, True]
