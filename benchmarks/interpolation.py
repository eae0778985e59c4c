"""Seconds and memory of the interpolation of fields with gaps, beside pykrige.

    python benchmarks/interpolation.py

It needs pykrige, which the extra `test` installs. Seconds are those of the processors, and those of the clock.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
import xarray as xr

from geodl import datasets, zoo
from geodl.baselines import Dineof, OptimalInterpolation
from geodl.cloud_masks import simulated_cloud_masks

SCALES, POWER = (6.0, 12.0, 12.0), 1.5  # days, rows, columns; covariance exp(-(lag / scale)^power)
NOISE = 0.1  # standard deviation, that of the field is 1
NEIGHBOURS = 32  # of each pixel that pykrige uses
MODELS = ("sediment_unet", "sediment_unet_gappy", "sediment_4dvarnet")


def observed_series(days: int, height: int, width: int) -> tuple[xr.Dataset, np.ndarray]:
    """A Gaussian random field with noise under simulated clouds, and the field itself."""
    field = np.random.default_rng(0).standard_normal((days, height, width)).astype("float32")
    for axis, scale in enumerate(SCALES):
        distance = np.abs(np.subtract.outer(np.arange(field.shape[axis]), np.arange(field.shape[axis])))
        root = np.linalg.cholesky(np.exp(-((distance / scale) ** POWER))).astype("float32")
        field = np.moveaxis(np.tensordot(root, field, axes=(1, axis)), 0, axis)
    cloudy = simulated_cloud_masks(days, min(height, 512), min(width, 512), hours=24)
    cloudy = np.tile(cloudy, (1, -(-height // cloudy.shape[1]), -(-width // cloudy.shape[2])))[:, :height, :width]
    noise = NOISE * np.random.default_rng(1).standard_normal(field.shape)
    time_axis = np.datetime64("2020-01-01", "ns") + np.arange(days) * np.timedelta64(1, "D")
    observed = np.where(cloudy, np.nan, field + noise).astype("float32")
    return xr.Dataset({"observed": (("time", "lat", "lon"), observed)}, {"time": time_axis}), field


def simulated_sea() -> tuple[xr.Dataset, np.ndarray]:
    """The test days of the dataset `sediments`, 64×64, and their truth, as logarithms."""
    ds = datasets.open_dataset("sediments", "osse", "test")
    return ds[["SPM", "mask"]], np.log10(ds.truth.values)


def report(name: str, fill, ds: xr.Dataset, truth: np.ndarray, times: float = 1.0) -> float:
    """Prints seconds, multiplied by `times`, and the error in gaps; returns the seconds of the processors."""
    processors, clock = time.process_time(), time.perf_counter()
    found = fill(ds)
    processors, clock = times * (time.process_time() - processors), times * (time.perf_counter() - clock)
    gaps = np.isnan(next(iter(ds.values())).values[: len(found)])
    error = (found - truth[: len(found)])[gaps]
    print(f"{name:32} {processors:8.1f} {clock:8.1f} {np.sqrt(np.nanmean(error**2)):8.3f}", flush=True)
    return processors


def kriging(days: int):
    """Ordinary kriging of the first days, one by one, from the nearest observations."""
    from pykrige.ok import OrdinaryKriging

    def fill(ds):
        found = []
        for field in ds.observed.values[:days].astype("float64"):
            rows, columns = np.nonzero(np.isfinite(field))
            model = OrdinaryKriging(columns.astype(float), rows.astype(float), field[rows, columns], "exponential",
                                    {"psill": 1.0, "range": 3 * SCALES[1], "nugget": NOISE**2})  # fmt: skip
            grid = (np.arange(size, dtype=float) for size in field.shape[::-1])
            found.append(model.execute("grid", *grid, backend="loop", n_closest_points=NEIGHBOURS)[0])
        return np.array(found)

    return fill


def speed() -> None:
    """100 frames of 64×64 and of 128×344."""
    concentration = lambda model: lambda ds: np.log10(model.predict(ds, "SPM").SPM.values)  # noqa: E731
    print(f"{'100 frames':32} {'CPU s':>8} {'clock s':>8} {'RMSE':>8}")
    ds, truth = simulated_sea()
    report("DINEOF, 64 x 64", concentration(Dineof()), ds, truth)
    report("optimal interpolation, 64 x 64", concentration(OptimalInterpolation()), ds, truth)
    for name in MODELS:
        model = zoo.load(name)
        concentration(model)(ds.isel(time=slice(10)))  # is traced
        report(f"{name}, 64 x 64", concentration(model), ds, truth)
    ds, truth = observed_series(100, 128, 344)
    seconds = report(
        "optimal interpolation, 128 x 344", lambda ds: OptimalInterpolation().predict(ds).observed.values, ds, truth
    )
    seen = [day for day in range(100) if 5000 < np.isfinite(ds.observed[day]).sum() < 20000][:2]
    slower = report("pykrige, 128 x 344 (from 2)", kriging(2), ds.isel(time=seen), truth[seen], times=50) / seconds
    print(f"pykrige, from {NEIGHBOURS} neighbours in space alone, takes {slower:.0f} times as long.")


def memory(name: str) -> None:
    """Fills ten days of 1000×1389 pixels and prints the largest memory of this process."""
    ds, _ = observed_series(10, 1000, 1389)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = OptimalInterpolation() if name == "interpolation" else zoo.load(name)
    start = time.perf_counter()
    model.predict(ds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{name:32} {peak / 2**20:8.2f} GiB ({before / 2**20:.2f} before), {time.perf_counter() - start:.0f} s", flush=True)


def main() -> None:
    """Prints all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", help="of this model alone")
    name = parser.parse_args().memory
    if name:
        return memory(name)
    # First, as the largest memory of a process is at least that of the one that starts it.
    print("peak memory, ten days of 1000 x 1389", flush=True)
    for name in ("interpolation", *MODELS):
        subprocess.run([sys.executable, __file__, "--memory", name], check=True)
    speed()


if __name__ == "__main__":
    main()
