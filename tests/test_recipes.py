"""Every recipe trains its model and saves it: here for one step."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow_datasets as tfds

from geodl import datasets, pipelines, zoo
from geodl.errors import InputError
from geodl.models import BurgersCNN, TripGenerator, TripSelection, WindAttention
from geodl.stations import read_stations
from geodl.trips import trips_dataset

# Their data are simulated in seconds, or ship.
QUICK = {"lorenz63_direct", "lorenz63_lstm", "lorenz63_neural_ode", "wind_attention"}
NAMES = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in zoo.list_models()]


@pytest.fixture
def one_step(monkeypatch):
    """`fit` ends after one batch, and does not validate."""
    fit = keras.Model.fit

    def short(self, x, y=None, callbacks=(), **settings):
        if y is None:
            return fit(self, x.take(1), callbacks=callbacks, verbose=0)
        return fit(self, x[:8], y[:8], callbacks=callbacks, verbose=0)

    monkeypatch.setattr(keras.Model, "fit", short)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_makes_a_model_that_load_gives_back(name, one_step, tmp_path):
    try:
        model = zoo.recipe(name).train(tmp_path, epochs=2)
    except InputError as error:
        if "GEODL_SOURCES" not in str(error):
            raise
        pytest.skip(str(error))  # a source file that this machine does not have
    again, published = zoo.load(tmp_path), zoo.load(name)
    for ours, theirs, wanted in zip(model.get_weights(), again.get_weights(), published.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert np.isfinite(ours).all() and ours.shape == wanted.shape


def test_a_closure_resumes_its_own_run_and_no_other(one_step, tmp_path):
    horizons, killed_at = [], 2

    def windows(split, horizon, batch_size, seed):
        if horizon == killed_at:
            raise KeyboardInterrupt
        horizons.append(horizon)
        states = np.random.default_rng(seed).normal(size=(3, 9, 3, 8)).astype("float32")
        return pipelines.trajectory_windows(states, states[:, :, 0], horizon, batch_size=batch_size, seed=seed)

    def fit(seed):
        horizons.clear()
        model = BurgersCNN(points=8, channels=(2,), radius=1)
        model.build((None, 3, 8))
        zoo.recipe("burgers_cnn").fit(model, {1: (0.5, 1e-3, 2), 2: (0.5, 1e-3, 2)}, windows, tmp_path, epochs=2, seed=seed)
        return sorted(set(horizons))

    with pytest.raises(KeyboardInterrupt):
        fit(seed=0)
    killed_at = None
    assert fit(seed=7) == [1, 2]
    assert fit(seed=0) == [2]
    assert not list(tmp_path.glob("horizon_*.h5"))


@pytest.mark.parametrize("name", zoo.list_models("seabird_*"))
def test_a_generator_of_trips_finds_no_weights_of_another_seed_or_draw(name, tmp_path, monkeypatch):
    positions = np.random.default_rng(0).normal(0, 3000, (4, 32, 2))
    trips = trips_dataset(positions, colony=(-77.264, -11.773), step_seconds=60, birds=list("AABB"), lengths=[25] * 4)
    recipe = zoo.recipe(name)
    monkeypatch.setattr(datasets, "open_dataset", lambda *arguments: None)
    monkeypatch.setattr(recipe, "split_by_bird", lambda ds, draw: {"train": trips, "validation": trips})

    def fit(self, *data, callbacks, **settings):
        for each in callbacks:
            if isinstance(each, TripSelection):
                each.backup.touch()
            if isinstance(each, keras.callbacks.BackupAndRestore):
                (tmp_path / each.backup_dir).mkdir(exist_ok=True)

    def killed(self, ds, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "fit", fit)
    monkeypatch.setattr(TripGenerator, "calibrate", killed)
    left = []
    for seed, draw in ((0, 0), (1, 0), (0, 1)):
        with pytest.raises(KeyboardInterrupt):
            recipe.train(tmp_path, seed=seed, draw=draw)
        left.append(len(list(tmp_path.iterdir())))
    assert left == [left[0], 2 * left[0], 3 * left[0]]


METEONET = "number_sta,lat,lon,height_sta,date,dd,ff,precip,hu,td,t,psl"


def write_meteonet(folder, days=2, stations=3):
    """Files of two days, in the format of MeteoNet, in which some values are missing."""
    random = np.random.default_rng(0)
    for year, month in ((2016, 1), (2017, 11), (2018, 3)):
        rows = [METEONET]
        for step in range(240 * days):
            time = f"{year}{month:02d}{1 + step // 240:02d} {step % 240 // 10:02d}:{6 * (step % 10):02d}"
            for station in range(stations):
                wind = f"{random.integers(0, 360)},{random.uniform(1, 8):.1f}" if random.random() < 0.99 else ","
                rows.append(f"{29000000 + station},48.{station},-4.{station},20,{time},{wind},0.0,80,280.1,285.2,")
        (folder / f"NW_Ground_Stations_{year}.csv").write_text("\n".join(rows) + "\n")


def test_a_model_of_six_minutes_is_trained_on_the_files_of_meteonet(one_step, tmp_path, monkeypatch):
    write_meteonet(tmp_path)
    monkeypatch.setenv("GEODL_SOURCES", str(tmp_path))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "built"))
    output = tmp_path / "runs"
    output.mkdir()
    recipe = zoo.recipe("wind_attention_meteonet")
    monkeypatch.setattr(recipe, "BATCH", 8)
    monkeypatch.setattr(recipe, "VALIDATED", 2)
    monkeypatch.setattr(recipe, "WindAttention", partial(WindAttention, members=1, width=8, blocks=1))
    model = recipe.train(output, epochs=1)
    again = zoo.load(output)
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert np.isfinite(ours).all()
    found = again.predict(read_stations(tmp_path / "NW_Ground_Stations_2018.csv"))
    assert dict(found.sizes) == {"time": 60, "station": 3, "quantile": 5} and np.isfinite(found.speed).all()
