import numpy as np
import pytest

from geodl.layers import linear_analysis
from geodl.layers.linear_analysis import LinearAnalysis
from geodl.layers.overlapping_pieces import overlapping_pieces


@pytest.mark.parametrize(
    "shape, margins, most", [((10, 31, 47), (2, 3, 4), 2000), ((90, 5, 7), (4, 9, 9), 700), ((7,), (0,), 3)]
)
def test_weights_add_up_to_one_and_pieces_are_small(shape, margins, most):
    total, pieces = np.zeros(shape), list(overlapping_pieces(shape, margins, most))
    assert len(pieces) > 1
    for piece, weights in pieces:
        assert weights.shape == total[piece].shape and weights.size <= most
        total[piece] += weights
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_axes_shorter_than_their_margins_stay_whole():
    assert len(list(overlapping_pieces((10, 20), (5, 10), 50))) == 1


def test_pieces_of_a_series_have_no_seams(monkeypatch):
    random = np.random.default_rng(0)
    time, y, x = np.ogrid[:4, :60, :80]
    wave = np.sin(x / 4 - time) * np.cos(y / 5)
    series = np.where(random.random(wave.shape) < 0.3, wave + 0.1 * random.standard_normal(wave.shape), np.nan)
    analysis = LinearAnalysis(tolerance=1e-5)
    analysis.local.assign((0, 2, 1), (0, 3, 1.5), (0, 3, 1.5), 0.3, 0.01)
    analysis.mean_variance.assign([[0.01]])
    whole, deviation = analysis.of_series(series)
    monkeypatch.setattr(linear_analysis, "CELLS_AT_ONCE", 6000)
    found, spread = analysis.of_series(series)
    # Of a field whose standard deviation is .5, observed with errors of .1.
    np.testing.assert_allclose(found, whole, atol=0.02)
    assert np.sqrt((spread**2).mean()) == pytest.approx(np.sqrt((deviation**2).mean()), rel=0.1)
