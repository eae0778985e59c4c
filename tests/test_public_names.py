"""Every public name is shown at work in its docstring."""

import inspect

import pytest

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
