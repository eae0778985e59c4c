"""Networks that correct a linear estimate of fields with gaps."""

import warnings

import numpy as np
import pytest
from gappy_waves import series

from geodl.layers import LinearAnalysis
from geodl.layers.covariance_likelihood import fit_likelihood
from geodl.models import FieldFourDVarNet, FieldUNet
from layer_check import check_layer, check_saving


def unet(**settings):
    return FieldUNet(**{"days": 5, "filters": (8, 16), "blocks": (1, 1), **settings})


def fourdvarnet(**settings):
    return FieldFourDVarNet(2, 8, 4, **{"days": 5, "filters": (8, 16), "blocks": (1, 1), **settings})


def features(shape=(2, 5, 5, 12, 16)):
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    x[:, :, 1] = 0.5
    x[:, :, 2] = np.where(x[:, :, 3] > 0, x[:, :, 2], np.nan)
    x[:, :, 4] = 1.0
    x[:, :, 4, :, :3] = 0.0
    return x


@pytest.mark.parametrize("make", [unet, fourdvarnet])
def test_networks_keep_the_contracts_of_a_layer(make, tmp_path):
    model = make()
    model(features())
    random = np.random.default_rng(1)
    for weight in model.trainable_weights:  # at the start much of them is 0
        weight.assign(weight + 0.02 * random.standard_normal(weight.shape))
    check_layer(model, features(), tolerance=2e-4, unknown_sizes=False)
    check_saving(model, features(), tmp_path, tolerance=2e-4)


@pytest.mark.parametrize("make", [unet, fourdvarnet])
def test_an_untrained_network_gives_the_linear_estimate(make):
    ds, _ = series(days=12)
    model = make()
    model.build((None, 5, 5, None, None))
    analysis = LinearAnalysis(grid=ds.adt.shape[1:])
    analysis.adapt_with_gaps(ds.adt.values, fit_likelihood)
    np.testing.assert_allclose(model.predict(ds).adt, analysis.of_series(ds.adt.values)[0], atol=1e-4)


@pytest.mark.parametrize("days", [1, 3, 5, 13])
def test_any_number_of_days_and_days_without_observations(days):
    ds, _ = series(days=days)
    if days > 1:
        ds.adt[0] = np.nan
    model = unet()
    model.build((None, 5, 5, None, None))
    found = model.predict(ds)
    assert found.adt.shape == ds.adt.shape and np.isfinite(found.adt).all()
    assert (found.adt_standard_deviation > 0).all()


def test_a_large_grid_has_no_seams():
    ds, _ = series(days=5, shape=(20, 40))
    model = unet()
    model(features())
    for weight in model.trainable_weights:
        weight.assign(weight + 0.02 * np.random.default_rng(1).standard_normal(weight.shape))
    whole = model.predict(ds).adt
    model.tile, model.margin = 16, 24
    np.testing.assert_allclose(model.predict(ds).adt, whole, atol=1e-4)


def test_a_handful_of_observations_is_enough():
    ds, _ = series(days=1)
    ds["adt"] = ds.adt.where(np.cumsum(ds.adt.notnull().values.ravel()).reshape(ds.adt.shape) <= 4)
    model = unet()
    model.build((None, 5, 5, None, None))
    found = model.predict(ds)
    assert np.isfinite(found.adt).all() and np.isfinite(found.adt_standard_deviation).all()


@pytest.mark.parametrize(
    "make, settings",
    [(unet, {"modes": 2, "lags": 5}), (fourdvarnet, {"scales": [(0.5, 5.0, 4.0, 4.0), (0.5, 20.0, 6.0, 6.0)]})],
)
def test_what_was_learned_is_used_on_its_own_grid_alone(make, settings):
    ds, truth = series(days=40, share=0.4)
    model = make(grid=(12, 16), **settings)
    model.build((None, 5, 5, None, None))
    model.adapt(truth[:30].astype("float32"), (ds.lat.values, ds.lon.values), noise=1e-4)
    test = ds.isel(time=slice(30, 40))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        at_home = model.predict(test).adt.values
        elsewhere = model.predict(test.assign_coords(lat=test.lat + 1)).adt.values
        # The same grid, from south to north, and with longitudes from -180.
        turned = model.predict(test.sortby("lat").assign_coords(lon=test.lon - 360))
    gaps = np.isnan(test.adt.values)
    errors = [np.std((found - truth[30:])[gaps]) for found in (at_home, elsewhere)]
    assert errors[0] < errors[1]
    np.testing.assert_allclose(turned.adt.values[:, ::-1], at_home, atol=1e-6)
    assert turned.lat[0] < turned.lat[-1] and turned.lon[0] < 0


def test_longitudes_may_be_in_any_order_and_other_variables_are_not_taken_for_what_was_learned():
    ds, truth = series(days=40, share=0.4)
    ds = ds.assign_coords(lon=-0.8 + 0.1 * np.arange(16))  # across Greenwich
    model = unet(modes=2, lags=5, grid=(12, 16), variable="adt")
    model.build((None, 5, 5, None, None))
    model.adapt(truth[:30].astype("float32"), (ds.lat.values, ds.lon.values), noise=1e-4)
    test = ds.isel(time=slice(30, 40))
    expected = model.predict(test)
    turned = model.predict(test.assign_coords(lon=test.lon % 360).sortby("lon"))
    turned = turned.assign_coords(lon=(turned.lon + 180) % 360 - 180).sortby("lon")
    np.testing.assert_allclose(turned.adt.values, expected.adt.values, atol=1e-6)
    warmer = model.predict((100 + test).rename(adt="sst"))
    assert np.nanstd((warmer.sst - 100 - truth[30:]).values) < 1  # and not a hundred


@pytest.mark.parametrize(
    "name, units, other, size",
    [
        ("adt", "m", "cm", 100),
        ("adt", "m", "millimetres", 1000),
        ("SPM", "g m-3", "mg m^{-3}", 1000),
        ("SPM", "g m-3", "mg/l", 1),
    ],
)
def test_what_was_learned_in_one_unit_is_given_in_that_of_the_input(name, units, other, size):
    ds, truth = series(name, units, days=40, share=0.4)
    logarithmic = name == "SPM"
    model = unet(modes=2, lags=5, grid=(12, 16), variable=name, units=units, logarithmic=logarithmic)
    model.build((None, 5, 5, None, None))
    learned = (np.log10(truth) if logarithmic else truth)[:30].astype("float32")
    model.adapt(learned, (ds.lat.values, ds.lon.values), noise=1e-4)
    test = ds.isel(time=slice(30, 40))
    expected = model.predict(test)
    found = model.predict(test.assign({name: (size * test[name]).assign_attrs(units=other)}))
    assert found[name].attrs["units"] == other
    np.testing.assert_allclose(found[name], size * expected[name], rtol=1e-4)
    deviations = (each[f"{name}_standard_deviation"] for each in (found, expected))
    np.testing.assert_allclose(next(deviations), (1 if logarithmic else size) * next(deviations), rtol=1e-3)
