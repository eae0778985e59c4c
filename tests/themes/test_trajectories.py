import os

import matplotlib.pyplot as plt
import numpy as np
import pytest
from foraging_tracks import track, write

from geodl import datasets, plotting, themes, zoo
from geodl.baselines import HiddenMarkovWalk, TripBootstrap
from geodl.baselines.trip_walk import returning_walk
from geodl.cli import main
from geodl.errors import InputError
from geodl.files import read_netcdf
from geodl.themes import trajectories
from geodl.trips import trips_dataset

COLONY = (-77.264, -11.773)


def birds(count, seed, step_seconds=60):
    """Trips of so many birds, three each, in Peru."""
    random = np.random.default_rng(seed)
    durations = random.integers(30, 150, size=3 * count)
    draw = lambda step: (random.gamma(20.0, 35.0, 3 * count), random.vonmises(0, 20.0, 3 * count))  # noqa: E731
    positions = np.full((3 * count, 200, 2), np.nan)
    walked = returning_walk(durations, (2.0, np.pi), 700.0, draw, random)
    positions[:, : walked.shape[1]] = walked
    names = np.repeat([f"B{seed}_{i}" for i in range(count)], 3)
    return trips_dataset(positions, COLONY, step_seconds, lengths=durations + 1, birds=list(names))


@pytest.fixture
def synthetic_birds(monkeypatch):
    """The dataset, without its files."""
    splits = {"train": birds(12, 0), "validation": birds(3, 1), "test": birds(5, 2), "all": birds(20, 3)}
    monkeypatch.setattr(datasets, "open_dataset", lambda name, config, split: splits[split])
    monkeypatch.setattr(trajectories, "SETS", 2)
    return splits


def test_comparison_has_a_row_an_approach_and_a_picture(synthetic_birds):
    compared = themes.compare("trajectories", "peru")
    frame = themes.table(compared)
    assert frame.index.tolist() == list(compared) and "hidden Markov walk" in compared
    scores = {name: found.result() for name, found in compared.items()}
    assert scores["training trips again"]["nearest"] == [0] and scores["training trips again"]["too_close"] == [1]
    for name in ("correlated walk", "Ornstein–Uhlenbeck walk", "hidden Markov walk"):
        assert scores[name]["periodogram_train"] > scores["training trips again"]["periodogram_train"]
        assert scores[name]["too_close"][0] < 0.5 and compared[name].seconds < 1
    figure = trajectories.figure(compared, "peru")
    assert len(figure.axes) == 8 and [axis.get_title() for axis in figure.axes[:2]] == ["birds", list(compared)[-3]]
    plt.close(figure)


def test_scores_of_a_card_are_those_of_its_colony(synthetic_birds):
    model = TripBootstrap().fit(synthetic_birds["train"])
    assert themes.card_scores(model)["nearest"] == [0]
    assert set(themes.baseline_scores(model)) == set(trajectories.WALKS)
    with pytest.raises(InputError, match=r"found one for a colony at -77.264, -11.773 every 90 s"):
        trajectories.evaluate(TripBootstrap().fit(birds(3, 0, step_seconds=90)))


def test_training_trips_themselves_reach_the_floor_across_birds(synthetic_birds):
    found = trajectories.scores_across_birds(lambda train, validation: TripBootstrap().fit(train), splits=2)
    np.testing.assert_allclose(found["periodogram_held_out"], found["floor"], rtol=0.3)
    assert len(set(found["floor"])) == 2


def test_maps_show_the_trips_and_the_colony():
    ds = birds(20, 0)
    figure = plotting.trip_map(ds, birds(2, 1))
    left, right = figure.axes
    assert left.get_title() == "birds: 6 of 6 trips" and right.get_title() == "simulated: 40 of 60 trips"
    # Trips, the colony and the bar of the scale.
    assert len(right.lines) == 42 and right.lines[40].get_xdata()[0] == COLONY[0]
    plt.close(figure)


