"""Which weights of a generator of trips are kept: those whose trips are like those of birds that it has not learned from."""

from pathlib import Path

import keras
import numpy as np
import xarray as xr
from scipy.stats import ks_2samp

from geodl.files import write_whole
from geodl.metrics.periodogram_score import periodogram_score, published_series
from geodl.metrics.trip_statistics import NearestTrips, trip_statistics
from geodl.trips import closed_trips

TRIPS = 500  # that are simulated after an epoch
KILOMETRE = 1000.0  # m; the unit changes no score
PENALTY = 3.0  # for each unit by which a limit of memory is missed
NEAREST, TOO_CLOSE, DIVERSITY = 0.9, 0.12, 0.5  # limits: at least, at most, at least


class TripSelection(keras.callbacks.Callback):
    """Scores simulated trips after each epoch, and at the end of `fit` brings back the weights with the best ones.

    Epochs before `start_from_epoch` are left out: their spectra are not settled, and may suit few birds by chance. The logs
    get `periodogram` (on training birds), `nearest`, `nearest_windows`, `too_close` and `diversity` (see
    `geodl.metrics.NearestTrips`), and of the validation birds `val_periodogram` and `val_score`, which the choice is made by:

    val_score = periodogram score, mean of longitude and latitude + KS distance of step lengths + that of turning angles,
    + 3 × what the trips are nearer to the training trips, or less diverse, than the limits allow.

    Args:
        train: trips of the training birds.
        validation: trips of the validation birds.
        start_from_epoch: epochs before it are scored, but not chosen.
        backup: file (.npz) of the best weights until the end of `fit`, so that a killed one finds them again.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> positions = np.random.default_rng(0).normal(0, 3000, (4, 30, 2))
        >>> ds = trips_dataset(positions, colony=(-77.264, -11.773), step_seconds=60, birds=list("AABB"), lengths=[25] * 4)
        >>> scores = TripSelection(ds, ds).scores(ds)
        >>> print(scores["val_periodogram"], scores["too_close"])
        0.0 1.0
    """

    def __init__(self, train: xr.Dataset, validation: xr.Dataset, start_from_epoch: int = 0, backup: Path | None = None):
        super().__init__()
        self.start_from_epoch, self.backup, self.steps = start_from_epoch, backup, train.sizes["step"]
        self.series = [published_series(ds, KILOMETRE, self.steps) for ds in (train, validation)]
        self.statistics = trip_statistics(closed_trips(validation, self.steps), validation.attrs["step_seconds"])
        self.nearest = NearestTrips(closed_trips(train, self.steps), train.bird.values)
        self.best, self.weights = np.inf, None

    def on_train_begin(self, logs=None):
        if self.backup is not None and self.backup.is_file():
            with np.load(self.backup) as saved:
                self.best, *self.weights = saved.values()

    def on_epoch_end(self, epoch, logs=None):
        # The same random numbers each time, so that epochs can be compared.
        scores = self.scores(self.model.sample(TRIPS, seed=0))
        if logs is not None:
            logs.update(scores)
        if epoch >= self.start_from_epoch and scores["val_score"] < self.best:
            self.best, self.weights = scores["val_score"], self.model.get_weights()
            if self.backup is not None:
                write_whole(self.backup, lambda path: np.savez(path, self.best, *self.weights))

    def on_train_end(self, logs=None):
        if self.weights is not None:
            self.model.set_weights(self.weights)
        if self.backup is not None:
            self.backup.unlink(missing_ok=True)

    def scores(self, simulated: xr.Dataset) -> dict[str, float]:
        """What is logged, of simulated trips."""
        series = published_series(simulated, KILOMETRE, self.steps)
        training, validation = (float(periodogram_score(real, series).mean()) for real in self.series)
        closed = closed_trips(simulated, self.steps)
        memory = {name: float(value) for name, value in self.nearest.scores(closed).items()}
        found = trip_statistics(closed, simulated.attrs["step_seconds"])
        distances = [ks_2samp(found[name], self.statistics[name]).statistic for name in ("step_length", "turning_angle")]
        missed = [NEAREST - memory["nearest"], NEAREST - memory["nearest_windows"]]
        missed += [memory["too_close"] - TOO_CLOSE, DIVERSITY - memory["diversity"]]
        score = validation + sum(distances) + PENALTY * sum(max(each, 0) for each in missed)
        return {"periodogram": training, **memory, "val_periodogram": validation, "val_score": float(score)}
