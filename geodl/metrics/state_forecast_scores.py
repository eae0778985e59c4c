"""Scores of forecasts of dynamical systems."""

from dataclasses import dataclass

import numpy as np

from geodl.metrics.lyapunov import kaplan_yorke_dimension
from geodl.metrics.scores import Scores, rounded


@dataclass
class StateForecastScores(Scores):
    """What is measured of one approach.

    Args:
        dt: time between two states, in time units and in Lyapunov times.
        rmse: relative RMSE (lead,) of lead times dt, 2 dt, …
        valid_times: valid prediction time (sample,), in Lyapunov times.
        exponents: Lyapunov exponents (component,), not numbers where the approach is not a map of the state.
        attractor_distance: between the distributions of a long run and of the truth.
        example: forecast (lead, component) of the first sample.
        long_run: states (time, component) of one run of 100 time units.
        seconds: of all forecasts of the test split.

    Example:
        >>> growing = 0.1 * 2.0 ** np.arange(8)
        >>> chaos, states = np.array([0.9, 0.0, -14.6]), np.zeros((8, 3))
        >>> scores = StateForecastScores((0.1, 0.2), growing, np.array([1.0, 3.0]), chaos, 0.2, states, states, seconds=1.0)
        >>> scores.result()["relative_rmse"], scores.result()["valid_prediction_time"]
        ([0.1, 0.8], [2.0])
    """

    dt: tuple[float, float]
    rmse: np.ndarray
    valid_times: np.ndarray
    exponents: np.ndarray
    attractor_distance: float
    example: np.ndarray
    long_run: np.ndarray
    seconds: float

    SCORES = (
        "relative_rmse", "valid_prediction_time", "leading_exponent", "kaplan_yorke_dimension", "attractor_distance",
    )  # fmt: skip

    @property
    def relative_rmse(self) -> np.ndarray:
        """At dt and 4 dt."""
        return self.rmse[[0, 3]]

    @property
    def valid_prediction_time(self) -> float:
        """The median."""
        return np.median(self.valid_times)

    @property
    def leading_exponent(self) -> float:
        """The largest one."""
        return self.exponents[0]

    @property
    def kaplan_yorke_dimension(self) -> float:
        """Of the attractor, from all exponents."""
        return kaplan_yorke_dimension(self.exponents)

    def rows(self) -> list[dict]:
        """Scores as a line of a table."""
        result = self.result()
        dt, later = result.pop("relative_rmse")
        return [
            {
                "rmse_at_dt": dt,
                "rmse_at_4_dt": later,
                "rmse_at_1_lyapunov_time": rounded(self.rmse[round(1 / self.dt[1]) - 1]),
                **{name: value for name, (value,) in result.items()},
                **self.duration(),
            }
        ]
