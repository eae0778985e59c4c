import numpy as np
import pytest

from geodl.baselines import WindAdvection, WindPersistence
from layer_check import check_layer, check_saving

SPACING = 18e3  # m; a wind of 5 m/s crosses one pixel an hour


def _samples(u, v, rows_to_the_north=False):
    """A wind (y, x) that was always there, on a grid of square pixels, as a batch of one."""
    samples = np.zeros((1, 16, *np.broadcast_shapes(np.shape(u), np.shape(v))), "float32")
    samples[:, :6], samples[:, 6:12] = u, v
    samples[:, 14], samples[:, 15] = (SPACING if rows_to_the_north else -SPACING), SPACING
    return samples


def _bump(row, column, shape=(40, 60)):
    y, x = np.indices(shape)
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / 18)


def test_persistence_is_the_last_field():
    samples = np.random.default_rng(0).normal(size=(2, 16, 5, 6)).astype("float32")
    forecast = np.array(WindPersistence()(samples))
    for lead in range(6):
        np.testing.assert_array_equal(forecast[:, lead, :, :, 0], samples[:, 5])
        np.testing.assert_array_equal(forecast[:, lead, :, :, 1], samples[:, 11])


def test_advection_carries_a_bump_downstream_by_wind_times_time():
    """A westerly of 5 m/s: what is at x is at x + u t."""
    bump = 0.01 * _bump(20, 20)  # too weak to move the air itself
    forecast = np.array(WindAdvection()(_samples(5.0, bump)))
    for lead in range(1, 7):
        np.testing.assert_allclose(forecast[0, lead - 1, :, :, 1], 0.01 * _bump(20, 20 + lead), atol=3e-4)
    np.testing.assert_allclose(forecast[..., 0], 5.0, rtol=1e-5)


@pytest.mark.parametrize(("rows_to_the_north", "row"), [(True, 26), (False, 14)])
def test_a_southerly_goes_north_whatever_the_order_of_rows(rows_to_the_north, row):
    forecast = np.array(WindAdvection()(_samples(0.01 * _bump(20, 30), 5.0, rows_to_the_north)))
    np.testing.assert_allclose(forecast[0, -1, :, :, 0], 0.01 * _bump(row, 30), atol=3e-4)


def test_a_wind_that_grows_downstream_follows_the_equation_of_burgers():
    """u = x / T at first is u = x / (T + t) later."""
    scale = 10 * 3600.0
    x = SPACING * (np.arange(61) - 30) * np.ones((9, 1))
    forecast = np.array(WindAdvection(sigma=0.1)(_samples(x / scale, 0.0)))
    inside = slice(20, 41)
    for lead in range(1, 7):
        expected = x[4, inside] / (scale + 3600 * lead)
        np.testing.assert_allclose(forecast[0, lead - 1, 4, inside, 0], expected, atol=0.01 * np.abs(expected).max())


def test_advection_keeps_the_contracts_of_a_model(tmp_path):
    samples = _samples(*np.random.default_rng(0).normal(0, 5, (2, 12, 16)))
    check_layer(WindAdvection(), samples, tolerance=1e-4, policies=())  # float32 under any policy
    check_saving(WindAdvection(), samples, tmp_path, tolerance=1e-4)


def test_persistence_keeps_the_contracts_of_a_model(tmp_path):
    samples = _samples(*np.random.default_rng(0).normal(0, 5, (2, 12, 16)))
    check_layer(WindPersistence(), samples)
    check_saving(WindPersistence(), samples, tmp_path)


def test_a_carrier_that_is_not_smoothed_is_refused():
    with pytest.raises(ValueError, match="must be positive"):
        WindAdvection(sigma=0.0)
