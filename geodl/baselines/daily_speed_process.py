"""Daily wind speeds at stations: a Gaussian process that corrects a vector autoregression."""

import keras
import numpy as np
from scipy import linalg
from scipy.spatial.distance import cdist

from geodl.baselines.daily_speeds import DailySpeedAutoregression

BEFORE = 0.5  # weight of the day before the last one in the likeness of two pasts


@keras.saving.register_keras_serializable(package="geodl")
class DailySpeedProcess(DailySpeedAutoregression):
    r"""What a vector autoregression leaves of root speed, as a function of the last two days that is a Gaussian process.

    $$ \mathbf q_{t+1} = \mathrm{VAR} + f(\mathbf x_t) + \boldsymbol\varepsilon, \quad
       \mathrm{cov}(f(\mathbf x), f(\mathbf x')) \propto \exp(-|\mathbf x - \mathbf x'|^2 / 2 \ell^2), \quad
       \mathbf x_t = (\mathbf q'_t, \tfrac12 \mathbf q'_{t-1}) $$

    \(\mathbf q'\) is the deviation from the season. The spread is that of the errors when each day is left out in turn.

    Args:
        length: \(\ell\), in units of the root mean square of \(|\mathbf x|\).
        noise: variance of \(\boldsymbol\varepsilon\) over that of \(f\).
        order, harmonics, coupled: of the `VectorAutoregression`.

    References:
        Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, MIT Press, sections 2.2 and 5.4.2.

    Example:
        >>> times = np.datetime64("2020-01-01") + np.arange(500)
        >>> speed = np.random.default_rng(0).gamma(4.0, 1.0, (500, 2))
        >>> model = DailySpeedProcess(order=1).estimate(speed, times)
        >>> print(model.forecast(speed, times)["quantiles"].shape)
        (500, 2, 5)
    """

    def __init__(self, length=0.7, noise=3.0, **kwargs):
        super().__init__(**kwargs)
        self.length, self.noise = float(length), float(noise)

    def estimate(self, speed: np.ndarray, times: np.ndarray) -> "DailySpeedProcess":
        """Fits the autoregression, then the process, to speeds (time, station)."""
        super().estimate(speed, times)
        root_speed = np.sqrt(speed)
        errors = root_speed[1:] - super().following(root_speed, times)[:-1]
        known = np.isfinite(errors).all(axis=1)
        self.known = self._pasts(root_speed, times)[:-1][known]
        self.scale = self.length * np.sqrt(np.mean(np.sum(self.known**2, axis=1)))
        inverse = linalg.inv(self._covariance(self.known) + self.noise * np.eye(len(self.known)), overwrite_a=True)
        self.dual = inverse @ errors[known]
        # Errors of days that are left out: equation 5.12 of the reference.
        self.deviation = np.std(self.dual / np.diagonal(inverse)[:, None], axis=0)
        return self

    def following(self, root_speed, times):
        correction = self._covariance(self._pasts(root_speed, times)) @ self.dual
        return super().following(root_speed, times) + correction

    def _pasts(self, root_speed, times):
        """The last two days (time, 2 × station), 0 where they are missing."""
        deviations = np.nan_to_num(self.root_speed.deviations(root_speed, times))
        before = np.concatenate([np.zeros_like(deviations[:1]), deviations[:-1]])
        return np.concatenate([deviations, BEFORE * before], axis=1)

    def _covariance(self, pasts):
        """With the pasts that are known: (time, known)."""
        return np.exp(-cdist(pasts, self.known, "sqeuclidean") / (2 * self.scale**2))

    def get_config(self):
        return {**super().get_config(), "length": self.length, "noise": self.noise}
