import numpy as np
import pytest
from scipy import stats

from box_flows import axes_of, random_flow
from geodl.metrics import SubgridScores, closure_scores, subgrid_scores


def test_scores_are_those_of_their_definitions():
    truth, fields, scalar = np.random.default_rng(0).standard_normal((3, 2, 8, 8, 8))
    assert closure_scores.relative_mse(fields, truth) == pytest.approx(((fields - truth) ** 2).mean() / (truth**2).mean())
    assert closure_scores.correlation(fields, truth) == pytest.approx(stats.pearsonr(fields.ravel(), truth.ravel())[0])
    assert closure_scores.correlation(0 * fields, truth) == 0
    assert closure_scores.dissipation_error(1.25 * truth, truth, scalar) == pytest.approx(0.25)
    assert closure_scores.dissipation_error(0.5 * truth, truth, scalar) == pytest.approx(0.5)
    ordered = np.sort(truth.ravel())
    below = [np.searchsorted(np.sort(values.ravel()), ordered, "right") for values in (fields, truth)]
    assert closure_scores.kolmogorov_smirnov(fields, truth) == pytest.approx(np.abs(below[0] - below[1]).max() / 1024, abs=2e-3)


def test_distances_of_distributions_have_their_bounds():
    truth = np.random.default_rng(0).standard_normal(20_000)
    assert closure_scores.jensen_shannon(np.random.permutation(truth), truth) == pytest.approx(0, abs=1e-6)
    assert closure_scores.jensen_shannon(truth + 100, truth) == pytest.approx(np.sqrt(np.log(2)), abs=1e-3)
    closer, further = (closure_scores.jensen_shannon(truth * factor, truth) for factor in (0.9, 0.5))
    assert 0 < closer < further < np.sqrt(np.log(2))


def test_the_spectrum_of_a_wave_is_in_its_shell_and_sums_to_the_variance():
    x, y, _ = axes_of(16)
    wave = np.broadcast_to(3 * np.cos(2 * x) * np.cos(2 * y), (1, 16, 16, 16))  # |k| = 2.83
    np.testing.assert_allclose(subgrid_scores.spectrum(wave), [[0, 0, 9 / 4, 0, 0]], atol=1e-12)
    flow = random_flow(16, 2, batch=2)
    np.testing.assert_allclose(subgrid_scores.spectrum(flow).sum(axis=-1), flow.var(axis=(2, 3, 4)), rtol=1e-10)


def test_the_distance_of_spectra_counts_factors():
    truth = np.array([4.0, 2.0, 1.0])
    assert closure_scores.spectrum_distance(truth, truth) == 0
    assert closure_scores.spectrum_distance(truth * [10, 0.1, 1], truth) == pytest.approx(2 / 3)


def test_the_turnover_time_of_one_scale():
    """All energy at wavenumber k: L = 3π/4k, u'² = 2E/3."""
    x, _, _ = axes_of(16)
    velocity = np.zeros((1, 3, 16, 16, 16))
    velocity[0, 2] = 2 * np.cos(3 * x)  # E = 1
    assert subgrid_scores.turnover_time(velocity) == pytest.approx(np.pi / 4 / np.sqrt(2 / 3))


def test_rows_and_cards_hold_rounded_numbers():
    fields = {name: 0.123456 for name in SubgridScores.SCORES} | {"spectrum_distance": np.nan}
    scores = SubgridScores(**fields, fields=np.zeros(1), spectrum=np.zeros(1), true_spectrum=np.zeros(1), seconds=1.234)
    assert scores.result()["correlation"] == [0.1235] and scores.result()["spectrum_distance"] == [None]
    (row,) = scores.rows()
    assert row["relative_mse"] == 0.1235 and row["seconds"] == 1.234
