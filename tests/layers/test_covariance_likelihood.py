"""Covariances by likelihood: of a field whose covariance is known, and where pairs are too few for moments."""

import numpy as np
import pytest

from geodl.layers import LinearAnalysis
from geodl.layers.covariance_fit import fit_two_covariances
from geodl.layers.covariance_likelihood import fit_likelihood


def random_field(shape, scales, seed):
    """Gaussian field whose correlations are exponentials of these scales."""
    field = np.random.default_rng(seed).standard_normal(shape)
    for axis, (length, scale) in enumerate(zip(shape, scales, strict=True)):
        root = np.linalg.cholesky(np.exp(-np.abs(np.subtract.outer(np.arange(length), np.arange(length))) / scale))
        field = np.moveaxis(np.tensordot(root, field, axes=(1, axis)), 0, axis)
    return field


def ten_days(seed=0, share=0.3):
    """A field that changes beside one that does not, seen here and there with noise, and the field itself."""
    truth = random_field((10, 40, 48), (5.0, 6.0, 9.0), seed) + 1.5 * random_field((1, 40, 48), (1.0, 12.0, 12.0), seed + 1)
    random = np.random.default_rng(seed + 2)
    noisy = truth + 0.3 * random.standard_normal(truth.shape)
    return np.where(random.random(truth.shape) < share, noisy, np.nan), truth


def reach(share, length, power):
    """Where a correlation falls to 1/e."""
    return length * np.log((1 - share) / (np.exp(-1) - share)) ** (1 / power)


def test_what_changes_is_told_from_what_does_not_and_from_noise():
    found = [fit_likelihood(ten_days(seed)[0]) for seed in range(0, 9, 3)]
    typical = lambda values: np.exp(np.log(list(values)).mean())  # noqa: E731
    assert typical(changing["variance"] for _, changing in found) == pytest.approx(1.0, rel=0.3)
    assert typical(changing["noise"] for _, changing in found) == pytest.approx(0.09, rel=0.3)
    assert typical(constant["variance"] for constant, _ in found) == pytest.approx(1.5**2, rel=0.5)
    for axis, scale in (("time", 5.0), ("y", 6.0), ("x", 9.0)):
        assert 0.55 < typical(reach(*changing[axis]) for _, changing in found) / scale < 1.8


def test_few_observations_tell_scales_for_which_there_are_no_pairs():
    values, truth = ten_days(share=0.02)
    assert fit_two_covariances(values - np.nanmean(values))[1]["y"][1] == 1.0  # moments give up
    errors = []
    for fit in (fit_two_covariances, fit_likelihood):
        analysis = LinearAnalysis(grid=values.shape[1:])
        analysis.adapt_with_gaps(values, fit)
        errors.append((analysis.of_series(values)[0] - truth)[np.isnan(values)].std())
    assert errors[1] < 0.8 * errors[0]


def test_a_single_field_has_the_variogram_and_a_choice_of_observations_is_repeatable():
    values, _ = ten_days()
    values -= np.nanmean(values)
    assert fit_likelihood(values[:1]) == fit_two_covariances(values[:1])
    assert fit_likelihood(values) == fit_likelihood(values)


@pytest.mark.parametrize("values", [np.full((3, 4, 4), np.nan), np.ones((3, 4, 4))])
def test_nothing_to_fit_is_refused(values):
    with pytest.raises(ValueError, match="observed values that differ"):
        fit_likelihood(values)


def test_a_handful_of_observations_is_enough():
    values = np.full((3, 5, 6), np.nan)
    values[0, 1, 1:4] = 1.0, 2.0, 4.0
    constant, changing = fit_likelihood(values)
    assert np.isfinite([constant["variance"], changing["variance"], changing["noise"]]).all()
