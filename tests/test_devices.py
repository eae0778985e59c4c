import importlib.util
from pathlib import Path

import numpy as np
import pytest

from geodl import zoo


@pytest.fixture(scope="module")
def devices():
    """benchmarks/devices.py, as a module."""
    path = Path(__file__).parents[1] / "benchmarks" / "devices.py"
    spec = importlib.util.spec_from_file_location("devices_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_is_measured_of_a_model(devices):
    found, problems = devices.measured("burgers_cnn", batch=2)
    assert not problems and set(found) == set(devices.MEASUREMENTS)
    assert found["jit"] < 1e-4 < found["mixed"] < 0.1
    assert found["prediction"] > 0 and found["training"] > 0


def test_measuring_does_not_change_the_weights(devices):
    model, untouched = zoo.load("burgers_cnn"), zoo.load("burgers_cnn")
    devices.training_speed("burgers_cnn", model, devices.samples(model, 2))
    for mine, theirs in zip(model.get_weights(), untouched.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_what_cannot_be_measured_is_told(devices, monkeypatch):
    def fails(name, model, x):
        raise RuntimeError("out of memory\nand more")

    monkeypatch.setattr(devices, "MEASUREMENTS", {"jit": fails, "mixed": lambda name, model, x: 0.0})
    assert devices.measured("burgers_cnn", 1) == ({"mixed": 0.0}, {"jit": "RuntimeError: out of memory and more"})


def test_samples_have_the_shape_of_the_model(devices):
    assert devices.samples(zoo.load("burgers_cnn"), 3).shape == (3, 3, 25)
    codes = devices.samples(zoo.load("cloud_cnn"), 2)
    assert codes.shape == (2, 6, 64, 64) and codes.dtype == "uint8" and codes.min() >= 1 and codes.max() <= 15
