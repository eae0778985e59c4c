"""What the themes on dynamical systems share."""

import numpy as np

from geodl.errors import InputError


def case_of(model, cases: dict) -> str:
    """Name of the case whose states a model takes, by their `components` and `dt`.

    Raises:
        InputError: there is none.
    """
    for name, setting in cases.items():
        if (setting.components, setting.dt) == (model.components, model.dt):
            return name
    raise InputError(
        f"Expected a model of one of the cases {', '.join(cases)}; found {model.components} components every {model.dt:g}."
    )


def rounded(value: float) -> float | None:
    """Four significant digits; None, as JSON has it, where it is not a number."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
