"""A bird that keeps its heading, more or less, until it must return."""

import numpy as np
from scipy import stats

from geodl.baselines.trip_walk import TripWalk, returning_walk, steps_and_turns


class CorrelatedWalk(TripWalk):
    """A correlated random walk with a bias to the colony: gamma steps, von Mises turns.

    References:
        Kareiva and Shigesada (1983), Analyzing insect movement as a correlated random walk, Oecologia 56; Benhamou (2006),
        Detecting an orientation component in animal paths when the preferred direction is individual-dependent, Ecology 87.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> time = np.linspace(0, np.pi, 30)
        >>> trips = np.stack([np.stack([1e4 * np.sin(time), a * np.sin(2 * time)], axis=-1) for a in (1e3, 2e3, 3e3)])
        >>> walk = CorrelatedWalk().estimate(trips_dataset(trips, colony=(-77.3, -11.8), step_seconds=60))
        >>> print(dict(walk.sample(5).sizes))
        {'trip': 5, 'step': 31}
    """

    def learn(self, closed):
        length, turn = steps_and_turns(closed)
        known = np.isfinite(turn)
        self.shape, _, self.scale = stats.gamma.fit(length[known], floc=0)
        self.concentration = stats.vonmises.fit(turn[known], floc=0, fscale=1)[0]

    def simulate(self, durations, random):
        def draw(step):
            count = len(durations)
            return random.gamma(self.shape, self.scale, count), random.vonmises(0, self.concentration, count)

        return returning_walk(durations, self.bearing, self.speed, draw, random)
