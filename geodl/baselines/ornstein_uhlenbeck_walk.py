"""A bird whose velocity forgets itself and is pulled to the colony."""

import numpy as np

from geodl.baselines.trip_walk import TripWalk


class OrnsteinUhlenbeckWalk(TripWalk):
    r"""Velocity after Ornstein and Uhlenbeck, biased to the colony, given that the bird is back at the end.

    $$ \mathbf v_{k+1} = a \mathbf v_k - b \mathbf p_k + \boldsymbol\varepsilon_k, \quad
       \mathbf p_{k+1} = \mathbf p_k + \mathbf v_{k+1} $$

    with Gaussian ε and a Gaussian first step, of the mean and covariance that the second steps of the birds have; a, b and the
    covariance of ε are fitted by least squares. Positions are Gaussian, so that the condition \(\mathbf p_n = 0\) is met
    exactly: \(\mathbf p_k - C_{kn} C_{nn}^{-1} \mathbf p_n\).

    References:
        Johnson et al. (2008), Continuous-time correlated random walk model for animal telemetry data, Ecology 89.

    Example:
        >>> from geodl.trips import trips_dataset
        >>> time = np.linspace(0, np.pi, 30)
        >>> trips = np.stack([np.stack([1e4 * np.sin(time), a * np.sin(2 * time)], axis=-1) for a in (1e3, 2e3, 3e3)])
        >>> walk = OrnsteinUhlenbeckWalk().estimate(trips_dataset(trips, colony=(-77.3, -11.8), step_seconds=60))
        >>> print(dict(walk.sample(5).sizes))
        {'trip': 5, 'step': 31}
    """

    def learn(self, closed):
        steps = np.diff(closed, axis=1)
        now, after, place = steps[:, :-1], steps[:, 1:], closed[:, 1:-1]
        known = np.isfinite(after)
        design = np.stack([now[known], -place[known]], axis=-1)
        self.weights = np.linalg.lstsq(design, after[known], rcond=None)[0]
        error = after - self.weights[0] * now + self.weights[1] * place
        self.noise = np.cov(error[known.all(axis=-1)].T)
        self.first_mean, self.first_covariance = steps[:, 1].mean(axis=0), np.cov(steps[:, 1].T)

    def simulate(self, durations, random):
        count, steps = len(durations), int(durations.max())
        kicks = random.multivariate_normal(np.zeros(2), self.noise, size=(count, steps))
        kicks[:, 0] = random.multivariate_normal(np.zeros(2), self.first_covariance, size=count)
        response = self._response(steps)  # (position, kick)
        positions = response @ kicks + (response[:, :1] * self.first_mean)
        # The covariance of positions, per component, that the two kinds of kicks make.
        gain = response[:, 1:] @ response[:, 1:].T
        found = np.zeros_like(positions)
        for duration in np.unique(durations):
            chosen = durations == duration
            covariance = gain[:, duration, None, None] * self.noise
            covariance = covariance + (response[:, 0] * response[duration, 0])[:, None, None] * self.first_covariance
            back = np.linalg.solve(covariance[duration], positions[chosen, duration].T)
            found[chosen] = positions[chosen] - np.einsum("kij,jn->nki", covariance, back)
        return found

    def _response(self, steps: int) -> np.ndarray:
        """Positions (steps + 1,) after a unit kick at each of the steps (steps,)."""
        a, b = self.weights
        place, velocity = np.zeros(steps + 1), 1.0
        for step in range(steps):
            place[step + 1] = place[step] + velocity
            velocity = a * velocity - b * place[step + 1]
        late = np.arange(steps + 1)[:, None] - np.arange(steps)
        return np.where(late > 0, place[np.maximum(late, 0)], 0.0)
