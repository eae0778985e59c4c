"""Scores of forecasts of wind fields."""

from dataclasses import dataclass

import numpy as np

from geodl.metrics.scores import Scores

LEADS = (1, 3, 6)  # hours, in a row of a table


@dataclass
class WindFieldScores(Scores):
    r"""Scores by lead time (lead,), over samples and pixels where the true wind is known.

    With forecast \(\mathbf u\), truth \(\mathbf u^*\) and persistence \(\mathbf u_0\), the vector RMSE is
    \(\sqrt{\overline{|\mathbf u - \mathbf u^*|^2}}\), and the skill \(1 - \overline{|\mathbf u - \mathbf u^*|^2} /
    \overline{|\mathbf u_0 - \mathbf u^*|^2}\).

    Args:
        vector_rmse: m s⁻¹.
        speed_rmse: RMSE of the speed, m s⁻¹.
        speed_mae: mean absolute error of the speed, m s⁻¹.
        skill: against persistence; 1 is best, 0 as persistence.
        fields: the forecasts (sample, lead, y, x, 2).
        seconds: of all forecasts.

    References:
        Jolliffe and Stephenson (2012), Forecast verification, Wiley.

    Example:
        >>> last, truth = np.zeros((1, 2, 2, 2)), np.full((1, 1, 2, 2, 2), [3.0, 4.0])
        >>> scores = WindFieldScores.of(truth / 2, truth, last, seconds=0.0)
        >>> print(scores.vector_rmse, scores.speed_mae, scores.skill)
        [2.5] [2.5] [0.75]
    """

    vector_rmse: np.ndarray
    speed_rmse: np.ndarray
    speed_mae: np.ndarray
    skill: np.ndarray
    fields: np.ndarray
    seconds: float

    SCORES = ("vector_rmse", "speed_rmse", "speed_mae", "skill")

    @classmethod
    def of(cls, fields: np.ndarray, truth: np.ndarray, last: np.ndarray, seconds: float) -> "WindFieldScores":
        """Scores of forecasts (sample, lead, y, x, 2) of a truth of the same shape, NaN where it is unknown.

        `last` is the last wind (sample, y, x, 2) before.
        """
        truth = truth.astype("float64")
        square, unchanged = (_mean(np.sum((field - truth) ** 2, axis=-1)) for field in (fields, last[:, None]))
        error = np.hypot(*np.moveaxis(fields, -1, 0)) - np.hypot(*np.moveaxis(truth, -1, 0))
        return cls(
            vector_rmse=np.sqrt(square),
            speed_rmse=np.sqrt(_mean(error**2)),
            speed_mae=_mean(np.abs(error)),
            skill=1 - square / unchanged,
            fields=fields,
            seconds=seconds,
        )

    def rows(self) -> list[dict]:
        """Scores as a line of a table, at one, three and six hours."""
        result = self.result()
        return [{f"{name}_{lead}h": result[name][lead - 1] for name in self.SCORES for lead in LEADS} | self.duration()]


def _mean(values):
    """Over samples and pixels: (lead,)."""
    return np.nanmean(values, axis=(0, 2, 3))
