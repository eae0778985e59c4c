"""Real trips again: the generator that remembers."""

import numpy as np

from geodl.baselines.trip_walk import TripWalk


class TripBootstrap(TripWalk):
    """Training trips, drawn with replacement: a control, which has the best spectrum and copies everything.

    References:
        Efron (1979), Bootstrap methods: another look at the jackknife, Annals of Statistics 7.
    """

    def estimate(self, closed):
        self.closed = closed

    def draw(self, n, random):
        drawn = self.closed[random.integers(len(self.closed), size=n)]
        return drawn, np.isfinite(drawn[..., 0]).sum(axis=1) - 1
