"""Every public name is shown at work in its docstring."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import geodl
from geodl import baselines, dynamics, layers, metrics, models, pipelines, plotting

PACKAGES = (baselines, dynamics, layers, metrics, models, pipelines, plotting)
PUBLIC = {f"{package.__name__}.{name}": getattr(package, name) for package in PACKAGES for name in package.__all__}
CALLED = {name: each for name, each in PUBLIC.items() if callable(each)}


def _is_inherited(each) -> bool:
    """What classes share, those that inherit from it show."""
    return inspect.isclass(each) and any(each in other.__mro__[1:] for other in CALLED.values() if inspect.isclass(other))


def test_data_are_the_only_names_that_are_not_called():
    assert set(PUBLIC) - set(CALLED) == {"geodl.layers.SCHEMES"}


@pytest.mark.parametrize("name", sorted(name for name, each in CALLED.items() if not _is_inherited(each)))
def test_docstring_has_an_example(name):
    assert ">>>" in CALLED[name].__doc__


@pytest.mark.parametrize("name", sorted(path.stem for path in Path(geodl.__path__[0]).glob("[a-z]*")))
def test_every_module_is_an_attribute_of_the_package(name):
    assert getattr(geodl, name) is importlib.import_module(f"geodl.{name}") and name in dir(geodl)


def test_modules_are_loaded_when_they_are_first_used():
    code = """import geodl, sys
assert "geodl.flags" not in sys.modules
geodl.flags.refuse_flags
assert "tensorflow" not in sys.modules"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="module 'geodl' has no attribute 'cloudunet'; it has .*, zoo"):
        _ = geodl.cloudunet
