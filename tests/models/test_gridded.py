import numpy as np

from geodl.baselines import CloudPersistence, SmoothedFlow
from geodl.models.gridded import _tiles


def test_tiles_write_every_pixel_once_and_read_inside_the_field():
    model = CloudPersistence()
    model.tile, model.margin, model.multiple = 50, 10, 16
    for length in (7, 50, 51, 133, 400):
        written = np.zeros(length, int)
        for tile in _tiles(length, model):
            written[tile.inner] += 1
            assert 0 <= tile.outer.start < tile.outer.stop <= length
            assert tile.outer.stop - tile.outer.start <= tile.size and tile.size % 16 == 0
            assert (tile.outer.start + tile.kept.start, tile.outer.start + tile.kept.stop) == (
                tile.inner.start,
                tile.inner.stop,
            )
        np.testing.assert_array_equal(written, 1)


def test_tiled_prediction_equals_the_whole_one(moving_codes):
    past = np.tile(moving_codes[:, :6], (1, 1, 4, 4))
    whole, tiled = SmoothedFlow(), SmoothedFlow()
    tiled.tile = 160
    assert len(_tiles(past.shape[-1], tiled)) == 2
    expected, found = whole.forward(past), tiled.forward(past)
    assert np.mean(expected["CT"] == found["CT"]) > 0.999
    assert np.abs(expected["cloud_probability"] - found["cloud_probability"]).mean() < 1e-3
