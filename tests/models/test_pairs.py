"""What networks read and have to find, in the datasets that `predict` reads."""

import numpy as np
import pytest
import xarray as xr

from geodl.dynamics import Burgers
from geodl.errors import InputError
from geodl.models import (
    BurgersClosure,
    CloudCNN,
    DirectNetwork,
    FieldUNet,
    LSTMForecaster,
    SubgridCNN,
    WindAttention,
    WindConvLSTM,
    burgers_states,
)
from geodl.models.station_features import hours_ahead

DAYS = 9
HOUR = np.timedelta64(1, "h")


def fields(days=20, shape=(8, 12), units="m"):
    """A wave that travels, half of it seen, and land."""
    time, y, x = np.ogrid[:days, : shape[0], : shape[1]]
    truth = (2.0 + np.sin(x / 3 - time / 4) * np.cos(y / 4)).astype("float32")
    sea = np.ones(shape, "int8")
    sea[0] = 0
    seen = np.random.default_rng(0).random(truth.shape) < 0.5
    dims = ("time", "lat", "lon")
    return xr.Dataset(
        {
            "adt": (dims, np.where(seen & (sea == 1), truth, np.nan), {"units": units}),
            "truth": (dims, np.where(sea, truth, np.nan), {"units": units}),
            "mask": (dims[1:], sea),
        },
        {
            "time": np.datetime64("2020-01-01", "ns") + np.arange(days) * np.timedelta64(1, "D"),
            "lat": 40.0 - np.arange(shape[0]),
            "lon": 1.0 * np.arange(shape[1]),
        },
    )


@pytest.fixture
def unet():
    """Has learned the grid of `fields`."""
    model, ds = FieldUNet(days=DAYS, filters=(8,), blocks=(1,), grid=(8, 12), variable="adt"), fields()
    model.build((None, DAYS, 5, None, None))
    model.adapt(ds.truth.values, (ds.lat.values, ds.lon.values), 0.01)
    return model


def test_a_field_is_found_from_what_is_observed_of_it(unet):
    ds = fields()
    inputs, targets = unet.pairs(ds)
    starts = [0, 3, 6, 9, 11]
    np.testing.assert_array_equal(targets, np.stack([ds.truth.values[start : start + DAYS] for start in starts]))
    np.testing.assert_array_equal(inputs[:, :, 2], np.stack([ds.adt.values[start : start + DAYS] for start in starts]))


def test_large_fields_are_cut_into_patches_that_have_something_to_find(unet):
    ds = fields()
    ds["truth"] = ds.truth.where(ds.lon >= 4)
    inputs, targets = unet.pairs(ds, patch=4)
    assert inputs.shape == (5 * 4, DAYS, 5, 4, 4) and targets.shape == (5 * 4, DAYS, 4, 4)
    np.testing.assert_array_equal(targets[1], ds.truth.values[:DAYS, :4, 8:])


def test_patches_reach_all_edges(unet):
    _, targets = unet.pairs(fields(days=DAYS), patch=6)
    assert targets.shape == (2 * 2, DAYS, 6, 6)
    np.testing.assert_array_equal(targets[-1], fields(days=DAYS).truth.values[:, -6:, -6:])


@pytest.mark.parametrize(
    ("truth", "patch", "message"),
    [(0.0, 0, "a patch of one pixel or more; found 0"), (np.nan, None, "some values of adt where `truth` is known|some valid")],
)
def test_fields_without_anything_to_find_are_told(unet, truth, patch, message):
    ds = fields()
    with pytest.raises(InputError, match=message):
        unet.pairs(ds.assign(truth=ds.truth + truth), patch=patch)