def test_a_map_over_the_date_line_is_of_one_piece():
    ds = birds(4, 0).assign_attrs(colony_lon=179.95)
    (axis,) = plotting.trip_map(ds).axes
    west, east = axis.get_xlim()
    assert east - west < 2 and axis.xaxis.get_major_formatter()(180.5, 0) == "179.5°W"
    assert all(abs(np.diff(line.get_xdata())[np.isfinite(np.diff(line.get_xdata()))]).max() < 1 for line in axis.lines[:12])
    plt.close(axis.figure)


def test_filled_gaps_are_drawn_beside_what_is_known():
    ds = birds(2, 0)
    known = ds.assign(x=ds.x.where(ds.step % 3 == 0), y=ds.y.where(ds.step % 3 == 0))
    figure = trajectories.picture(known, known, ds)
    assert figure.axes[0].get_legend().get_texts()[0].get_text() == "known"
    plt.close(figure)


@pytest.fixture
def published_walk(monkeypatch):
    """A walk in the place of a published generator."""
    model = HiddenMarkovWalk().fit(birds(12, 0))
    monkeypatch.setattr(zoo, "card", lambda name: {"theme": "trajectories" if name == "walk" else "segmentation", "inputs": ""})
    monkeypatch.setattr(zoo, "load", lambda name: model)
    model.complete = lambda ds: ds.interpolate_na("step")
    return model


def run(monkeypatch, *arguments):
    """Exit code of the command."""
    monkeypatch.setattr("sys.argv", ["geodl", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def test_sample_writes_trips_and_a_map(monkeypatch, tmp_path, published_walk):
    options = ("--trips", 5, "--seed", 3, "-o", tmp_path / "trips.nc", "--picture", tmp_path / "trips.png")
    assert run(monkeypatch, "sample", "walk", *options) == 0
    found = read_netcdf(tmp_path / "trips.nc")
    assert found.attrs["featureType"] == "trajectory" and found.trip.attrs["cf_role"] == "trajectory_id"
    np.testing.assert_allclose(found.lon, published_walk.sample(5, seed=3).lon)
    assert (tmp_path / "trips.png").read_bytes()[:4] == b"\x89PNG"


def test_gaps_of_tracks_in_a_table_are_filled_at_the_time_step_of_the_model(monkeypatch, tmp_path, published_walk):
    table = track("A", trips=1)
    path = write(tmp_path, table.drop(index=range(50, 70)))
    options = ("-o", tmp_path / "trips.nc", "--picture", tmp_path / "trips.png")
    assert run(monkeypatch, "predict", "walk", path, *options) == 0
    found = read_netcdf(tmp_path / "trips.nc")
    assert found.attrs["step_seconds"] == published_walk.step_seconds and found.x.notnull().equals(found.mask)
    assert (tmp_path / "trips.png").read_bytes()[:4] == b"\x89PNG"


def test_gaps_are_not_forecast_from_a_time(monkeypatch, capsys, published_walk):
    assert run(monkeypatch, "predict", "walk", "tracks.csv", "--time", "2020-01-01") == 2
    assert "--time is for forecasts; walk fills the gaps of trips." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("unet",), "Expected a model of theme trajectories; unet is for segmentation: use geodl predict."),
        (("walk", "--trips", 0), "Expected at least one trip; found 0."),
    ],
)
def test_sample_says_what_it_cannot_do(monkeypatch, capsys, published_walk, arguments, message):
    assert run(monkeypatch, "sample", *arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.skipif(not os.environ.get("GEODL_SOURCES"), reason="the files of the birds do not ship")
def test_walks_of_ecologists_in_peru(monkeypatch):
    monkeypatch.setattr(trajectories, "SETS", 3)
    scores = {
        name: trajectories.evaluate(trajectories.approaches("peru")[name](), "peru").result()
        for name in trajectories.CONTROL | trajectories.WALKS
    }
    # The publication has .92 for its hidden Markov model, in all trips.
    assert 0.6 < scores["hidden Markov walk"]["periodogram_all"][0] < 1.2
    assert (
        scores["training trips again"]["periodogram_train"][0]
        < 0.02
        < scores["Ornstein–Uhlenbeck walk"]["periodogram_train"][0]
    )
    assert scores["correlated walk"]["nearest"][0] > 0.7
