"""The contract of every geodl model: a Keras model that takes and gives physical values, as arrays or as xarray."""

import math
from dataclasses import dataclass
from itertools import product

import keras
import numpy as np
import xarray as xr

from geodl.errors import InputError


@dataclass(frozen=True)
class Variable:
    """What a model reads or writes: `name`, its admissible dimensions, `units`, `valid_range`."""

    name: str
    dims: tuple[tuple[str, ...], ...]
    units: str
    valid_range: tuple[float, float]

    def select(self, ds: xr.Dataset) -> xr.DataArray:
        """The variable of `ds`, its dimensions in the declared order after an optional leading `sample`.

        Raises:
            InputError: if the variable is absent or has other dimensions.
        """
        if self.name not in ds:
            raise InputError(f"Expected a variable {self.name!r}; the dataset has {sorted(map(str, ds.data_vars))}.")
        field = ds[self.name]
        for dims in self.dims:
            if set(field.dims) - {"sample"} == set(dims):
                return field.transpose("sample", *dims, missing_dims="ignore")
        expected = " or ".join(f"({', '.join(dims)})" for dims in self.dims)
        raise InputError(f"Expected {self.name} with dimensions {expected}, optionally a leading sample; found {field.dims}.")


class GeoModel(keras.Model):
    """A Keras model with an xarray front: `predict(ds)` is encode → forward → decode.

    Subclasses declare their `theme`, `input_variable`, the grid they work on (`tile`, `margin`, `multiple`) and three methods:
    `encode` (dataset to array, with every check), `summarise` (output of the network to the fields worth keeping) and
    `decode` (fields to dataset).
    Large grids are cut into overlapping tiles, so that memory stays bounded.
    """

    theme: str
    input_variable: Variable
    tile: int = 512
    margin: int = 96
    multiple: int = 16

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        """Array (sample, time, y, x) of a valid dataset."""
        raise NotImplementedError(f"{type(self).__name__} does not define `encode`.")

    def summarise(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Fields (…, y, x) kept from the output of the network on one batch."""
        raise NotImplementedError(f"{type(self).__name__} does not define `summarise`.")

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        """Dataset made of the fields, on the coordinates of `ds`."""
        raise NotImplementedError(f"{type(self).__name__} does not define `decode`.")

    def predict(self, x, **kwargs):
        """Predicts from arrays as in Keras, or from an `xarray.Dataset`, which gives an `xarray.Dataset`.

        Raises:
            InputError: if the dataset is not what the model expects.
        """
        if isinstance(x, xr.Dataset):
            return self.decode(self.predict_fields(self.encode(x)), x)
        return super().predict(x, **kwargs)

    def predict_fields(self, samples: np.ndarray, progress=lambda tiles: tiles) -> dict[str, np.ndarray]:
        """Fields of samples (sample, time, y, x) of any grid size, computed tile by tile.

        Args:
            samples: encoded input.
            progress: wraps the list of pieces of work, to show progress.
        """
        height, width = samples.shape[-2:]
        rows, columns = _tiles(height, self), _tiles(width, self)
        fields = {}
        for sample, row, column in progress(list(product(range(len(samples)), rows, columns))):
            piece = samples[sample : sample + 1, ..., row.outer, column.outer]
            padding = [(0, 0)] * (samples.ndim - 2) + [
                (0, row.size - piece.shape[-2]),
                (0, column.size - piece.shape[-1]),
            ]
            outputs = self.predict_on_batch(np.pad(piece, padding))
            for name, field in self.summarise(outputs).items():
                if name not in fields:
                    fields[name] = np.empty((len(samples), *field.shape[1:-2], height, width), field.dtype)
                fields[name][sample, ..., row.inner, column.inner] = field[0, ..., row.kept, column.kept]
        return fields


@dataclass(frozen=True)
class _Tile:
    """One tile of an axis: `outer` is read, `inner` is written, `kept` is the part of the output that goes to `inner`."""

    outer: slice
    inner: slice
    kept: slice
    size: int


def _tiles(length: int, model: GeoModel) -> list[_Tile]:
    count = math.ceil(length / model.tile)
    step = math.ceil(length / count)
    margin = 0 if count == 1 else model.margin
    # All tiles have one size, so that the network is traced once.
    size = math.ceil(min(step + 2 * margin, length) / model.multiple) * model.multiple
    tiles = []
    for begin in range(0, length, step):
        end = min(begin + step, length)
        first = max(0, min(begin - margin, length - size))
        tiles.append(_Tile(slice(first, min(first + size, length)), slice(begin, end), slice(begin - first, end - first), size))
    return tiles
