"""Every recipe trains its model and saves it: here for one step."""

import keras
import numpy as np
import pytest

from geodl import pipelines, zoo
from geodl.errors import InputError
from geodl.models import BurgersCNN

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
