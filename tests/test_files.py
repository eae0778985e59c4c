import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt

from geodl.errors import InputError
from geodl.files import read_netcdf, write_netcdf, write_picture, write_whole


def test_dataset_comes_back(tmp_path):
    ds = xr.Dataset({"a": (("y", "x"), np.arange(6.0).reshape(2, 3), {"units": "m"})})
    xr.testing.assert_identical(read_netcdf(write_netcdf(ds, tmp_path / "a.nc")), ds)


@pytest.fixture
def hours():
    """A field in three hours of the standard calendar, as numbers."""
    units = {"units": "hours since 2000-02-28", "calendar": "standard"}
    return xr.Dataset({"a": (("time", "x"), np.ones((3, 2)))}, {"time": ("time", [0.0, 24.0, 48.0], units)})


@pytest.mark.parametrize("format", ["NETCDF3_CLASSIC", "NETCDF3_64BIT"])
def test_netcdf_3_is_read_too(tmp_path, hours, format):
    hours.to_netcdf(tmp_path / "a.nc", engine="scipy", format=format)
    ds = read_netcdf(tmp_path / "a.nc")
    assert list(ds.time.values.astype("datetime64[D]").astype(str)) == ["2000-02-28", "2000-02-29", "2000-03-01"]
    xr.testing.assert_identical(read_netcdf(write_netcdf(ds, tmp_path / "b.nc")), ds)


def test_valid_time_is_time(tmp_path, hours):
    ds = read_netcdf(write_netcdf(hours.rename(time="valid_time"), tmp_path / "era5.nc"))
    xr.testing.assert_identical(ds, xr.decode_cf(hours))


@pytest.mark.parametrize("content", [b"", b"text", b"CDF\x01\x00", b"CDF\x05" + bytes(60)])
def test_a_file_that_is_not_netcdf_is_told(tmp_path, content):
    (tmp_path / "a.nc").write_bytes(content)
    with pytest.raises(InputError, match="Expected a NetCDF-4 or NetCDF-3 file; .*a.nc cannot be read as one"):
        read_netcdf(tmp_path / "a.nc")


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"calendar": "noleap"}, "Expected dates of the standard calendar; time of .*a.nc has noleap: convert it"),
        ({"calendar": "360_day"}, "Expected dates of the standard calendar; time of .*a.nc has 360_day: convert it"),
        ({"units": "months since 2000-01-01"}, "times as in the CF conventions in .*a.nc; .*'months since 2000-01-01'"),
    ],
)
def test_times_that_are_no_dates_are_told(tmp_path, hours, attributes, message):
    hours.time.attrs |= attributes
    write_netcdf(hours, tmp_path / "a.nc")
    with pytest.raises(InputError, match=message):
        read_netcdf(tmp_path / "a.nc")


def test_a_failed_write_leaves_nothing_and_keeps_the_old_file(tmp_path):
    (tmp_path / "a.txt").write_text("old")

    def fail(path):
        path.write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_whole(tmp_path / "a.txt", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_written_picture_is_closed(tmp_path):
    plt.close("all")
    for name in ("a.png", "b"):
        assert write_picture(plt.figure(), tmp_path / name).read_bytes()[:4] == b"\x89PNG"
    assert not plt.get_fignums() and sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b"]


def test_a_writer_that_adds_a_suffix_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "a", lambda path: np.save(path, np.zeros(2)))
    assert not list(tmp_path.iterdir())


def test_missing_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="Expected an existing directory"):
        write_netcdf(xr.Dataset(), tmp_path / "absent" / "a.nc")
