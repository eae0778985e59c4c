"""A wave that is seen here and there, for tests of interpolation."""

import numpy as np
import xarray as xr


def series(name="adt", units="m", days=6, shape=(12, 16), share=0.5, dims=("time", "lat", "lon"), seed=0):
    """A wave that travels, seen here and there."""
    time, y, x = np.ogrid[:days, : shape[0], : shape[1]]
    truth = 2.0 + np.sin(x / 3 - time / 4) * np.cos(y / 4)
    seen = np.random.default_rng(seed).random(truth.shape) < share
    coordinates = {
        dims[0]: np.datetime64("2020-02-27T10:13", "ns") + np.arange(days) * np.timedelta64(1, "D"),
        dims[1]: 50 - 0.1 * np.arange(shape[0]),
        dims[2]: 350 + 0.1 * np.arange(shape[1]),
    }
    return xr.Dataset({name: (dims, np.where(seen, truth, np.nan), {"units": units})}, coordinates, {"title": "waves"}), truth
