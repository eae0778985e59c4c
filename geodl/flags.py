"""Quality flags of satellite products, as CF describes them."""

import re

import numpy as np
import xarray as xr

from geodl.errors import InputError


def refuse_flags(ds: xr.Dataset, variable: str, flags: str, refused: list[str]) -> xr.Dataset:
    """A dataset whose `variable` is NaN where one of the `refused` flags is set.

    Args:
        ds: the variable, and the flags on the same grid, with attributes `flag_meanings` and `flag_masks` (bits),
            `flag_values`, or both: then a flag is set where its bits have its value.
        variable: to mask.
        flags: name of the variable with the flags.
        refused: flags, among the meanings.

    Raises:
        InputError: no such variables, no meanings, or an unknown flag; the message lists the known ones.

    Example:
        >>> quality = ("x", [0, 1, 2, 3], {"flag_meanings": "cloud glint", "flag_masks": [1, 2]})
        >>> ds = xr.Dataset({"SPM": ("x", [1.0, 2.0, 3.0, 4.0]), "quality": quality})
        >>> print(refuse_flags(ds, "SPM", "quality", ["glint"]).SPM.values)
        [ 1.  2. nan nan]
    """
    for name in (variable, flags):
        if name not in ds:
            raise InputError(f"Expected a variable {name!r}; the dataset has {sorted(map(str, ds.data_vars))}.")
    attributes = ds[flags].attrs
    meanings = attributes.get("flag_meanings", "").split()
    masks, numbers = (_numbers(attributes.get(name, [])) for name in ("flag_masks", "flag_values"))
    if not meanings or not masks + numbers or any(len(found) not in (0, len(meanings)) for found in (masks, numbers)):
        raise InputError(f"Expected `flag_meanings` and as many `flag_masks` or `flag_values` of {flags}; found {attributes}.")
    unknown = sorted(set(refused) - set(meanings))
    if unknown:
        raise InputError(f"Expected flags among {', '.join(meanings)} of {flags}; found {', '.join(unknown)}.")
    values = ds[flags].fillna(0).astype("int64")
    bad = xr.zeros_like(values, bool)
    for flag in map(meanings.index, refused):
        bits = values & masks[flag] if masks else values
        bad |= bits == numbers[flag] if numbers else bits != 0
    return ds.assign({variable: ds[variable].where(~bad)})


def _numbers(attribute) -> list[int]:
    """Numbers of an attribute, also where a product has written them as text."""
    if isinstance(attribute, str):
        return [int(number) for number in re.findall(r"-?\d+", attribute)]
    return [int(number) for number in np.atleast_1d(attribute)]
