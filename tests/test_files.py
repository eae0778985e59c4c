import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt

from geodl.errors import InputError
from geodl.files import read_netcdf, write_netcdf, write_picture, write_whole


def test_dataset_comes_back(tmp_path):
    ds = xr.Dataset({"a": (("y", "x"), np.arange(6.0).reshape(2, 3), {"units": "m"})})
    xr.testing.assert_identical(read_netcdf(write_netcdf(ds, tmp_path / "a.nc")), ds)


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
