import numpy as np
import pytest
import xarray as xr
from gappy_waves import series

from geodl.baselines import Dineof, FieldClimatology, MultiscaleInterpolation, OptimalInterpolation
from geodl.cloud_masks import simulated_cloud_masks
from geodl.errors import InputError
from geodl.models import FieldInterpolator, FieldUNet


class Fill(FieldInterpolator):
    """Gaps become 0, with standard deviation 1."""

    def analyse(self, field):
        self.field = field
        return np.nan_to_num(field.values), np.ones(field.values.shape)


def test_result_is_on_the_coordinates_of_the_input_with_its_units():
    ds, _ = series()
    found = Fill().predict(ds)
    xr.testing.assert_equal(found.adt.coords.to_dataset(), ds.adt.coords.to_dataset())
    assert found.adt.dims == ds.adt.dims and found.adt.attrs["units"] == "m"
    assert found.adt_standard_deviation.attrs["units"] == "m" and found.attrs["title"] == "waves"
    assert np.isfinite(found.adt).all()


def test_concentrations_are_interpolated_as_logarithms():
    ds, _ = series("SPM", "g m-3")
    model = Fill()
    found = model.predict(ds)
    np.testing.assert_allclose(model.field.values, np.log10(ds.SPM.values), rtol=1e-6)
    gaps = np.isnan(ds.SPM.values)
    np.testing.assert_allclose(found.SPM.values[gaps], 1.0)  # 10 to the power 0
    assert found.SPM_standard_deviation.attrs["units"] == "1"


def test_a_concentration_without_units_is_known_by_its_name_unless_it_has_negative_values():
    ds, _ = series("SPM", units="")
    model = Fill()
    model.predict(ds.assign(SPM=ds.SPM.drop_attrs()))
    assert model.field.logarithmic
    model.predict(np.log10(ds / 2))
    assert not model.field.logarithmic


def test_values_that_no_concentration_has_are_masked_and_counted():
    ds, _ = series("SPM", "mg m-3")
    ds.SPM[0, 0, :2] = [0.0, -1.0]
    with pytest.warns(UserWarning, match="^2 values of SPM are zero or negative"):
        found = Fill().predict(ds)
    assert np.isfinite(found.SPM).all()


def test_days_without_a_field_are_passed_over_and_unsorted_times_come_back_in_their_order():
    ds, _ = series(days=8)
    some = ds.isel(time=[6, 0, 3])
    model = Fill()
    found = model.predict(some)
    assert model.field.values.shape[0] == 7
    np.testing.assert_array_equal(found.time, some.time)
    np.testing.assert_allclose(found.adt.values, np.nan_to_num(some.adt.values), rtol=1e-6)


@pytest.mark.parametrize("drop", [True, False])
def test_a_single_field_needs_no_time_and_keeps_the_one_it_has(drop):
    ds, _ = series(days=1)
    field = ds.isel(time=0, drop=drop)
    found = Fill().predict(field)
    assert found.adt.dims == ("lat", "lon")
    xr.testing.assert_equal(found.adt.coords.to_dataset(), field.adt.coords.to_dataset())


