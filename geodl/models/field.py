"""A daily series of fields with gaps, as it is interpolated."""

from dataclasses import dataclass

import numpy as np

from geodl.errors import InputError
from geodl.units import factor

SAME_PLACE = 1e-3  # degrees


@dataclass(frozen=True)
class Field:
    """A daily series as it is interpolated.

    Args:
        name: of the variable.
        values: (day, y, x), NaN where missing; the logarithm to base 10 of a concentration.
        sea: (y, x), True where values are wanted.
        days: index of each time of the dataset among the days.
        logarithmic: values are logarithms.
        coordinates: of rows and columns.
        units: of the variable, empty where the dataset does not tell.
    """

    name: str
    values: np.ndarray
    sea: np.ndarray
    days: np.ndarray
    logarithmic: bool
    coordinates: tuple[np.ndarray, np.ndarray]
    units: str = ""

    def order_on(self, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Which rows and columns are at these coordinates, in their order; None where some are at none of them."""
        found = []
        for known, given, turns in zip((rows, columns), self.coordinates, (False, True), strict=True):
            apart = np.abs(given - known[:, None])
            if turns and max(np.abs(known).max(), np.abs(given).max()) <= 360:  # longitudes from 0 or from -180
                apart = np.minimum(apart, np.abs(apart - 360))
            found.append(apart.argmin(axis=1))
            if apart.min(axis=1).max() > SAME_PLACE or len(np.unique(found[-1])) < len(known):
                return None
        return tuple(found)

    def in_units(self, units: str | None) -> tuple[float, float] | None:
        """Factor and summand that give values these units, where both are known; None if they measure something else."""
        size = factor(self.units, units) if self.units and units else 1.0
        if size is None:
            return None
        return (1.0, float(np.log10(size))) if self.logarithmic else (size, 0.0)

    def check_like(self, learned: "Field") -> None:
        """Raises an InputError unless rows, columns and units of the field are those of a field that was learned."""
        if self.sea.shape != learned.sea.shape:
            (rows, columns), found = learned.sea.shape, self.sea.shape
            raise InputError(
                f"Expected {self.name} on {rows} rows and {columns} columns, as what was learned; "
                f"found {found[0]} and {found[1]}: estimate from data on that grid."
            )
        order = self.order_on(*learned.coordinates)
        if order is None or any((np.diff(places) < 0).any() for places in order):
            raise InputError(f"Expected {self.name} on the rows and columns that were learned, in their order: sort it so.")
        if self.in_units(learned.units) != (1.0, 0.0):
            raise InputError(f"Expected {self.name} in {learned.units}, as what was learned; found {self.units}: convert it.")
