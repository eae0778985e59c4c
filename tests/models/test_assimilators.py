import keras
import numpy as np
import pytest
import tensorflow as tf
import xarray as xr

from geodl.dynamics import Lorenz96
from geodl.errors import InputError
from geodl.layers import BilinearAutoencoder, DynamicsPrior, ODEIntegrator
from geodl.metrics import WindowLoss, window_mse
from geodl.models import DirectNetwork, FourDVarNet
from layer_check import check_layer, check_saving

MIRROR = (-1, -1, 1)


def direct_network(**settings):
    return DirectNetwork(components=3, dt=0.01, patch=4, channels=8, dilations=(1, 2), **settings)


def fourdvarnet(**settings):
    return FourDVarNet(direct_network(), BilinearAutoencoder(channels=4), iterations=2, hidden=4, **settings)


def ring_model():
    guess = DirectNetwork(components=6, dt=0.05, patch=4, channels=8, dilations=(1,), reach=1)
    return FourDVarNet(guess, DynamicsPrior(ODEIntegrator(Lorenz96(), 0.05, 1), lag=1), iterations=2, hidden=4)


def moved(model, observations):
    """The model away from its zero start, where every path is used."""
    model(observations)
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:
        weight.assign_add(0.05 * random.standard_normal(weight.shape))
    return model


def observed(components=3, length=20, samples=2):
    random = np.random.default_rng(0)
    values = random.standard_normal((samples, length, components)).astype("float32")
    return np.where(random.random(values.shape) < 0.4, values, np.nan).astype("float32")


def dataset(observations, dt=0.01):
    return xr.Dataset(
        {"observations": (("sample", "time", "component"), observations, {"units": "1"})},
        {"time": dt * np.arange(observations.shape[1])},
        {"title": "twin"},
    )


@pytest.mark.parametrize(
    ("make", "components"),
    [(direct_network, 3), pytest.param(fourdvarnet, 3, marks=pytest.mark.slow), (ring_model, 6)],
    ids=["direct", "4DVarNet", "ring"],
)
def test_models_keep_the_contracts(make, components, tmp_path):
    observations = observed(components)
    model = moved(make(), observations)
    check_layer(model, observations, tolerance=1e-3, unknown_sizes=False, policies=("float64",))
    check_saving(model, observations, tmp_path, tolerance=1e-4)
    unknown = tf.function(model, input_signature=[tf.TensorSpec((None, None, components))])
    np.testing.assert_allclose(unknown(observations), model(observations), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("four", [False, True], ids=["direct", "4DVarNet"])
def test_the_mirror_image_of_observations_gives_that_of_the_states(four):
    model = direct_network(mirror=MIRROR)
    if four:
        model = FourDVarNet(model, BilinearAutoencoder(channels=4), iterations=2, hidden=4)
    observations, sign = observed(), np.float32(MIRROR)
    model = moved(model, observations)
    np.testing.assert_allclose(model(sign * observations)[..., 0], sign * model(observations)[..., 0], atol=1e-4)


def test_4dvarnet_starts_at_its_guess():
    model, observations = fourdvarnet(), observed()
    model(observations)
    np.testing.assert_allclose(model(observations)[..., 0], model.guess(observations)[..., 0], atol=1e-6)


@pytest.mark.slow
def test_fit_lowers_the_error_and_learns_the_weights_of_the_cost():
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    phase = random.uniform(0, 6, (128, 1, 1))
    states = np.sin(phase + 0.2 * np.arange(20)[:, None] + np.arange(3)).astype("float32")
    observations = np.where(np.arange(20)[:, None] % 4 == 0, states, np.nan).astype("float32")
    model = fourdvarnet(prior_weight=0.25)
    model.compile(keras.optimizers.Adam(5e-3), WindowLoss(), metrics=[window_mse])
    before = model.evaluate(observations, states, verbose=0, return_dict=True)["window_mse"]
    model.fit(observations, states, epochs=15, batch_size=16, verbose=0)
    after = model.evaluate(observations, states, verbose=0, return_dict=True)["window_mse"]
    assert after < 0.3 * before
    assert float(model.cost.log_prior) != 0


def test_predict_returns_states_with_their_deviation_on_the_same_coordinates():
    ds = dataset(observed())
    model = moved(direct_network(), observed())
    found = model.predict(ds)
    assert found.state.dims == found.standard_deviation.dims == ("sample", "time", "component")
    xr.testing.assert_equal(found.time, ds.time)
    assert found.attrs == {"title": "twin"}
    assert found.state.attrs["units"] == "1"
    assert (found.standard_deviation > 0).all()
    one = model.predict(ds.isel(sample=0))
    np.testing.assert_allclose(one.state, found.state[0], atol=1e-5)


@pytest.mark.parametrize("length", [5, 37])
def test_windows_of_any_length_work(length):
    found = fourdvarnet().predict(dataset(observed(length=length)))
    assert found.sizes["time"] == length
    assert np.isfinite(found.state).all()


def test_a_window_without_observations_is_told_and_gets_a_finite_state():
    observations = observed()
    observations[1] = np.nan
    with pytest.warns(UserWarning, match="1 of 2 windows have no observation at all"):
        found = direct_network().predict(dataset(observations))
    assert np.isfinite(found.state).all()


def infinite():
    observations = observed()
    observations[0, 0, 0] = np.inf
    return dataset(observations)


@pytest.mark.parametrize(
    ("ds", "message"),
    [
        (lambda: xr.Dataset({"state": ("time", [1.0])}), "Expected a variable 'observations'"),
        (lambda: dataset(observed(components=4)), "Expected observations of 3 components; found 4"),
        (lambda: dataset(observed(), dt=0.05), "Expected times 0.01 time units apart; found steps from 0.05 to 0.05"),
        (lambda: dataset(observed()).rename(time="hour"), r"Expected observations with dimensions \(time, component\)"),
        (infinite, "found infinity"),
        (
            lambda: dataset(observed()).assign_coords(time=np.arange(20).astype("datetime64[ns]")),
            "of numbers.*found datetime64",
        ),
    ],
)
def test_what_is_wrong_with_a_dataset_is_told(ds, message):
    with pytest.raises(InputError, match=message):
        direct_network().predict(ds())


def test_a_window_shorter_than_the_prior_looks_back_is_told():
    guess = DirectNetwork(components=6, dt=0.05, patch=4, channels=8, dilations=(1,), reach=1)
    model = FourDVarNet(guess, DynamicsPrior(ODEIntegrator(Lorenz96(), 0.05, 4), lag=4), iterations=2, hidden=4)
    with pytest.raises(InputError, match="at least 5 times; found 4"):
        model.predict(dataset(observed(6, length=4), dt=0.05))
