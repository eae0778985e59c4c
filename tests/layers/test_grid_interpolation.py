import numpy as np
import pytest
import tensorflow as tf

from geodl.layers import GridInterpolation, LinearAnalysis
from geodl.layers.covariance_fit import fit_covariance, fit_two_covariances, fit_variogram
from layer_check import check_layer

AXES = {"time": (0.1, 2.0, 1.0), "y": (0.0, 3.0, 1.5), "x": (0.2, 4.0, 1.0)}


def layer(**options):
    return GridInterpolation(**AXES, variance=2.0, noise=0.3, **{"tolerance": 1e-5, **options})


def anomalies(shape=(1, 4, 5, 6), share=0.4):
    random = np.random.default_rng(0)
    return np.where(random.random(shape) < share, random.standard_normal(shape), np.nan).astype("float32")


def dense_estimate(values):
    """Gandin's formula, in observation space, with the full covariance."""
    axes = [a + (1 - a) * np.exp(-((np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / scale) ** p))
            for n, (a, scale, p) in zip(values.shape, AXES.values(), strict=True)]  # fmt: skip
    covariance = 2.0 * np.kron(np.kron(axes[0], axes[1]), axes[2])
    flat = values.ravel()
    seen = np.isfinite(flat)
    gain = covariance[:, seen] @ np.linalg.inv(covariance[np.ix_(seen, seen)] + 0.3 * np.eye(seen.sum()))
    return (gain @ flat[seen]).reshape(values.shape)


def test_estimate_on_the_grid_is_that_in_observation_space():
    values = anomalies()
    np.testing.assert_allclose(layer()(values)[0], dense_estimate(values[0]), atol=2e-4)


def test_residual_is_below_the_tolerance_when_the_iterations_end():
    _, iterations, residual = layer(tolerance=1e-3).solve(anomalies((2, 6, 20, 20)))
    assert 1 < int(iterations) < 100
    assert np.max(residual) < 1e-3


def test_gradient_is_the_transpose_of_the_estimate():
    values = anomalies()
    known = tf.constant(values)
    weights = tf.constant(np.random.default_rng(1).standard_normal(values.shape), "float32")
    with tf.GradientTape() as tape:
        tape.watch(known)
        total = tf.reduce_sum(weights * layer()(known))
    gradient = np.nan_to_num(tape.gradient(total, known).numpy())
    # The estimate is linear: its product with the weights is the product of the gradient with what is known.
    assert float(total) == pytest.approx(float((gradient * np.nan_to_num(values)).sum()), rel=1e-3)


def test_without_any_observation_the_estimate_is_zero():
    assert np.all(np.array(layer()(np.full((1, 2, 4, 4), np.nan, "float32"))) == 0)


def test_grid_interpolation_keeps_the_contracts_of_a_layer():
    check_layer(layer(), anomalies(), tolerance=1e-3)


@pytest.mark.parametrize("axis", [(1.5, 1.0, 1.0), (0.0, 0.0, 1.0), (0.0, 1.0, 2.5)])
def test_impossible_correlations_are_refused(axis):
    with pytest.raises(ValueError, match="Expected axes"):
        GridInterpolation(axis, AXES["y"], AXES["x"], 1.0, 0.1)


def test_variances_must_be_positive():
    with pytest.raises(ValueError, match="positive variances"):
        GridInterpolation(**AXES, variance=1.0, noise=0.0)


def random_field(shape, scales, seed=0):
    """Gaussian field whose correlations are exponentials of these scales."""
    field = np.random.default_rng(seed).standard_normal(shape)
    for axis, (length, scale) in enumerate(zip(shape, scales, strict=True)):
        root = np.linalg.cholesky(np.exp(-np.abs(np.subtract.outer(np.arange(length), np.arange(length))) / scale))
        field = np.moveaxis(np.tensordot(root, field, axes=(1, axis)), 0, axis)
    return field


def test_fit_finds_scales_and_noise_of_a_field_with_gaps():
    field = random_field((200, 24, 30), (3.0, 4.0, 6.0))
    noisy = field + 0.5 * np.random.default_rng(1).standard_normal(field.shape)
    found = fit_covariance(np.where(np.random.default_rng(2).random(field.shape) < 0.5, noisy, np.nan))
    assert found["noise"] == pytest.approx(0.25, rel=0.3)
    # Where the correlation falls to 1/e, whatever the power.
    for axis, scale in (("time", 3.0), ("y", 4.0), ("x", 6.0)):
        share, length, power = found[axis]
        assert share + (1 - share) * np.exp(-((scale / length) ** power)) == pytest.approx(np.exp(-1), abs=0.08)