def test_land_is_nan_where_a_mask_tells_it_or_a_long_series_shows_it():
    ds, _ = series()
    ds["mask"] = (("lat", "lon"), np.ones((12, 16), "int8"))
    ds.mask[:, :4] = 0
    for mask in (ds.mask, ds.mask.expand_dims(time=ds.time).transpose("lon", "time", "lat")):
        found = Fill().predict(ds.assign(mask=mask)).adt.values
        assert np.isnan(found[:, :, :4]).all() and np.isfinite(found[:, :, 4:]).all()
    long, _ = series(days=70)
    long["adt"] = long.adt.where(long.lon > 350.25)
    found = Fill().predict(long).adt.values
    assert np.isnan(found[:, :, :3]).all() and np.isfinite(found[:, :, 3:]).all()
    assert np.isfinite(Fill().predict(long.isel(time=slice(20))).adt).all()


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda ds: ds.assign(adt=ds.adt * np.nan), "some valid values of adt"),
        (lambda ds: ds.assign(mask=(("lat", "lon"), np.zeros((12, 16)))), "some valid values of adt on sea"),
        (lambda ds: ds.assign(adt=ds.adt.fillna(9.97e36)), r"as NaN; found 9.97e\+36: mask them"),
        (lambda ds: ds.assign(adt=ds.adt * 0 + 1), "that differ; all are 1"),
        (lambda ds: ds.rename(adt="eta").assign(zeta=ds.adt), r"or its name; found \['eta', 'zeta'\]"),
        (lambda ds: ds.rename(lat="row"), "one variable with dimensions"),
        (lambda ds: ds.drop_vars("time"), "a coordinate `time`"),
        (lambda ds: ds.assign_coords(time=np.arange(6.0)), "Expected dates"),
        (lambda ds: ds.assign_coords(time=ds.time[[0, 0, 1, 2, 3, 4]].values), "times are repeated"),
        (lambda ds: ds.assign_coords(time=ds.time[0].values + np.arange(6) * np.timedelta64(6, "h")), "one field a day"),
    ],
)
def test_bad_input_is_told(spoil, message):
    with pytest.raises(InputError, match=message):
        Fill().predict(spoil(series()[0]))


def test_an_unknown_variable_is_told():
    with pytest.raises(InputError, match=r"Expected a variable 'sst'; the dataset has \['adt'\]"):
        Fill().predict(series()[0], variable="sst")


@pytest.mark.parametrize(
    "model, share",
    [(FieldClimatology(), 1.05), (FieldClimatology(interpolate=True), 0.7), (Dineof(), 0.3), (OptimalInterpolation(), 0.15)],
)
def test_each_classical_method_knows_more_than_the_one_before(model, share):
    ds, truth = series(days=30, share=0.3)
    found = model.predict(ds).adt.values
    gaps = np.isnan(ds.adt.values)
    assert np.std((found - truth)[gaps]) < share * np.std(truth)


def test_several_scales_know_what_one_forgets():
    """A fast wave, and a pattern that stays; nothing is seen after ten days."""
    ds, fast = series(days=60, share=0.3)
    y, x = np.ogrid[:12, :16]
    slow = 3 * np.cos(y / 2) * np.cos(x / 2) * np.cos(np.arange(60)[:, None, None] / 20)
    ds["adt"] = (ds.adt + slow).where(np.arange(60)[:, None, None] < 50)
    learned = ds.isel(time=slice(40)).assign(truth=ds.adt.copy(data=fast + slow).isel(time=slice(40)))
    one = MultiscaleInterpolation([(2.0, 4.0, 4.0, 4.0)]).estimate(learned, noise=0.05)
    two = MultiscaleInterpolation([(1.0, 4.0, 4.0, 4.0), (2.0, 30.0, 3.0, 3.0)]).estimate(learned, noise=0.05)
    errors = [
        np.std((model.predict(ds.isel(time=slice(40, 60))).adt.values - fast[40:] - slow[40:])[15:]) for model in (two, one)
    ]
    assert errors[0] < 0.7 * errors[1]


def test_a_single_field_is_interpolated_in_space():
    ds, truth = series(days=1, shape=(30, 40), share=0.3)
    gaps = np.isnan(ds.adt.values)
    for model in (OptimalInterpolation(), FieldUNet(days=5, filters=(8, 16), blocks=(1, 1))):
        if not model.built:
            model.build((None, 5, 5, None, None))
        found = model.predict(ds.isel(time=0, drop=True)).adt.values
        assert np.std((found - truth[0])[gaps[0]]) < 0.3 * np.std(truth)


def test_intervals_of_optimal_interpolation_hold_the_truth_as_often_as_they_say():
    ds, truth = series(days=20, shape=(30, 40), share=0.0)
    random = np.random.default_rng(0)
    cloudy = simulated_cloud_masks(20, 30, 40, coverage=0.6)
    ds["adt"] = (ds.adt.dims, np.where(cloudy, np.nan, truth + 0.1 * random.standard_normal(truth.shape)))
    found = OptimalInterpolation().predict(ds)
    error, spread = np.abs(found.adt.values - truth)[cloudy], found.adt_standard_deviation.values[cloudy]
    assert 0.8 < np.mean(error < 1.645 * spread) <= 0.99


