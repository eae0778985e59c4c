"""Scores as cards keep them."""

import numpy as np


def rounded(value: float) -> float | None:
    """Four significant digits; None, as JSON has it, where it is not a number.

    >>> rounded(0.123456), rounded(float("nan"))
    (0.1235, None)
    """
    return float(f"{value:.4g}") if np.isfinite(value) else None
