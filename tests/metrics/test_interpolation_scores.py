import numpy as np
import pytest

from geodl.metrics import InterpolationScores

RANDOM = np.random.default_rng(0)
TRUTH = np.cumsum(np.cumsum(RANDOM.standard_normal((6, 20, 64)), axis=1), axis=2) / 20
ERROR = 0.3 * RANDOM.standard_normal(TRUTH.shape)
OBSERVED = RANDOM.random(TRUTH.shape) < 0.4


def scores(fields=TRUTH + ERROR, deviation=None, truth=TRUTH, logarithmic=False):
    return InterpolationScores.of(fields, deviation, truth, OBSERVED, logarithmic, seconds=1.0)


def test_errors_are_those_of_their_definitions():
    found = scores()
    assert found.rmse_gaps == pytest.approx(np.sqrt(np.mean(ERROR[~OBSERVED] ** 2)))
    assert found.rmse_observed == pytest.approx(np.sqrt(np.mean(ERROR[OBSERVED] ** 2)))
    assert found.r2 == pytest.approx(1 - np.mean(ERROR**2) / TRUTH.var())
    assert found.crps == pytest.approx(np.abs(ERROR[~OBSERVED]).mean())
    # Differences of independent errors have twice their variance.
    assert found.gradient_rmse == pytest.approx(0.3 * np.sqrt(2), rel=0.03)


def test_errors_of_concentrations_are_those_of_their_logarithm():
    found = scores(10 ** (TRUTH + ERROR), truth=10**TRUTH, logarithmic=True)
    assert found.rmse_gaps == pytest.approx(scores().rmse_gaps)
    assert found.mape == pytest.approx(100 * np.abs(10**ERROR - 1)[~OBSERVED].mean())


def test_interval_of_ninety_percent_covers_ninety_percent():
    assert scores(deviation=np.full(TRUTH.shape, 0.3)).coverage == pytest.approx(0.9, abs=0.01)
    assert scores(deviation=np.full(TRUTH.shape, 0.1)).coverage < 0.5


def test_land_is_left_out():
    land = TRUTH.copy()
    land[:, :, :4] = np.nan
    found = scores(np.where(np.isnan(land), 1e9, TRUTH + 0.3), truth=land)
    assert found.rmse == pytest.approx(0.3)


def test_effective_resolution_is_where_error_and_truth_part():
    x = np.arange(64)
    long, short = np.sin(2 * np.pi * x / 16), np.sin(2 * np.pi * x / 4)
    truth = np.broadcast_to(long + short, (3, 20, 64)) + 1e-6 * RANDOM.standard_normal((3, 20, 64))
    found = InterpolationScores.of(truth - short, None, truth, np.zeros(truth.shape, bool), False, 1.0)
    assert 4 <= found.effective_resolution < 16
