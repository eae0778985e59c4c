"""A variable that a model reads: what units it may say it has."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geodl import zoo
from geodl.errors import InputError
from geodl.models.base import Variable
from geodl.models.station_checks import select_quantity


def observed(name, units):
    return xr.Dataset({name: (("time", "station"), np.full((2, 3), 300.0), {} if units is None else {"units": units})})


@pytest.mark.parametrize("units", [None, "", "K", "Kelvin", "kelvins"])
def test_units_that_are_not_said_or_spelled_otherwise_are_taken(units):
    ds = observed("temperature", units)
    xr.testing.assert_identical(select_quantity(ds, "temperature"), ds.temperature)


@pytest.mark.parametrize("units", ["degC", "1", "mm"])
def test_other_units_are_refused(units):
    with pytest.raises(InputError, match=f"Expected temperature in K; found {units}: convert it"):
        select_quantity(observed("temperature", units), "temperature")


def test_a_millimetre_of_rain_is_a_kilogram_on_a_square_metre():
    for units in ("mm", "kg m-2", "kg/m2"):
        assert select_quantity(observed("rain", units), "rain").max() == 300
    for units in ("cm", "mm/h", "m"):
        with pytest.raises(InputError, match=f"Expected rain in kg m-2; found {units}: convert it"):
            select_quantity(observed("rain", units), "rain")


def test_stations_have_no_leading_sample():
    ds = observed("temperature", "K").expand_dims("sample")
    with pytest.raises(InputError, match=r"dimensions \(time, station\); found \('sample', 'time', 'station'\)"):
        select_quantity(ds, "temperature")
    xr.testing.assert_identical(Variable("temperature", (("time", "station"),), "K", (0, 400)).select(ds), ds.temperature)


@pytest.mark.parametrize("name", ["cloud_cnn", "sediment_unet", "seabird_mdn_peru", "wind_attention", "lorenz63_lstm"])
@pytest.mark.parametrize(
    ("given", "found"),
    [
        (observed("u", "m s-1").u, "a DataArray: call to_dataset"),
        ("file.nc", "the name of a file: call geodl.files.read_observations"),
        (Path("file.nc"), "the name of a file: call geodl.files.read_observations"),
    ],
)
def test_what_is_no_dataset_is_told(name, given, found):
    with pytest.raises(InputError, match=f"^Expected a Dataset of xarray, or arrays; found {found}\\.$"):
        zoo.load(name, pretrained=False).predict(given)


def test_codes_have_no_units():
    ds = observed("CT", "whatever")
    xr.testing.assert_identical(Variable("CT", (("time", "station"),), None, (0, 300)).select(ds), ds.CT)
