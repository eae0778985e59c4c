import numpy as np
import pytest

from geodl.layers import LinearAnalysis
from geodl.layers.orthogonal_functions import lagged_covariances, orthogonal_functions

DECAY = np.array([0.9, 0.7])


def red_modes(times=1500, pixels=30, seed=0):
    """Two patterns whose amplitudes forget at different rates."""
    random = np.random.default_rng(seed)
    patterns = np.linalg.qr(random.standard_normal((pixels, 2)))[0].T
    amplitudes = np.zeros((times, 2))
    for t in range(1, times):
        amplitudes[t] = DECAY * amplitudes[t - 1] + np.sqrt(1 - DECAY**2) * [4.0, 2.0] * random.standard_normal(2)
    return amplitudes @ patterns, patterns


def with_gaps(series, share=0.6, noise=0.09):
    """Noisy values, hidden in blocks of ten pixels as clouds do it."""
    random = np.random.default_rng(1)
    hidden = np.repeat(random.random((len(series), series.shape[1] // 10)) < share, 10, axis=1)
    return np.where(hidden, np.nan, series + np.sqrt(noise) * random.standard_normal(series.shape))


def test_without_gaps_they_are_those_of_the_singular_value_decomposition():
    series = np.random.default_rng(0).standard_normal((50, 12)).astype("float32")
    eofs, same, next_, left = orthogonal_functions(series, modes=3)
    _, values, patterns = np.linalg.svd(series)
    np.testing.assert_allclose(abs((eofs * patterns[:3]).sum(axis=1)), 1, atol=1e-4)
    np.testing.assert_allclose(np.diag(same), values[:3] ** 2 / 50, rtol=1e-4)
    amplitudes = series @ eofs.T
    np.testing.assert_allclose(next_, amplitudes[1:].T @ amplitudes[:-1] / 50, atol=1e-4)
    assert left == pytest.approx((values[3:] ** 2).sum() / 50 / 12, rel=1e-3)


def test_gaps_and_noise_leave_patterns_variances_and_memory():
    series, patterns = red_modes()
    eofs, same, next_, _ = orthogonal_functions(with_gaps(series).astype("float32"), modes=2, noise=0.09)
    np.testing.assert_allclose(abs((eofs * patterns).sum(axis=1)), 1, atol=0.02)
    np.testing.assert_allclose(np.diag(same), [16, 4], rtol=0.25)
    np.testing.assert_allclose(np.diag(next_) / np.diag(same), DECAY, atol=0.06)


def test_the_covariance_of_all_lags_is_positive_definite():
    series, _ = red_modes(times=200)
    _, same, next_, _ = orthogonal_functions(with_gaps(series).astype("float32"), modes=2, noise=0.09)
    lagged = lagged_covariances(same, next_, 12)
    blocks = [[lagged[i - j] if i >= j else lagged[j - i].T for j in range(12)] for i in range(12)]
    assert np.linalg.eigvalsh(np.block(blocks)).min() > 0


def test_an_analysis_learned_from_gaps_is_nearly_as_good_as_one_learned_from_the_truth():
    series, _ = red_modes(times=1600)
    series = series.reshape(-1, 5, 6).astype("float32")
    observed = with_gaps(series.reshape(-1, 30)).reshape(series.shape).astype("float32")
    errors = {}
    for name, known in {"truth": series, "gaps": observed}.items():
        analysis = LinearAnalysis(modes=2, lags=7, grid=(5, 6))
        analysis.adapt(known[:1500], 0.09)
        estimate = analysis(observed[None, 1500:])[0][0].numpy()
        errors[name] = np.std((estimate - series[1500:])[np.isnan(observed[1500:])])
    assert errors["gaps"] < 1.1 * errors["truth"] < 0.5 * series.std()


def test_more_modes_than_times_are_refused():
    with pytest.raises(ValueError, match="at least 9 times and pixels"):
        orthogonal_functions(np.zeros((8, 20)), modes=9)
