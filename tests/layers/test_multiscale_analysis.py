import numpy as np
import pytest

from geodl.layers import MultiscaleAnalysis
from layer_check import check_layer

SCALES = [(1.0, 4.0, 2.0, 2.5), (0.7, 12.0, 5.0, 7.0)]
GRID, TIMES, NOISE = (5, 6), 4, 0.2


def series(seed=0, times=TIMES):
    random = np.random.default_rng(seed)
    field = random.standard_normal((times, *GRID)).cumsum(axis=0).astype("float32")
    field[:, 0, :2] = np.nan  # land
    return field


def analysis(**options):
    layer = MultiscaleAnalysis(SCALES, GRID, **{"tolerance": 1e-5, **options})
    layer.adapt(series(1, times=40), NOISE)
    return layer


def observed(seed=2):
    field = series(seed)
    return np.where(np.random.default_rng(seed).random(field.shape) < 0.5, field, np.nan)


def covariance(layer):
    """B of all times and pixels, from its formula."""
    time, y, x = (axis.ravel() for axis in np.indices((TIMES, *GRID)))
    correlation = lambda axis, length: np.exp(-((np.abs(axis[:, None] - axis) / length) ** 1.9))  # noqa: E731
    deviation = np.broadcast_to(layer.deviation.numpy(), (TIMES, *GRID)).ravel()
    summed = sum(s**2 * correlation(time, lt) * correlation(y, ly) * correlation(x, lx) for s, lt, ly, lx in SCALES)
    return deviation[:, None] * summed * deviation


def kriging(layer, values):
    """Estimate and variance of its error, by a dense solve."""
    b, seen = covariance(layer), np.isfinite(values).ravel()
    anomalies = (values - layer.mean.numpy()).ravel()[seen]
    gain = b[:, seen] @ np.linalg.inv(b[np.ix_(seen, seen)] + NOISE * np.eye(seen.sum()))
    return (gain @ anomalies).reshape(values.shape) + layer.mean.numpy(), np.diag(b - gain @ b[seen]).reshape(values.shape)


def test_estimate_is_that_of_kriging_with_the_summed_covariance():
    layer, values = analysis(), observed()
    np.testing.assert_allclose(layer(values[None])[0][0], kriging(layer, values)[0], atol=2e-3)


def test_standard_deviation_is_near_that_of_kriging():
    layer, values = analysis(), observed()
    deviation, expected = layer(values[None])[1][0].numpy(), np.sqrt(kriging(layer, values)[1])
    for where in (np.isnan(values), np.isfinite(values)):
        assert deviation[where].mean() == pytest.approx(expected[where].mean(), rel=0.25)


def test_a_field_without_observations_is_the_mean():
    layer = analysis()
    estimate, deviation = layer(np.full((1, TIMES, *GRID), np.nan, "float32"))
    np.testing.assert_allclose(estimate[0], np.broadcast_to(layer.mean, (TIMES, *GRID)), atol=1e-6)
    assert np.isfinite(deviation).all()


def test_map_of_deviations_is_large_where_the_field_changes():
    random = np.random.default_rng(0)
    field = random.standard_normal((40, 30, 40)) * np.where(np.arange(40) < 20, 3.0, 1.0)
    layer = MultiscaleAnalysis(SCALES, (30, 40))
    layer.adapt(field, NOISE)
    deviation = layer.deviation.numpy()
    assert (deviation[:, :10] > 1.8 * deviation[:, 30:].mean()).all()
    assert layer.mean.numpy() == pytest.approx(field.mean(axis=0), abs=1e-6)


def test_mean_is_found_from_observations_alone():
    random = np.random.default_rng(0)
    y, x = np.ogrid[:30, :40]
    mean = np.sin(y / 5) * np.cos(x / 6)
    field = mean + 0.5 * random.standard_normal((60, 30, 40))
    observed = np.where(random.random(field.shape) < 0.3, field, np.nan)
    layer = MultiscaleAnalysis(SCALES, (30, 40))
    layer.adapt(observed.astype("float32"), 0.25)
    assert np.std(layer.mean.numpy() - mean) < 0.15
    assert (layer.deviation.numpy() == 1).all()


def test_contracts_of_a_layer():
    check_layer(MultiscaleAnalysis(SCALES, GRID, tolerance=1e-5), observed()[None], tolerance=5e-3, unknown_sizes=False)


@pytest.mark.parametrize("scales", [[(0.0, 4.0, 2.0, 2.0)], [(1.0, -4.0, 2.0, 2.0)], [(1.0, 4.0, 2.0)], []])
def test_scales_that_are_not_positive_are_refused(scales):
    with pytest.raises(ValueError, match="a positive deviation and three positive lengths"):
        MultiscaleAnalysis(scales, GRID)
