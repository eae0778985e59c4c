"""Models of fields on a grid of any size: large grids are cut into tiles."""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from geodl.models.base import GeoModel


class GriddedModel(GeoModel):
    """A `GeoModel` on a grid, which defines `summarise` (output of the network to the fields worth keeping) for one tile.

    Subclasses declare the grid they work on: `tile` and `margin`, in pixels, and `multiple`, of which sizes must be. Large
    grids are cut into overlapping tiles, so that memory stays bounded.
    """

    tile: int = 512
    margin: int = 96
    multiple: int = 16

    def summarise(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        """Fields (…, y, x) kept from the output of the network on one batch."""
        raise NotImplementedError(f"{type(self).__name__} does not define `summarise`.")

    def forward(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        """Fields of samples (sample, time, y, x) of any grid size, computed tile by tile.

        Args:
            samples: encoded input.
        """
        height, width = samples.shape[-2:]
        rows, columns = _tiles(height, self), _tiles(width, self)
        fields = {}
        for sample, row, column in product(range(len(samples)), rows, columns):
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


def _tiles(length: int, model: GriddedModel) -> list[_Tile]:
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
