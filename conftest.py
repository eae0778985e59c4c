"""Shared fixtures: small synthetic cloud fields, and TFDS data kept out of the user's home."""

import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TFDS_DATA_DIR", tempfile.mkdtemp(prefix="geodl-tests-"))
# Processes that test side by side must not build the same dataset in the same place.
os.environ["TFDS_DATA_DIR"] = os.path.join(os.environ["TFDS_DATA_DIR"], os.environ.get("PYTEST_XDIST_WORKER", ""))

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def names_of_examples(doctest_namespace):
    """What the examples of docstrings take as imported."""
    import tensorflow as tf

    doctest_namespace.update(np=np, tf=tf, xr=xr)


@pytest.fixture(autouse=True)
def closed_figures():
    """No figure outlives its test."""
    yield
    plt.close("all")


@pytest.fixture
def moving_codes():
    """A high cloud over sea, moving 2 pixels east a frame: codes (1, 10, 64, 80)."""
    y, x = np.mgrid[:64, :80]
    frames = [np.where((y - 32) ** 2 + (x - 24 - 2 * t) ** 2 < 14**2, 8, 2) for t in range(10)]
    return np.stack(frames)[None].astype("uint8")


@pytest.fixture
def cloud_file_content(moving_codes):
    """The same as a dataset (time, lat, lon) of its first six frames."""
    return xr.Dataset(
        {"CT": (("time", "lat", "lon"), moving_codes[0, :6])},
        {
            "time": np.datetime64("2020-05-01T12:00", "ns") + np.timedelta64(15, "m") * np.arange(6),
            "lat": ("lat", np.linspace(50, 48, 64), {"units": "degrees_north"}),
            "lon": ("lon", np.linspace(-3, 0, 80), {"units": "degrees_east"}),
        },
        {"institution": "synthetic"},
    )
