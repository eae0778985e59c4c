"""The six problems of the course, one module each, as they are built."""

from importlib import import_module

from geodl.errors import InputError

THEMES = ("segmentation",)


def theme(name: str):
    """The module of a theme.

    Raises:
        InputError: no such theme.
    """
    if name not in THEMES:
        raise InputError(f"Expected one of the themes {', '.join(THEMES)}; found {name!r}.")
    return import_module(f"geodl.themes.{name}")
