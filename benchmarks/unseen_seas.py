"""Interpolation of series that no model has learned, beside the classical methods.

    python benchmarks/unseen_seas.py

Ten days of sea level in the Mediterranean, April and May, called a temperature in kelvin, and of the simulated sea (validation
days) on other coordinates, each under clouds that hide little, much and nearly all, and with observations scattered. Sea
level needs its source file. Errors in gaps are relative to optimal interpolation; the interval is that of 90 %.
"""

import numpy as np
import xarray as xr

from geodl import datasets, zoo
from geodl.baselines import Dineof, FieldClimatology, OptimalInterpolation
from geodl.cloud_masks import simulated_cloud_masks
from geodl.metrics.interpolation_scores import NINETY_PERCENT

DAYS = 10
COVERAGES = (0.5, 0.75, 0.9)  # of clouds
SCATTERED = 0.08  # share of the pixels
NOISE = 0.15  # standard deviation, over that of the field from day to day
FIRST_DAYS = {"sea_level": (0, 25, 50), "sediments": (0, 50, 100)}


def unseen(dataset: str):
    """Names, observations and truths (day, lat, lon) of ten days each."""
    if dataset == "sea_level":
        ds = datasets.open_dataset("sea_level", "mediterranean", "train")
        truth = 290 + 10 * ds.truth.values
    else:
        truth = np.log10(datasets.open_dataset("sediments", "osse", "validation").truth.values)
    sea = np.isfinite(truth).all(axis=0)
    noise = NOISE * np.nanstd(truth - truth.mean(axis=0))
    for first in FIRST_DAYS[dataset]:
        days = np.where(sea, truth[first : first + DAYS], np.nan)
        for coverage in (*COVERAGES, None):
            random = np.random.default_rng(first)
            if coverage is None:
                name, hidden = "scattered", random.random(days.shape) > SCATTERED
            else:
                name, hidden = f"clouds {coverage}", simulated_cloud_masks(*days.shape, coverage=coverage, seed=first)
            noisy = days + noise * random.standard_normal(days.shape)
            yield f"{dataset}, day {first}, {name}", np.where(hidden, np.nan, noisy), days


def dataset_of(values: np.ndarray, truth: np.ndarray) -> xr.Dataset:
    """What a user would have."""
    _, rows, columns = values.shape
    coordinates = {
        "time": np.datetime64("2020-01-01", "ns") + np.arange(DAYS) * np.timedelta64(1, "D"),
        "lat": 50 + 0.02 * np.arange(rows),
        "lon": 0.02 * np.arange(columns),
    }
    mask = np.isfinite(truth[0]).astype("int8")
    return xr.Dataset({"sst": (("time", "lat", "lon"), values), "mask": (("lat", "lon"), mask)}, coordinates)


def main() -> None:
    """Prints errors, and the share of the truth in the interval."""
    compared = {
        "optimal interpolation": OptimalInterpolation(),
        "climatology": FieldClimatology(),
        "DINEOF": Dineof(),
        "sediment_unet": zoo.load("sediment_unet"),
        "sediment_4dvarnet": zoo.load("sediment_4dvarnet"),
    }
    print(f"{'':36}{'seen':>6}", *(f"{name:>22}" for name in compared), flush=True)
    ratios = []
    for dataset in FIRST_DAYS:
        for name, values, truth in unseen(dataset):
            gaps = np.isfinite(truth) & np.isnan(values)
            seen = np.isfinite(values).sum() / np.isfinite(truth).sum()
            errors, shares = [], []
            for model in compared.values():
                found = model.predict(dataset_of(values, truth), "sst")
                error = (found.sst.values - truth)[gaps]
                errors.append(np.sqrt((error**2).mean()))
                spread = found.get("sst_standard_deviation")
                shares.append(np.nan if spread is None else (np.abs(error) < NINETY_PERCENT * spread.values[gaps]).mean())
            ratios.append(np.array(errors) / errors[0])
            print(f"{name:36}{seen:6.2f}", *(f"{r:14.3f} ({s:5.2f})" for r, s in zip(ratios[-1], shares, strict=True)),
                  flush=True)  # fmt: skip
    print(f"{'geometric mean':42}", *(f"{ratio:22.3f}" for ratio in np.exp(np.log(ratios).mean(axis=0))))


if __name__ == "__main__":
    main()
