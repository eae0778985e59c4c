"""Real trips again: the generator that remembers."""

import numpy as np

from geodl.baselines.trip_walk import TripWalk


class TripBootstrap(TripWalk):
    """Training trips, drawn with replacement: a control, which has the best spectrum and copies everything.

    References:
        Efron (1979), Bootstrap methods: another look at the jackknife, Annals of Statistics 7.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> time = np.linspace(0, np.pi, 30)
        >>> trips = np.stack([np.stack([1e4 * np.sin(time), a * np.sin(2 * time)], axis=-1) for a in (1e3, 2e3, 3e3)])
        >>> walk = TripBootstrap().estimate(trips_dataset(trips, colony=(-77.3, -11.8), step_seconds=60))
        >>> print(dict(walk.sample(5).sizes))
        {'trip': 5, 'step': 31}
    """

    def learn(self, closed):
        self.closed = closed

    def draw(self, n, random):
        drawn = self.closed[random.integers(len(self.closed), size=n)]
        return drawn, np.isfinite(drawn[..., 0]).sum(axis=1) - 1
