"""Scores of forecasts of a dynamical system."""

import numpy as np
from scipy import stats


def relative_rmse(forecast: np.ndarray, truth: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    r"""Root mean squared error over samples and components, relative to the climatological standard deviation.

    $$ \sqrt{\overline{|\mathbf x - \mathbf x^*|^2} / \overline{|\boldsymbol\sigma|^2}} $$

    Args:
        forecast: states (sample, time, component).
        truth: of the same shape.
        deviation: standard deviation (component,) of the climatology.

    Returns:
        (time,), not a number where a forecast is not.

    Example:
        >>> print(relative_rmse(np.ones((4, 1, 3)), np.zeros((4, 1, 3)), np.full(3, 2.0)))
        [0.5]
    """
    return np.sqrt(np.mean((forecast - truth) ** 2, axis=(0, 2)) / np.mean(deviation**2))


def valid_prediction_time(
    forecast: np.ndarray, truth: np.ndarray, deviation: np.ndarray, dt: float, threshold: float = 0.4
) -> np.ndarray:
    r"""Time until the error of each forecast exceeds a threshold, \(|\mathbf x - \mathbf x^*| > 0.4\, |\boldsymbol\sigma|\).

    Args:
        forecast: states (sample, time, component), the first one after `dt`.
        truth: of the same shape.
        deviation: standard deviation (component,) of the climatology.
        dt: time between two states; in Lyapunov times, to get the result in Lyapunov times.
        threshold: share of the standard deviation.

    Returns:
        (sample,), the last time where a forecast stays below the threshold.

    Example:
        >>> truth = np.zeros((1, 4, 1))
        >>> print(valid_prediction_time(truth + [[[0.0], [0.1], [0.5], [0.9]]], truth, np.ones(1), dt=0.1))
        [0.2]
    """
    error = np.sqrt(np.mean((forecast - truth) ** 2, axis=2) / np.mean(deviation**2))
    wrong = ~(error <= threshold)  # what is not a number is wrong
    return dt * np.where(wrong.any(axis=1), wrong.argmax(axis=1), wrong.shape[1])


def attractor_distance(states: np.ndarray, truth: np.ndarray) -> float:
    r"""Wasserstein distance of the distribution of each component, over its standard deviation; mean over components.

    Args:
        states: (sample, component) of long runs of a model.
        truth: (sample, component) of the attractor.

    Returns:
        0 for the same distribution; about one for a single point; infinite if a state is not finite.

    Example:
        >>> truth = np.arange(10.0)[:, None]
        >>> print(round(attractor_distance(truth + truth.std(), truth), 6))
        1.0
    """
    if not np.isfinite(states).all():
        return float("inf")
    distances = [stats.wasserstein_distance(a, b) / b.std() for a, b in zip(states.T, truth.T, strict=True)]
    return float(np.mean(distances))
