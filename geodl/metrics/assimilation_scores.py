"""Scores of estimates of the states of a window."""

from dataclasses import dataclass

import numpy as np

from geodl.metrics.scores import Scores
from geodl.metrics.window_loss import gaussian_crps

EDGE = 10  # first and last steps of a window, which dominate the error


@dataclass
class AssimilationScores(Scores):
    """What is measured of one approach.

    Args:
        mse: mean squared error of all steps of the windows.
        mse_inner: of their inner steps.
        mse_observed: where there is an observation.
        mse_unobserved: where there is none.
        nmse: mean squared error over the variance of the states.
        crps: of the Gaussian of mean and standard deviation; the mean absolute error where there is no standard deviation.
        spread_skill: root mean square of the standard deviation over that of the error.
        by_time: root mean squared error (time,).
        example: estimate (time, component) of the first window.
        seconds: a window, all windows at once, with the first call that compiles.

    Example:
        >>> truth = np.random.default_rng(0).normal(size=(5, 40, 3))
        >>> scores = AssimilationScores.of(truth + 1, np.ones_like(truth), truth, observed=truth > 0, seconds=0.0)
        >>> print(scores.mse, scores.mse_observed, scores.spread_skill)
        1.0 1.0 1.0
    """

    mse: float
    mse_inner: float
    mse_observed: float
    mse_unobserved: float
    nmse: float
    crps: float
    spread_skill: float
    by_time: np.ndarray
    example: np.ndarray
    seconds: float

    SCORES = ("mse", "mse_inner", "mse_observed", "mse_unobserved", "nmse", "crps", "spread_skill")
    SECONDS = "seconds_a_window"

    @classmethod
    def of(cls, state, deviation, truth, observed, seconds: float) -> "AssimilationScores":
        """Scores of states (window, time, component), with their standard deviation or None.

        `observed` is True where there was an observation; `seconds` are those of a window.
        """
        state, truth = state.astype("float64"), truth.astype("float64")
        squares = (state - truth) ** 2
        known = deviation is not None and bool((deviation > 0).all())
        return cls(
            mse=squares.mean(),
            mse_inner=squares[:, EDGE:-EDGE].mean(),
            mse_observed=squares[observed].mean(),
            mse_unobserved=squares[~observed].mean(),
            nmse=squares.mean() / truth.var(axis=(0, 1)).mean(),
            crps=(np.array(gaussian_crps(state, deviation.astype("float64"), truth)) if known else np.sqrt(squares)).mean(),
            spread_skill=np.sqrt((deviation.astype("float64") ** 2).mean() / squares.mean()) if known else np.nan,
            by_time=np.sqrt(squares.mean(axis=(0, 2))),
            example=state[0],
            seconds=seconds,
        )