def test_descending_latitudes_and_other_names_of_dimensions_change_nothing():
    ds, _ = series(days=20)
    turned = (
        ds.isel(lat=slice(None, None, -1)).rename(lat="latitude", lon="longitude").transpose("longitude", "time", "latitude")
    )
    model = OptimalInterpolation()
    expected, found = model.predict(ds).adt, model.predict(turned).adt
    assert found.dims == ("longitude", "time", "latitude")
    np.testing.assert_allclose(found.transpose("time", "latitude", "longitude").values[:, ::-1], expected.values, atol=2e-3)


@pytest.mark.parametrize(
    "model", [FieldClimatology(), OptimalInterpolation(), MultiscaleInterpolation([(1.0, 4.0, 3.0, 5.0)])], ids=lambda m: m.name
)
def test_what_was_learned_on_another_grid_is_told(model):
    ds, truth = series(days=8)
    model.estimate(ds.assign(truth=ds.adt.copy(data=truth)).isel(lat=slice(10)))
    with pytest.raises(InputError, match="adt on 10 rows and 16 columns, as what was learned; found 12 and 16"):
        model.predict(ds)
    north = ds.isel(lat=slice(10))
    model.predict(north)
    for turned in (north.isel(lat=slice(None, None, -1)), north.assign_coords(lon=north.lon + 1)):
        with pytest.raises(InputError, match="on the rows and columns that were learned, in their order"):
            model.predict(turned)
    with pytest.raises(InputError, match="Expected adt in m, as what was learned; found cm: convert it"):
        model.predict(north.assign(adt=(100 * north.adt).assign_attrs(units="cm")))


@pytest.mark.parametrize(
    "model", [FieldClimatology(), OptimalInterpolation(), MultiscaleInterpolation([(1.0, 4.0, 3.0, 5.0)])], ids=lambda m: m.name
)
def test_baselines_learn_from_the_datasets_that_they_predict(model):
    """A concentration, whose logarithm has the mean 0."""
    ds, truth = series(days=30, share=0.3)
    spm = (10**ds.adt).assign_attrs(units="g m-3")
    learned = xr.Dataset({"SPM": spm, "truth": spm.copy(data=10**truth), "mask": (("lat", "lon"), np.ones(truth.shape[1:]))})
    error = np.log10(model.estimate(learned).predict(learned[["SPM"]]).SPM) - truth
    share = 1.01 if isinstance(model, FieldClimatology) else 0.2
    assert float(error.std()) < share * np.std(truth) and float(abs(error).max()) < 3


def test_noise_is_what_observations_differ_from_the_truth_by_or_is_told():
    ds, truth = series(days=30, share=0.3)
    learned = ds.assign(truth=ds.adt.copy(data=truth))
    learned["adt"] = ds.adt + 0.1 * np.random.default_rng(0).standard_normal(truth.shape)
    _, values, noise = FieldClimatology().series(learned)
    np.testing.assert_allclose(values, truth, atol=1e-6)
    assert noise == pytest.approx(0.01, rel=0.1)
    in_cm = learned.assign(truth=(100 * learned.truth).assign_attrs(units="cm"))
    np.testing.assert_allclose(FieldClimatology().series(in_cm)[1], truth, atol=1e-5)
    with pytest.raises(InputError, match="Expected `truth` in m, as adt; found K"):
        FieldClimatology().series(learned.assign(truth=learned.truth.assign_attrs(units="K")))
    with pytest.raises(InputError, match="some values of adt where `truth` is known"):
        FieldClimatology().series(learned.assign(truth=learned.truth.where(ds.adt.isnull())))
    assert FieldClimatology().series(ds)[2] is None
    with pytest.raises(InputError, match="Expected a variable `truth` beside the observations, or .* `noise`"):
        MultiscaleInterpolation([(1.0, 4.0, 3.0, 5.0)]).estimate(ds)
