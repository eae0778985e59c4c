import numpy as np
import pytest
import xarray as xr

from geodl.baselines import CloudPersistence
from geodl.errors import InputError
from geodl.models.cloud_nowcaster import CloudNowcaster


@pytest.fixture(scope="module")
def nowcaster():
    return CloudPersistence()


def test_forecast_carries_future_times_coordinates_and_flags(nowcaster, cloud_file_content):
    forecast = nowcaster.predict(cloud_file_content)
    minutes = (forecast.time.values - cloud_file_content.time.values[-1]) / np.timedelta64(1, "m")
    np.testing.assert_array_equal(minutes, [15, 30, 45, 60])
    xr.testing.assert_identical(forecast.lat.variable, cloud_file_content.lat.variable)
    assert forecast.CT.dtype == np.uint8 and forecast.CT.dims == ("time", "lat", "lon")
    assert list(forecast.CT.flag_values) == list(range(16))
    assert len(forecast.CT.flag_meanings.split()) == 16
    assert forecast.cloud_probability.units == "1"
    assert forecast.attrs["institution"] == "synthetic"
    assert forecast.forecast_reference_time.values == cloud_file_content.time.values[-1]
    np.testing.assert_array_equal(forecast.CT[3], cloud_file_content.CT[-1])


def test_leading_sample_dimension_is_a_batch(nowcaster, cloud_file_content):
    single = nowcaster.predict(cloud_file_content)
    both = nowcaster.predict(xr.concat([cloud_file_content, cloud_file_content], "sample"))
    assert both.CT.dims == ("sample", "time", "lat", "lon")
    np.testing.assert_array_equal(both.CT[1], single.CT)


def test_order_of_dimensions_and_times_does_not_matter(nowcaster, cloud_file_content):
    shuffled = cloud_file_content.isel(time=[3, 0, 5, 1, 2, 4]).transpose("lon", "time", "lat")
    np.testing.assert_array_equal(nowcaster.predict(shuffled).CT, nowcaster.predict(cloud_file_content).CT)


def test_frames_are_found_by_time_not_by_index(cloud_file_content):
    samples = CloudNowcaster().encode(cloud_file_content.isel(time=[0, 1, 3, 4, 5]))
    assert not samples[0, 2].any()
    np.testing.assert_array_equal(samples[0, 3], cloud_file_content.CT[3])


def test_no_data_stays_no_data(nowcaster, cloud_file_content):
    ds = cloud_file_content.copy(deep=True)
    ds["CT"] = ds.CT.where(ds.lon > -2.9)  # float with NaN, as a decoded _FillValue
    forecast = nowcaster.predict(ds)
    assert (forecast.CT[:, :, 0] == 0).all() and forecast.cloud_probability[:, :, 0].isnull().all()


def _without(ds, name):
    return ds.drop_vars(name)


BAD = {
    "no CT": (lambda ds: ds.rename(CT="ct"), r"variable 'CT'; the dataset has \['ct'\]"),
    "wrong dimensions": (lambda ds: ds.rename(lat="row"), r"dimensions \(time, y, x\) or \(time, lat, lon\).*row"),
    "no time": (lambda ds: _without(ds, "time"), "coordinate `time`"),
    "numbers as time": (lambda ds: ds.assign_coords(time=np.arange(6)), "Expected dates"),
    "too few frames": (lambda ds: ds.isel(time=slice(3)), "at least 4 frames of CT; found 3"),
    "three missing": (
        lambda ds: ds.isel(time=[0, 4, 5]).reindex(time=ds.time, fill_value=0),
        "at most 2 missing.*; 3 are",
    ),
    "masked frames": (lambda ds: ds.where(ds.time > ds.time[2]), "at most 2 missing.*; 3 are"),
    "half-hour steps": (
        lambda ds: ds.assign_coords(time=ds.time[0].values + np.timedelta64(30, "m") * np.arange(6)),
        "15 minutes apart; found steps of 30 minutes",
    ),
    "five-minute steps": (
        lambda ds: ds.assign_coords(time=ds.time[0].values + np.timedelta64(5, "m") * np.arange(6)),
        "found steps of 5 minutes",
    ),
    "repeated time": (lambda ds: ds.assign_coords(time=ds.time.values[[0, 1, 2, 3, 4, 4]]), "distinct"),
    "codes above 15": (lambda ds: ds.assign(CT=ds.CT + 10), "Expected CT between 0 and 15; found 1[2-8]: mask or convert it"),
    "fractions": (lambda ds: ds.assign(CT=ds.CT + 0.5), "found fractions"),
    "text": (lambda ds: ds.assign(CT=ds.CT.astype(str)), "values of type"),
    "all masked": (lambda ds: ds.assign(CT=ds.CT * 0), "all pixels of CT are 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_in_one_sentence(nowcaster, cloud_file_content, case):
    spoil, message = BAD[case]
    with pytest.raises(InputError, match=message):
        nowcaster.predict(spoil(cloud_file_content))
