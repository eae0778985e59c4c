"""What the scores of all themes have in common: how a card and a table keep them."""

from typing import ClassVar

import numpy as np


class Scores:
    """Scores of one approach.

    A theme's scores are a dataclass of what is measured. `SCORES` names those fields, of one value or of one a lead time, that
    a card keeps; `SECONDS` is the column of the field `seconds` in a table.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Errors(Scores):
        ...     rmse: float
        ...     seconds: float
        ...     SCORES = ("rmse",)
        >>> Errors(0.123456, seconds=1.0).result(), Errors(float("nan"), seconds=1.0).rows()
        ({'rmse': [0.1235]}, [{'rmse': None, 'seconds': 1.0}])
    """

    SCORES: ClassVar[tuple[str, ...]]
    SECONDS: ClassVar[str] = "seconds"

    def result(self) -> dict[str, list[float | None]]:
        """Scores as a card keeps them: four significant digits; None, as JSON has it, where there is no number."""
        return {name: [rounded(value) for value in np.atleast_1d(getattr(self, name))] for name in self.SCORES}

    def rows(self) -> list[dict]:
        """Scores as lines of a table."""
        return [{name: value for name, (value,) in self.result().items()} | self.duration()]

    def duration(self) -> dict[str, float]:
        """The seconds as a cell of a table."""
        return {self.SECONDS: rounded(self.seconds)}


def rounded(value: float) -> float | None:
    """Four significant digits; None, as JSON has it, where it is not a number.

    >>> rounded(0.123456), rounded(float("nan"))
    (0.1235, None)
    """
    return float(f"{value:.4g}") if np.isfinite(value) else None
