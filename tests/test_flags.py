import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from geodl.baselines import FieldClimatology
from geodl.errors import InputError
from geodl.flags import refuse_flags


def product(kind="flag_masks", numbers=(1, 4)):
    flags = ("x", [0, 1, 4, 5], {"flag_meanings": "cloud glint", kind: numbers})
    return xr.Dataset({"SPM": ("x", [1.0, 2.0, 3.0, 4.0]), "quality": flags})


def confidence():
    """Two bits that hold one of three values."""
    attributes = {"flag_meanings": "low medium high", "flag_masks": (3, 3, 3), "flag_values": (1, 2, 3)}
    return xr.Dataset({"SPM": ("x", [1.0, 2.0, 3.0, 4.0]), "quality": ("x", [4, 5, 6, 7], attributes)})


@pytest.mark.parametrize(
    "ds, refused, kept",
    [
        (product(), ["cloud"], [1, 0, 1, 0]),
        (product(), ["cloud", "glint"], [1, 0, 0, 0]),
        (product(), [], [1, 1, 1, 1]),
        (product("flag_values"), ["glint"], [1, 1, 0, 1]),
        (product(numbers="[ 1\n 4]"), ["cloud"], [1, 0, 1, 0]),
        (confidence(), ["low"], [1, 0, 1, 1]),
        (confidence(), ["low", "high"], [1, 0, 1, 0]),
    ],
)
def test_what_is_flagged_is_masked(ds, refused, kept):
    np.testing.assert_array_equal(np.isfinite(refuse_flags(ds, "SPM", "quality", refused).SPM), kept)


def test_unknown_flags_and_flags_without_meaning_are_told():
    with pytest.raises(InputError, match="flags among cloud, glint of quality; found sand"):
        refuse_flags(product(), "SPM", "quality", ["sand"])
    with pytest.raises(InputError, match="`flag_meanings`"):
        refuse_flags(product(numbers=(1,)), "SPM", "quality", ["cloud"])
    with pytest.raises(InputError, match="a variable 'flags'"):
        refuse_flags(product(), "SPM", "flags", ["cloud"])


OLCI = Path(os.environ.get("GEODL_SOURCES", ".")) / "sediment" / "olci_tsm_sns_201701.nc"


@pytest.mark.skipif(not OLCI.is_file(), reason="needs the OLCI file in GEODL_SOURCES")
def test_a_real_product_is_read_masked_and_filled():
    with xr.open_dataset(OLCI, engine="h5netcdf") as file:
        ds = file.isel(lat=slice(0, 1000, 10), lon=slice(0, 2000, 10)).load()
    clear = refuse_flags(ds, "conc_tsm", "c2rcc_flags", ["Cloud_risk"])
    assert 0 < float(clear.conc_tsm.notnull().sum()) < 0.1 * float(ds.conc_tsm.notnull().sum())
    filled = FieldClimatology().predict(ds, "conc_tsm")
    assert filled.conc_tsm.notnull().all() and filled.conc_tsm.attrs["units"] == "g m^-3"