def test_what_does_not_change_is_told_from_what_does():
    constant = 3 * random_field((1, 24, 30), (1.0, 8.0, 8.0), seed=3)
    field = constant + random_field((120, 24, 30), (4.0, 3.0, 3.0))
    seen = np.random.default_rng(2).random(field.shape) < 0.3
    fixed, changing = fit_two_covariances(np.where(seen, field - field.mean(), np.nan))
    assert changing["variance"] == pytest.approx(1.0, rel=0.4)
    assert fixed["variance"] == pytest.approx((constant - constant.mean()).var(), rel=0.5)


@pytest.mark.parametrize("values", [np.full((3, 4, 4), np.nan), np.ones((3, 4, 4))])
def test_nothing_to_fit_is_refused(values):
    with pytest.raises(ValueError, match="observed values that differ"):
        fit_covariance(values)


def modes_of_a_field():
    """A field of three modes with red amplitudes, and its analysis."""
    random = np.random.default_rng(0)
    patterns = np.linalg.qr(random.standard_normal((48, 3)))[0].T.reshape(3, 6, 8)
    amplitudes = random_field((400, 3), (5.0, 1e-3)) * [3.0, 2.0, 1.0]
    series = np.tensordot(amplitudes, patterns, axes=1).astype("float32")
    analysis = LinearAnalysis(modes=3, lags=7, grid=(6, 8))
    analysis.adapt(series[:300], noise=0.01)
    return series[300:], analysis


def test_modes_fill_a_day_without_observations_from_its_neighbours():
    truth, analysis = modes_of_a_field()
    observed = truth.copy()
    observed[np.random.default_rng(1).random(truth.shape) < 0.7] = np.nan
    observed[::4] = np.nan
    estimate, deviation = (field[0].numpy() for field in analysis(observed[None]))
    blind, seen = np.zeros(len(truth), bool), np.ones(len(truth), bool)
    blind[::4], seen[::4] = True, False
    for days, share in ((seen, 0.1), (blind, 0.75)):
        assert np.std((estimate - truth)[days]) < share * np.std(truth)
    assert deviation[blind].mean() > 2 * deviation[seen].mean()
    # The standard deviation is that of the errors.
    assert np.sqrt(np.mean(((estimate - truth) / deviation)[blind] ** 2)) == pytest.approx(1.0, abs=0.35)


def test_linear_analysis_is_the_same_in_graph_mode_and_under_jit():
    truth, analysis = modes_of_a_field()
    observed = np.where(np.random.default_rng(1).random(truth.shape) < 0.3, truth, np.nan)[None, :20].astype("float32")
    expected = analysis(observed)
    for compiled in (tf.function(analysis), tf.function(analysis, jit_compile=True)):
        for found, wanted in zip(compiled(observed), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_modes_without_a_grid_are_refused():
    with pytest.raises(ValueError, match="grid"):
        LinearAnalysis(modes=2)


def test_variogram_finds_scale_and_noise_without_a_mean():
    field = 5.0 + random_field((1, 60, 70), (1.0, 6.0, 6.0))
    found = fit_variogram(field + 0.4 * np.random.default_rng(1).standard_normal(field.shape))
    assert found["noise"] == pytest.approx(0.16, rel=0.4)
    rows, slope = np.arange(60.0)[None, :, None], field - 5.0
    trend = fit_variogram(slope + 0.3 * rows)
    assert trend["variance"] > (slope + 0.3 * rows).var()


def test_a_mean_of_many_observations_counts_as_all_of_them():
    once = anomalies((1, 1, 5, 6))
    often = GridInterpolation((1.0, 1.0, 1.0), AXES["y"], AXES["x"], 2.0, 0.3, tolerance=1e-6)
    expected = np.array(often(np.repeat(once, 3, axis=1)))[:, :1]
    np.testing.assert_allclose(often.solve(once, 3.0)[0], expected, atol=1e-4)


def test_withheld_pixels_of_one_blob_tell_little_of_the_size_of_the_errors():
    analysis = LinearAnalysis()
    analysis.local.assign(time=(0, 1, 1), y=(0, 20, 1.5), x=(0, 50, 1.5), variance=1.0, noise=0.01)
    assert analysis.calibration(0.1, 1000) == pytest.approx(0.1 ** (1 / 4))  # one area of 20 x 50 pixels
    assert analysis.calibration(0.1, 10**6) == pytest.approx(0.1, rel=0.05)
    assert analysis.calibration(3.0, 0) == 1
