"""The six problems of the course, one module each, as they are built.

A theme's module has `CASES` (names of its case studies, the first one by default), `compare(case)`, its `rows` and `figure`,
`card_scores(model)` and `baseline_scores(model)` for cards, and `picture` for a forecast of the user's own.
"""

from importlib import import_module

from geodl.errors import InputError

THEMES = ("assimilation", "closure", "forecasting", "interpolation", "segmentation", "trajectories")


def theme(name: str):
    """The module of a theme.

    Raises:
        InputError: no such theme.
    """
    if name not in THEMES:
        raise InputError(f"Expected one of the themes {', '.join(THEMES)}; found {name!r}.")
    return import_module(f"geodl.themes.{name}")
