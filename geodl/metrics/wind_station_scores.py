"""Scores of forecasts of the wind at stations."""

from dataclasses import dataclass

import numpy as np

from geodl.metrics.scores import Scores, rounded

# Probabilities of quantiles: ends of the 90 % interval, then the middles of twenty equal parts, for the CRPS.
LEVELS = (0.05, 0.95, *(np.arange(20) + 0.5) / 20)


@dataclass
class WindStationScores(Scores):
    r"""Scores by lead time (lead,), over hours and stations where the wind is known and its series is counted.

    CRPS is \(2\, \overline{\rho_\tau(s - q_\tau)}\), the pinball loss of the quantiles of the speed, the absolute error for a
    forecast without spread. The energy score is \(\overline{|\mathbf u_i - \mathbf u|} - \tfrac12 \overline{|\mathbf u_i -
    \mathbf u_j|}\) of samples of the wind; the variogram score of order ½ compares \(|s_l - s_m|^{1/2}\) of all pairs of leads,
    or of all pairs of stations.

    Args:
        speed_rmse, speed_mae, vector_rmse, u_rmse, v_rmse: m s⁻¹.
        crps: of the speed, m s⁻¹.
        energy_score: of u and v together, m s⁻¹.
        coverage: of the 90 % interval of the speed.
        variogram_score: of pairs of leads, one value.
        station_variogram_score: of pairs of stations.
        speed_errors: (hour, station, lead), for intervals of confidence.
        ranks: of the observed speed among the quantiles, uniform for a reliable forecast.
        seconds: of all forecasts.

    References:
        Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102; Scheuerer and Hamill
        (2015), Variogram-based proper scoring rules for probabilistic forecasts of multivariate quantities, Monthly Weather
        Review 143.

    Example:
        >>> truth, samples = np.ones((9, 2, 6, 3)), np.zeros((4, 9, 2, 6, 2))
        >>> fields = {"wind": samples[0], "speed": samples[0, ..., 0], "quantiles": np.zeros((9, 2, 6, len(LEVELS)))}
        >>> scores = WindStationScores.of(fields, samples, truth, seconds=0.0)
        >>> print(round(scores.crps[0], 3), scores.u_rmse[0], scores.coverage[0])
        1.0 1.0 0.0
    """

    speed_rmse: np.ndarray
    speed_mae: np.ndarray
    vector_rmse: np.ndarray
    u_rmse: np.ndarray
    v_rmse: np.ndarray
    crps: np.ndarray
    energy_score: np.ndarray
    coverage: np.ndarray
    variogram_score: np.ndarray
    station_variogram_score: np.ndarray
    speed_errors: np.ndarray
    ranks: np.ndarray
    seconds: float

    SCORES = (
        "speed_rmse", "speed_mae", "vector_rmse", "u_rmse", "v_rmse", "crps", "energy_score", "coverage", "variogram_score",
        "station_variogram_score",
    )  # fmt: skip

    @classmethod
    def of(cls, fields: dict, samples: np.ndarray, truth: np.ndarray, seconds: float) -> "WindStationScores":
        """Scores of the fields of a `WindStationForecaster`.

        Args:
            fields: "wind", "speed" and "quantiles", as a forecast has them, the latter at the probabilities `LEVELS`.
            samples: (member, hour, station, lead, 2), winds.
            truth: (hour, station, lead, 3): u, v and speed, NaN where missing or not counted.
            seconds: of all forecasts.
        """
        wind, speed = truth[..., :2], truth[..., 2]
        error, vector = fields["speed"] - speed, fields["wind"] - wind
        (low, high), quantiles = np.split(np.moveaxis(fields["quantiles"], -1, 0), [2])
        inside = np.where(np.isfinite(speed), (speed >= low) & (speed <= high), np.nan)
        return cls(
            speed_rmse=np.sqrt(_mean(error**2)),
            speed_mae=_mean(abs(error)),
            vector_rmse=np.sqrt(_mean((vector**2).sum(axis=-1))),
            u_rmse=np.sqrt(_mean(vector[..., 0] ** 2)),
            v_rmse=np.sqrt(_mean(vector[..., 1] ** 2)),
            crps=_mean(quantile_crps(quantiles, speed)),
            energy_score=_mean(_energy(samples, wind)),
            coverage=_mean(inside),
            variogram_score=float(np.nanmean(_variogram(samples, speed, axis=2))),
            station_variogram_score=_mean(_variogram(samples, speed, axis=1)),
            speed_errors=error,
            ranks=(speed > quantiles).sum(axis=0)[np.isfinite(speed)],
            seconds=seconds,
        )

    def rows(self) -> list[dict]:
        """Scores as a line of a table, at one, three and six hours."""
        result = self.result()
        one, several = result.pop("variogram_score"), {}
        for name in ("speed_rmse", "crps", "vector_rmse"):
            several |= {f"{name}_{lead}h": result[name][lead - 1] for lead in (1, 3, 6)}
        means = {name: rounded(np.mean(getattr(self, name))) for name in ("speed_mae", "energy_score", "coverage")}
        return [several | means | {"variogram_score": one[0]} | self.duration()]


def quantile_crps(quantiles: np.ndarray, speed: np.ndarray) -> np.ndarray:
    r"""CRPS \(2\, \overline{\rho_\tau(s - q_\tau)}\) (...) of the speed, from its quantiles (level, ...) at `LEVELS[2:]`.

    Example:
        >>> print(quantile_crps(np.full((20, 1), 3.0), np.array([5.0])))
        [2.]
    """
    errors, levels = speed - quantiles, np.reshape(LEVELS[2:], (-1, *np.ones(speed.ndim, int)))
    return 2 * np.maximum(levels * errors, (levels - 1) * errors).mean(axis=0)


def _mean(values):
    """Over hours and stations: (lead,)."""
    return np.nanmean(values, axis=(0, 1))


def _energy(samples, wind):
    to_truth = np.linalg.norm(samples - wind, axis=-1).mean(axis=0)
    # Pairs of one member and the next, which are as independent as all pairs.
    apart = np.linalg.norm(samples - np.roll(samples, 1, axis=0), axis=-1).mean(axis=0)
    return to_truth - apart / 2


def _variogram(samples, speed, axis):
    """Of the pairs along an axis of the speed (hour, station, lead)."""
    first, second = np.triu_indices(speed.shape[axis], 1)
    difference = lambda x: np.sqrt(abs(np.take(x, first, axis - 3) - np.take(x, second, axis - 3)))  # noqa: E731
    # One member after the other, because there are many pairs.
    expected = sum(difference(np.hypot(u, v)) for u, v in np.moveaxis(samples, -1, 1)) / len(samples)
    return (difference(speed) - expected) ** 2