def test_rows_and_columns_are_in_the_order_that_was_learned(unet):
    ds = fields()
    for found, expected in zip(unet.pairs(ds.isel(lat=slice(None, None, -1))), unet.pairs(ds), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_of_a_concentration_logarithms_are_learned(unet):
    ds = fields()
    _, targets = unet.pairs((10 ** ds[["adt", "truth"]]).assign(mask=ds.mask), variable="adt")
    np.testing.assert_allclose(targets[0], 10 ** ds.truth.values[:DAYS], rtol=1e-5)
    concentration = {name: (10 ** ds[name]).assign_attrs(units="g m-3") for name in ("adt", "truth")}
    model = FieldUNet(days=DAYS, filters=(8,), blocks=(1,))
    model.build((None, DAYS, 5, None, None))
    _, targets = model.pairs(ds.assign(concentration))
    sea = np.isfinite(targets[0])
    assert np.corrcoef(targets[0][sea], ds.truth.values[:DAYS][sea])[0, 1] > 0.9999


def test_without_truth_some_observations_are_withheld_and_to_be_found(unet):
    ds = fields().drop_vars("truth")
    inputs, targets = unet.pairs(ds)
    observed, given, wanted = np.isfinite(ds.adt.values[:DAYS]), np.isfinite(inputs[0, :, 2]), np.isfinite(targets[0])
    assert not (given & wanted).any() and ((given | wanted) == observed).all() and wanted.any()
    assert not np.array_equal(np.isfinite(unet.pairs(ds, seed=1)[1]), np.isfinite(targets))


def test_data_of_another_grid_have_the_variance_of_what_was_learned(unet):
    ds = fields(shape=(10, 10))
    ds["adt"], ds["truth"] = 100 * ds.adt, 100 * ds.truth
    inputs, targets = unet.pairs(ds)
    assert inputs.shape[-2:] == (10, 10) and 0.3 < np.nanstd(targets) / float(unet.scale.numpy()) < 3
    seen = np.isfinite(inputs[:, :, 2])
    np.testing.assert_allclose(inputs[:, :, 2][seen], targets[seen], atol=1e-3)


def test_a_field_series_shorter_than_a_window_is_told(unet):
    with pytest.raises(InputError, match="Expected a series of 9 days or more to learn from; found 5"):
        unet.pairs(fields(days=5))


def stations(hours=40):
    random = np.random.default_rng(0)
    wind = {name: (("time", "station"), random.normal(0, 3, (hours, 2)), {"units": "m s-1"}) for name in "uv"}
    return xr.Dataset(wind, {"time": np.datetime64("2020-01-01", "ns") + HOUR * np.arange(hours), "station": ["a", "b"]})


def test_winds_of_the_next_hours_are_to_be_found_but_those_counted_elsewhere():
    ds, model = stations(), WindAttention(members=1, width=8, blocks=1)
    ds["distinct"] = (("time", "station"), np.arange(80).reshape(40, 2) % 7 != 3)
    features, winds = model.pairs(ds)
    assert features.shape == (34, 2, 170)
    counted = ds.distinct.values
    expected = hours_ahead(np.where(counted, ds.u.values, np.nan), np.arange(34))
    np.testing.assert_allclose(winds[..., 0], expected, rtol=1e-6)
    np.testing.assert_array_equal(winds[..., 3], hours_ahead(counted, np.arange(34)))
    speed = np.hypot(winds[..., 0], winds[..., 1])
    np.testing.assert_allclose(winds[..., 2], speed, rtol=1e-5)


def test_a_wind_series_without_future_is_told():
    with pytest.raises(InputError, match="Expected more than 6 times to learn from; found 6"):
        WindAttention(members=1, width=8, blocks=1).pairs(stations(hours=6))


def test_what_predict_refuses_is_not_learned_from():
    model, ds = WindAttention(members=1, width=8, blocks=1), stations()
    with pytest.raises(InputError, match="Expected no weather model"):
        model.pairs(ds, weather=xr.Dataset())
    with pytest.raises(InputError, match="a coordinate `time` of dates"):
        model.pairs(ds.assign_coords(time=np.arange(40.0)))
    fields = wind_fields()
    with pytest.raises(InputError, match="Expected dates in a coordinate `time`"):
        WindConvLSTM(filters=2).pairs(fields.assign_coords(time=np.arange(14)))
    with pytest.raises(InputError, match="Expected the dimensions of u10 for v10"):
        WindConvLSTM(filters=2).pairs(fields.assign(v10=fields.v10.expand_dims(sample=2)))


def wind_fields(hours=14):
    random = np.random.default_rng(0)
    dims = ("time", "lat", "lon")
    return xr.Dataset(
        {name: (dims, random.normal(0, 3, (hours, 4, 5)).astype("float32")) for name in ("u10", "v10")},
        {
            "time": np.datetime64("2020-01-01", "ns") + HOUR * np.arange(hours),
            "lat": 48 - 0.1 * np.arange(4),
            "lon": 0.1 * np.arange(5),
        },
    )


def test_six_hours_of_wind_are_to_be_found_from_six():
    ds, model = wind_fields(), WindConvLSTM(filters=2)
    samples, winds = model.pairs(ds)
    assert samples.shape == (3, 16, 4, 5)
    np.testing.assert_array_equal(samples[1], model.encode(ds.isel(time=slice(1, 7)))[0])
    np.testing.assert_array_equal(winds[1, ..., 0], ds.u10.values[7:13])
    for found, expected in zip(model.pairs(ds.isel(lat=slice(None, None, -1))), (samples, winds), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_samples_of_wind_are_windows_and_futures_with_gaps_are_left_out():
    ds, model = wind_fields(), WindConvLSTM(filters=2)
    samples = xr.concat([ds.isel(time=slice(12)), ds.isel(time=slice(12)) + 1], "sample")
    samples["u10"][0, 9, 0, 0] = np.nan
    assert len(model.pairs(samples)[0]) == 1
    for broken in (samples.isel(sample=[0]), ds.isel(time=[*range(7), *range(8, 14)])):
        with pytest.raises(InputError, match="Expected 12 hourly fields in a row, the last 6 without gaps; found none"):
            model.pairs(broken)


def trajectories(dt=0.005, points=16):
    time, x = np.ogrid[0:41, 0:points]
    u = np.stack([np.sin(2 * np.pi * x / points + phase) * np.exp(-time / 50) for phase in (0, 1)]).astype("float32")
    return xr.Dataset(
        {"u": (("sample", "time", "x"), u), "tendency": (("sample", "time", "x"), 2 * u), "viscosity": 0.01, "forcing": 0.0},
        {"time": dt * np.arange(41)},
    )


def test_a_closure_finds_what_the_solver_lacks_of_the_tendency():
    ds, model = trajectories(), BurgersClosure(Burgers(), None, points=16)
    states, missing = model.pairs(ds)
    wide = ds.assign(viscosity=("sample", [0.01, 0.01]), forcing=(("sample", "x"), np.zeros((2, 16))))
    np.testing.assert_allclose(states, burgers_states(wide).reshape(-1, 3, 16), rtol=1e-6)
    np.testing.assert_allclose(missing, 2 * states[:, 0] - np.array(model.dynamics(states))[:, 0], rtol=1e-5)


def test_a_solver_finds_the_states_that_follow_a_time_step_apart():
    ds, model = trajectories(), BurgersClosure(Burgers(), None, points=16, dt=0.02)
    states, later = model.pairs(ds, horizon=3)
    assert states.shape == (2 * 8, 3, 16) and later.shape == (2 * 8, 3, 16)
    np.testing.assert_array_equal(states[1, 0], ds.u.values[0, 4])
    np.testing.assert_array_equal(later[1], ds.u.values[0, [8, 12, 16]])


@pytest.mark.parametrize(
    ("spoil", "horizon", "message"),
    [
        (lambda ds: ds.drop_vars("tendency"), None, "Expected a variable 'tendency'"),
        (lambda ds: ds.isel(time=0), None, "Expected trajectories, with a dimension `time`"),
        (lambda ds: ds.where(ds.time > 0), None, "Expected finite values of u; 32 are not"),
        (lambda ds: ds.drop_vars("time"), 2, "Expected a coordinate `time`"),
        (lambda ds: ds, 11, "Expected trajectories of more than 44 times; found 41"),
        (lambda ds: ds.assign_coords(time=1.4 * ds.time), 2, "a time step of 0.02 is a multiple; it is 2.86 of them"),
    ],
)
def test_trajectories_that_teach_nothing_are_told(spoil, horizon, message):
    with pytest.raises(InputError, match=message):
        BurgersClosure(Burgers(), None, points=16, dt=0.02).pairs(spoil(trajectories()), horizon=horizon)


def test_the_subgrid_flux_is_to_be_found():
    random = np.random.default_rng(0)
    names = ("u", "v", "w", "scalar", "subgrid_flux_divergence")
    ds = xr.Dataset({name: (("sample", "x", "y", "z"), random.normal(size=(2, 8, 8, 8))) for name in names})
    state, flux = SubgridCNN(filters=(2,)).pairs(ds)
    np.testing.assert_allclose(state[:, 3], ds.scalar, rtol=1e-6)
    np.testing.assert_allclose(flux, ds.subgrid_flux_divergence, rtol=1e-6)
    one = SubgridCNN(filters=(2,)).pairs(ds.isel(sample=0))
    assert one[0].shape == (1, 4, 8, 8, 8) and one[1].shape == (1, 8, 8, 8)


def states(times=20):
    values = np.arange(2.0 * times * 3).reshape(2, times, 3)
    return xr.Dataset({"state": (("sample", "time", "component"), values)}, {"time": 0.01 * np.arange(times)})


def test_states_are_found_from_the_eight_before_where_none_is_missing():
    model, ds = LSTMForecaster(components=3, dt=0.01, units=4, horizon=2), states()
    past, following = model.pairs(ds)
    assert past.shape == (22, 8, 3) and following.shape == (22, 2, 3)
    np.testing.assert_array_equal(following[3], ds.state.values[0, 11:13])
    ds["state"][0, 5] = np.nan
    assert len(model.pairs(ds)[0]) == 22 - 6
    with pytest.raises(InputError, match="Expected 10 times or more to learn from; found 9"):
        model.pairs(states(times=9))


def test_the_states_of_a_window_are_found_from_its_observations():
    ds = states()
    ds["observations"] = ds.state.where(ds.time < 0.1)
    model = DirectNetwork(components=3, dt=0.01, patch=4, channels=4, dilations=(1,))
    observations, state = model.pairs(ds)
    np.testing.assert_array_equal(observations, ds.observations)
    np.testing.assert_array_equal(state, ds.state)
    with pytest.raises(InputError, match="Expected a variable 'state'"):
        model.pairs(ds.drop_vars("state"))


def test_frames_of_clouds_are_found_from_the_six_before_with_few_missing():
    codes = np.random.default_rng(0).integers(1, 16, (12, 4, 5)).astype("uint8")
    times = np.datetime64("2020-05-01", "ns") + np.timedelta64(15, "m") * np.arange(12)
    ds, model = xr.Dataset({"CT": (("time", "y", "x"), codes)}, {"time": times}), CloudCNN()
    past, future = model.pairs(ds.isel(time=[*range(8), *range(9, 12)]))
    whole = np.where(np.arange(12)[:, None, None] == 8, 0, codes)
    assert len(past) == 7  # from the fourth frame to the last but one, but not from the one that is missing
    found = {(x.tobytes(), y.tobytes()) for x, y in zip(past, future, strict=True)}
    for last in range(5, 8):
        assert (whole[last - 5 : last + 1].tobytes(), whole[last + 1 : last + 5].tobytes()) in found
    with pytest.raises(InputError, match="Expected 10 frames in a row, 15 minutes apart, to learn from; found none"):
        model.pairs(ds.isel(time=slice(4)).assign(CT=lambda ds: ds.CT * (ds.time < times[3])))
