"""Covariances in time and space of a series with gaps, by maximum likelihood of what was observed."""

import numpy as np
import tensorflow as tf
from scipy import optimize

from geodl.layers.covariance_fit import check_difference, fit_two_covariances

CLUSTERS, SIZE = 16, 160  # of observations whose likelihood is computed
NEAR = (2, 12, 12)  # times, rows and columns on each side of the middle of a cluster, where each observation may belong to it
ELSEWHERE = 20_000  # observations that may, too
TIME = 3.0  # pixels that a step of time is apart
MEAN_VARIANCE = 3.0  # of an unknown mean, over the variance of the sample
# Variance over that of the sample, times, rows, columns of what changes; variance, rows, columns of what does not; powers in
# time and in space; variance of the noise; share of what changes that all rows, and all columns, have in common.
START = (0.6, 4.0, 5.0, 5.0, 0.6, 12.0, 12.0, 1.3, 1.3, 0.02, 0.1)
LOW = (1e-3, 0.3, 0.5, 0.5, 1e-3, 0.5, 0.5, 0.6, 0.6, 1e-4, 1e-3)
# Rather too rough than too smooth: large gaps are filled without adventures.
HIGH = (20.0, 60.0, 600.0, 600.0, 20.0, 600.0, 600.0, 1.5, 1.5, 1.0, 0.9)
HOLD = 1e-4  # on squares of logarithms: what observations do not tell stays at the start


def fit_likelihood(series: np.ndarray, seed: int = 0) -> tuple[dict | None, dict]:
    r"""Covariances of what does not change in time and of what does, whose mean at a pixel is not known.

    $$ c(t, y, x) = \sigma_d^2\, e^{-(t / L_t)^{q}} \prod_{l = y, x} \left(a + (1 - a)\, e^{-(l / L_l)^{p}}\right)
       + \sigma_c^2\, e^{-(y / M_y)^{p} - (x / M_x)^{p}} + r\, [t = y = x = 0] $$

    The likelihood is that of some clusters of observations, close to each other and far apart. Where few pixels are seen, it
    knows scales for which there are not enough pairs of any one distance.

    Args:
        series: (time, y, x), NaN where missing, of mean 0.
        seed: of the choice of observations.

    Returns:
        As `fit_two_covariances`, which also does the work for a single field.

    Raises:
        ValueError: fewer than two observed values, or values that are all the same.

    References:
        Stein et al. (2004), Approximating likelihoods for large spatial data sets, Journal of the Royal Statistical Society B
        66.

    Example:
        >>> random = np.random.default_rng(0)
        >>> field = np.cumsum(random.standard_normal((6, 1, 1)), axis=0) + np.sin(np.arange(20) / 4)
        >>> seen = random.random((6, 20, 20)) < 0.1
        >>> constant, changing = fit_likelihood(np.where(seen, field, np.nan))
        >>> print(constant["x"][1] < 100 < changing["x"][1])
        True
    """
    if len(series) == 1:
        return fit_two_covariances(series)
    variance = check_difference(series[np.isfinite(series)]).var()
    places, values = _clusters(series, np.random.default_rng(seed))
    values = tf.constant(values[..., None] / np.sqrt(variance))
    apart = np.abs(places[:, :, None] - places[:, None])
    logarithms = tf.constant(np.log(np.maximum(apart, 1e-30)))  # nothing apart is nearly nothing to any power
    start, low, high = (np.log(values) for values in (START, LOW, HIGH))

    def misfit(x):
        powers = tf.exp(tf.gather(x, (7, 8, 8)))
        lags = tf.exp(powers * logarithms)
        time, rows, columns = tf.unstack(tf.exp(-lags * tf.exp(-powers * x[1:4])), axis=-1)
        common = tf.exp(x[10])
        changing = tf.exp(x[0]) * time * (common + (1 - common) * rows) * (common + (1 - common) * columns)
        constant = tf.exp(x[4] - tf.tensordot(lags[..., 1:], tf.exp(-powers[1:] * x[5:7]), 1))
        covariance = changing + constant + MEAN_VARIANCE + tf.exp(x[9]) * tf.eye(values.shape[1], dtype=x.dtype)
        root = tf.linalg.cholesky(covariance)
        squares = tf.linalg.triangular_solve(root, values) ** 2 / 2
        likelihood = tf.reduce_mean(squares[..., 0] + tf.math.log(tf.linalg.diag_part(root)))
        return likelihood + HOLD * tf.reduce_sum((x - start) ** 2)

    @tf.function
    def with_gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = misfit(x)
        return found, tape.gradient(found, x)

    found = optimize.minimize(
        lambda x: [part.numpy() for part in with_gradient(tf.constant(x))],
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(low, high, strict=True)),
    )
    return _parameters(*np.exp(found.x).tolist(), float(variance))


def _parameters(changing, days, rows, columns, constant, wide_rows, wide_columns, in_time, in_space, noise, common, variance):
    """As `fit_two_covariances` gives them."""
    # Each observation of what is constant is disturbed by what changes, for as long as it stays.
    disturbance = (changing + noise) * (1 + 2 * days)
    lasting = {"time": (1.0, 1.0, 1.0), "y": (0.0, wide_rows, in_space), "x": (0.0, wide_columns, in_space)}
    passing = {"time": (0.0, days, in_time), "y": (common, rows, in_space), "x": (common, columns, in_space)}
    return (
        lasting | {"variance": constant * variance, "noise": disturbance * variance},
        passing | {"variance": changing * variance, "noise": noise * variance},
    )


def _clusters(series, random):
    """Places (cluster, observation, axis) and values (cluster, observation), the denser the nearer to the middle."""
    seen = np.flatnonzero(np.isfinite(series))
    size = min(SIZE, len(seen))
    far = random.choice(seen, min(ELSEWHERE, len(seen)), replace=False)
    each = len(seen) / len(far)  # observations for which one of them stands
    far = np.stack(np.unravel_index(far, series.shape), axis=-1)
    clusters = []
    for middle in random.choice(far, CLUSTERS):
        first = np.maximum(middle - NEAR, 0)
        window = tuple(slice(low, middle + reach + 1) for low, middle, reach in zip(first, middle, NEAR, strict=True))
        near = first + np.argwhere(np.isfinite(series[window]))
        outside = far[(np.abs(far - middle) > NEAR).any(axis=1)]
        places = np.concatenate([near, outside])
        weights = (1 + np.linalg.norm((places - middle) * (TIME, 1, 1), axis=1)) ** -2.0
        weights[len(near) :] *= each
        clusters.append(places[random.choice(len(places), size, replace=False, p=weights / weights.sum())])
    places = np.array(clusters)
    return places.astype("float64"), series[tuple(np.moveaxis(places, -1, 0))].astype("float64")
