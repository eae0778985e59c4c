"""Generators on a colony that they have not learned from: GEODL_SOURCES=… python benchmarks/trips.py

Irregular fixes of masked boobies of St Helena are read; fixes of their trips are withheld, and filled by the generators and by
straight lines; then the generators learn from 20 trips, and simulated ones are compared with those of the other birds.
"""

import os
import time
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import xarray as xr
from scipy.stats import ks_2samp

from geodl import zoo
from geodl.datasets import find_source
from geodl.metrics import periodogram_score, published_series, trip_statistics
from geodl.track_cutting import read_trips
from geodl.trips import closed_trips

FILE, STEP_SECONDS = "boobies_st_helena_gps.csv.gz", 240.0
MODELS = ("seabird_gan_brazil", "seabird_mdn_brazil", "seabird_gan_peru")
LEARNED = 20  # trips, of the first birds
SIMULATED = 1000
RUN = 6  # fixes that are missing in a row, on average
WITHHELD = {
    "every 6th": lambda ds: ds.step % 6 == 3,
    "2 of 3": lambda ds: ds.step % 3 != 0,
    "5 of 6": lambda ds: ds.step % 6 != 0,
    "10 %, in runs": lambda ds: in_runs(ds, 0.1),
    "half, in runs": lambda ds: in_runs(ds, 0.5),
}


def in_runs(ds: xr.Dataset, share: float) -> xr.DataArray:
    """Steps (trip, step) that are chosen at random, several in a row, until they are so many."""
    random = np.random.default_rng(0)
    chosen = np.zeros(ds.x.shape, bool)
    while chosen.mean() < share:
        trip, step = random.integers(chosen.shape[0]), random.integers(chosen.shape[1])
        chosen[trip, step : step + random.geometric(1 / RUN)] = True
    return xr.DataArray(chosen, dims=("trip", "step"))


def without(ds: xr.Dataset, chosen: xr.DataArray) -> tuple[xr.Dataset, xr.DataArray]:
    """Trips whose chosen fixes, but the first and the last one, are withheld; and where they are."""
    withheld = chosen & ds.x.notnull() & (ds.step > 0) & (ds.step < ds.mask.sum("step") - 1)
    return ds.assign({name: ds[name].where(~withheld) for name in "xy"}), withheld


def straight(known: xr.Dataset) -> xr.Dataset:
    """Trips whose gaps are filled by straight lines."""
    return known.interpolate_na("step", fill_value="extrapolate")


def error(filled: xr.Dataset, ds: xr.Dataset, withheld: xr.DataArray) -> float:
    """Root mean square distance, m, of what was withheld."""
    return float(np.sqrt(((filled.x - ds.x) ** 2 + (filled.y - ds.y) ** 2).where(withheld).mean()))


def completion(ds: xr.Dataset) -> None:
    """Prints errors of filled gaps."""
    for label, chosen in WITHHELD.items():
        known, withheld = without(ds, chosen(ds))
        found = {"straight lines": error(straight(known[["x", "y"]]), ds, withheld)}
        for name in MODELS:
            found[name] = error(zoo.load(name).complete(known), ds, withheld)
        print(f"{label:13s} withheld, error in m: " + ", ".join(f"{name} {value:.0f}" for name, value in found.items()))


def likeness(simulated: xr.Dataset, others: xr.Dataset) -> str:
    """Scores of simulated trips against those of other birds."""
    series = [published_series(ds, 1000.0, others.sizes["step"]) for ds in (others, simulated)]
    found = [trip_statistics(closed_trips(ds), ds.attrs["step_seconds"]) for ds in (simulated, others)]
    distances = [ks_2samp(*(each[name] for each in found)).statistic for name in ("step_length", "turning_angle")]
    return "periodogram {:.3f}, KS of steps {:.3f}, of turns {:.3f}".format(periodogram_score(*series).mean(), *distances)


def fine_tuning(ds: xr.Dataset, share: float) -> None:
    """Prints scores before and after a generator learns from a few trips, of which a share of the fixes is withheld."""
    learned = ds.isel(trip=slice(LEARNED))
    others = ds.isel(trip=~np.isin(ds.bird, learned.bird))
    learned, _ = without(learned, in_runs(learned, share))
    print(f"{LEARNED} trips without {share:.0%} of their fixes themselves: {likeness(learned, others)}")
    for name in MODELS:
        keras.utils.set_random_seed(0)
        model = zoo.load(name)
        model.adapt(learned)
        print(f"{name} before: {likeness(model.sample(SIMULATED), others)}")
        start = time.process_time()
        model.fit(model.training_data(learned).repeat(200), verbose=0)
        model.calibrate(learned)
        seconds = time.process_time() - start
        print(f"{name} after: {likeness(model.sample(SIMULATED), others)} ({seconds:.0f} processor seconds)")


def main() -> None:
    """Prints what the file gives, errors of gaps, and what fine-tuning does."""
    warnings.filterwarnings("ignore", message="(Fixes|Trips) ")
    start = time.process_time()
    ds = read_trips(find_source("seabirds", FILE), step_seconds=STEP_SECONDS)
    print(f"{ds.sizes['trip']} trips of {len(set(ds.bird.values))} birds, read in {time.process_time() - start:.1f} s")
    completion(ds)
    for share in (0.0, 0.5):
        fine_tuning(ds, share)


if __name__ == "__main__":
    main()
