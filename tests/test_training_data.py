"""Every published model is fine-tuned on its own dataset by the same two calls."""

import keras
import numpy as np
import pytest

from geodl import datasets, zoo
from geodl.errors import InputError

CLOUDS = {name: ("clouds", "meteonet_sample") for name in zoo.list_models("cloud_*")}
STATES = {name: ("lorenz63", "forecast") for name in ("lorenz63_lstm", "lorenz63_neural_ode")}
STATES |= {"lorenz63_neural_ode_sparse": ("lorenz63", "forecast_sparse")}
STATES |= {name: ("lorenz96", "forecast") for name in ("lorenz96_lstm", "lorenz96_neural_ode")}
STATES |= {name: ("lorenz63", "assimilation_x") for name in ("lorenz63_direct", "lorenz63_4dvarnet")}
STATES |= {name: ("lorenz96", "assimilation_half") for name in ("lorenz96_direct", "lorenz96_4dvarnet")}
CLOSURES = {name: ("burgers", "course") for name in ("burgers_cnn", "burgers_cnn_apriori")}
CLOSURES |= {"burgers_cnn_random": ("burgers", "random")}
CLOSURES |= {name: ("turbulence", "dns64") for name in zoo.list_models("turbulence_*")}
FIELDS = {name: ("sediments", "osse_short") for name in zoo.list_models("sediment_*")}
FIELDS |= {name: ("sea_level", "mediterranean") for name in zoo.list_models("ssh_*")}
WINDS = {"wind_attention": ("wind_stations", "beijing"), "wind_convlstm": ("wind_fields", "arpege_nw")}
TRIPS = {name: ("seabirds", name.split("_", 2)[2]) for name in zoo.list_models("seabird_*")}
DATASETS = CLOUDS | STATES | CLOSURES | FIELDS | WINDS | TRIPS

# Their data are simulated in a moment, or ship; their graphs are small.
QUICK = {"lorenz63_lstm", "lorenz63_neural_ode", "burgers_cnn_random", "cloud_cnn"}
NAMES = [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in zoo.list_models()]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_goes_on_learning_from_its_dataset(name):
    dataset, config = DATASETS[name]
    try:
        ds = datasets.open_dataset(dataset, config, "train")
    except InputError as error:
        if "GEODL_SOURCES" not in str(error):
            raise
        pytest.skip(str(error))  # a source file that this machine does not have
    if dataset == "wind_stations":
        ds = ds.isel(time=slice(500))
    model = zoo.load(name)
    before = model.get_weights()
    size = {"patch": 64} if dataset == "sea_level" else {} if dataset == "seabirds" else {"batch_size": 2}
    history = model.fit(model.training_data(ds, **size).take(1), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert any((new != old).any() for new, old in zip(model.get_weights(), before, strict=True))


def test_each_epoch_has_all_samples_in_another_order():
    model, ds = zoo.load("lorenz63_lstm"), datasets.open_dataset("lorenz63", "forecast", "validation").isel(sample=slice(40))
    data = model.training_data(ds, batch_size=16, seed=1)
    first, second = (np.concatenate([x for x, _ in data]) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.unique(first, axis=0), np.unique(second, axis=0))
    again = np.concatenate([x for x, _ in model.training_data(ds, batch_size=16, seed=1)])
    np.testing.assert_array_equal(again, first)


def test_a_model_that_cannot_learn_says_so():
    from geodl.baselines import Dineof

    with pytest.raises(NotImplementedError, match="Dineof does not define `pairs`"):
        Dineof().training_data(None)


def test_burgers_closures_learn_through_the_solver():
    model, ds = zoo.load("burgers_cnn_random"), datasets.open_dataset("burgers", "random", "validation")
    solver = model.unrolled(5)
    solver.compile(keras.optimizers.Adam(1e-3), loss="mse")
    before = model.get_weights()
    history = solver.fit(model.training_data(ds, batch_size=32, horizon=5).take(1), verbose=0).history
    assert history["loss"][0] < 0.01
    assert any((new != old).any() for new, old in zip(model.get_weights(), before, strict=True))
