import numpy as np
import pytest
import tensorflow as tf
import xarray as xr
from scipy import integrate

from geodl.baselines import (
    StationAnalogues,
    StationClimatology,
    StationPersistence,
    StationRecentRegression,
    StationRegression,
)
from geodl.errors import InputError
from geodl.layers import StationMixer, WindMixture
from geodl.metrics import WindLoss, WindStationScores
from geodl.metrics.wind_station_scores import LEVELS
from geodl.models import WindAttention
from geodl.models.station_features import LAGS, MEANS, VARIABLES, ridge_regression, station_features
from geodl.models.wind_attention import FEATURES
from layer_check import check_layer, check_saving

TIMES = np.datetime64("2020-01-01T00", "ns") + np.arange(900) * np.timedelta64(1, "h")


def network(hours=60, stations=3, seed=0):
    random = np.random.default_rng(seed)
    names = ("u", "v", "temperature", "pressure", "dew_point", "rain")
    scales = {"temperature": (280, 5), "pressure": (1e5, 500), "dew_point": (275, 4)}
    ds = xr.Dataset(coords={"time": TIMES[:hours], "station": [f"S{i}" for i in range(stations)]})
    for name in names:
        mean, deviation = scales.get(name, (0.0, 2.0))
        ds[name] = ("time", "station"), np.abs(random.normal(mean, deviation, (hours, stations)))
    return ds


def small(**settings):
    return WindAttention(**{"members": 2, "width": 8, "blocks": 1, **settings})


def parameters(shape=(), components=3, seed=0):
    return np.random.default_rng(seed).normal([0, 1.2, -1.5, 0, 0], [1, 0.5, 0.3, 2, 2], (*shape, components, 5))


# Features


def test_lags_and_trailing_means_are_those_of_pandas():
    values = np.random.default_rng(0).random((800, 2, len(VARIABLES)))
    values[np.random.default_rng(1).random(values.shape) < 0.2] = np.nan
    found = station_features(values, TIMES[:800], np.arange(800))
    root = xr.DataArray(np.sqrt(values[..., 2]), dims=("time", "station")).to_pandas()
    np.testing.assert_allclose(found[..., 3 * 5], root.shift(5), rtol=1e-5)
    for place, length in enumerate(MEANS):
        expected = root.rolling(length, min_periods=1).mean()
        np.testing.assert_allclose(found[..., 3 * LAGS + 3 * place], expected, rtol=1e-4)


def test_features_of_an_hour_do_not_know_what_follows():
    values = np.random.default_rng(0).random((800, 2, len(VARIABLES)))
    whole = station_features(values, TIMES[:800], np.arange(800))
    cut = station_features(values[:777], TIMES[:777], np.array([776]))
    np.testing.assert_allclose(whole[776], cut[0], rtol=1e-4, atol=1e-5)


def test_ridge_regression_is_that_of_the_normal_equations():
    random = np.random.default_rng(0)
    x, y = random.standard_normal((50, 4)), random.standard_normal((50, 2))
    found = ridge_regression(x, y, penalty=0.1)
    residual = y - x @ found[:-1] - found[-1]
    np.testing.assert_allclose(x.T @ residual / 50, 0.1 * found[:-1], atol=1e-10)
    np.testing.assert_allclose(residual.mean(axis=0), 0, atol=1e-10)


# The distribution


def test_moments_of_the_mixture_are_those_of_its_samples():
    mixture = WindMixture(parameters().astype("float32"))
    drawn = mixture.sample(400_000)
    np.testing.assert_allclose(mixture.mean_wind, drawn.mean(axis=0), atol=0.03)
    np.testing.assert_allclose(mixture.wind_deviation, drawn.std(axis=0), rtol=0.02)
    speed = np.hypot(*drawn.T)
    assert float(mixture.mean_speed) == pytest.approx(speed.mean(), rel=0.01)
    np.testing.assert_allclose(mixture.quantiles([0.1, 0.5, 0.9]), np.quantile(speed, [0.1, 0.5, 0.9]), rtol=0.02)


def test_density_of_the_direction_integrates_to_one():
    mixture = WindMixture(parameters().astype("float32"))
    density = lambda angle: float(np.exp(mixture.direction_log_prob(np.float32(np.cos(angle)), np.float32(np.sin(angle)))))  # noqa: E731
    assert integrate.quad(density, 0, 2 * np.pi, epsabs=1e-4)[0] == pytest.approx(1, abs=1e-3)


def test_a_copula_joins_lead_times_and_leaves_each_of_them_as_it_is():
    parameters = np.random.default_rng(0).normal(size=(2, 3, 3, 5)).astype("float32")
    correlation = np.array([[1, 0.8, 0.3], [0.8, 1, 0.6], [0.3, 0.6, 1]])
    alone = np.hypot(*np.moveaxis(WindMixture(parameters).sample(4000), -1, 0))
    joined = np.hypot(*np.moveaxis(WindMixture(parameters).sample(4000, correlation=correlation), -1, 0))
    np.testing.assert_array_equal(np.sort(joined, axis=0), np.sort(alone, axis=0))
    ranks = np.argsort(np.argsort(joined, axis=0), axis=0)[:, 1]
    # Of a Gaussian, the correlation of ranks is 6/π arcsin(ρ/2).
    np.testing.assert_allclose(np.corrcoef(ranks, rowvar=False), 6 / np.pi * np.arcsin(correlation / 2), atol=0.05)


def test_a_copula_joins_stations_too():
    parameters = np.random.default_rng(0).normal(size=(2, 3, 3, 5)).astype("float32")
    leads = np.array([[1, 0.8, 0.3], [0.8, 1, 0.6], [0.3, 0.6, 1]])
    stations = np.array([[1, 0.7], [0.7, 1]])
    alone = np.hypot(*np.moveaxis(WindMixture(parameters).sample(4000), -1, 0))
    joined = np.hypot(*np.moveaxis(WindMixture(parameters).sample(4000, correlation=leads, between=stations), -1, 0))
    np.testing.assert_array_equal(np.sort(joined, axis=0), np.sort(alone, axis=0))
    ranks = np.argsort(np.argsort(joined, axis=0), axis=0).reshape(4000, 6)
    np.testing.assert_allclose(np.corrcoef(ranks, rowvar=False), 6 / np.pi * np.arcsin(np.kron(stations, leads) / 2), atol=0.05)


def test_members_go_together_as_the_past_did():
    ds = network(hours=600)
    ds["u"][:, 1], ds["v"][:, 1] = ds.u[:, 0], ds.v[:, 0]
    found = small().predict(ds, members=400)
    assert found.u_member.dims == ("member", "time", "station") and found.sizes["member"] == 400
    speed = np.hypot(found.u_member, found.v_member)
    together = np.corrcoef(speed.isel(time=2).T)
    assert together[0, 1] > 0.5 and abs(together[0, 2]) < 0.2
    np.testing.assert_allclose(speed.mean("member"), found.speed, rtol=0.2)
    with pytest.raises(InputError, match="Expected no members; StationPersistence draws no winds"):
        StationPersistence().predict(ds, members=2)


def test_couple_finds_the_correlation_of_lead_times():
    model = WindAttention(members=2, width=8, blocks=1)
    features = np.zeros((3000, 1, FEATURES), "float32")
    parameters = model._summaries(features)["parameters"][:1]
    distance = abs(np.subtract.outer(np.arange(6), np.arange(6)))
    wind = WindMixture(parameters).sample(3000, correlation=0.7**distance)
    model.couple(features, np.hypot(*np.moveaxis(wind, -1, 0))[:, 0])
    np.testing.assert_allclose(model.correlation, 0.7**distance, atol=0.05)


def test_lead_times_that_are_alike_are_coupled_and_too_few_hours_are_refused():
    model, features = small(), np.zeros((16, 1, FEATURES), "float32")
    speed = np.random.default_rng(0).random((16, 1, 1)).repeat(6, axis=2)
    model.couple(features, speed)
    found = np.asarray(model.correlation)
    assert np.linalg.matrix_rank(found) == 6 and found.min() > 0.99
    assert np.isfinite(model.predict(network(), members=3).u_member).all()
    speed[5:] = np.nan
    with pytest.raises(InputError, match="Expected 6 forecasts or more .* found 5: give a longer series"):
        model.couple(features, speed)


def test_crps_is_that_of_a_large_sample():
    mixture = WindMixture(parameters().astype("float32"))
    speed = np.hypot(*mixture.sample(4000).T)
    expected = abs(speed - 1.5).mean() - abs(speed[:, None] - speed[None, :2000]).mean() / 2
    assert float(mixture.crps(np.float32(1.5), points=400)) == pytest.approx(expected, rel=0.05)


def test_the_loss_ignores_what_is_missing_and_has_finite_gradients():
    truth = np.random.default_rng(0).normal(size=(2, 3, 6, 4)).astype("float32")
    truth[..., 2] = np.hypot(truth[..., 0], truth[..., 1])
    truth[..., 3] = 1
    truth[0, 0, 0] = [np.nan, np.nan, 2.0, 1]  # a speed without a direction
    truth[0, 1, 2] = [0, 0, 0, 1]  # calm
    truth[1, 2, 3] = np.nan
    truth[1, 2, 3, 3] = 0
    guess = tf.Variable(parameters((2, 1, 3, 6)).astype("float32"))
    with tf.GradientTape() as tape:
        loss = WindLoss()(truth, guess)
    assert np.isfinite(loss) and np.isfinite(tape.gradient(loss, guess)).all()


# The model


def test_station_mixer_is_a_layer_like_the_others():
    known = np.ones((4, 5), bool)
    x = np.random.default_rng(0).normal(size=(4, 5, 8)).astype("float32")
    layer = StationMixer(heads=2, dropout=0.0)
    expected = np.array(layer(x, known))
    np.testing.assert_allclose(tf.function(layer, jit_compile=True)(x, known), expected, atol=1e-5)
    # Stations have no order, and one that is not known informs nobody.
    np.testing.assert_allclose(layer(x[:, ::-1], known), expected[:, ::-1], atol=1e-5)
    known[:, 0] = False
    changed = x.copy()
    changed[:, 0] += 3
    np.testing.assert_allclose(layer(changed, known)[:, 1:], layer(x, known)[:, 1:], atol=1e-5)


def test_attention_model_is_a_layer_like_the_others(tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 3, FEATURES)).astype("float32")
    check_layer(small(dropout=0), x, tolerance=1e-4, unknown_sizes=False, policies=("mixed_bfloat16",))
    check_saving(small(), x, tmp_path, tolerance=1e-4)


def test_forecast_has_means_deviations_and_ordered_quantiles_at_the_next_hours():
    ds = network()
    found = small().predict(ds)
    assert dict(found.sizes) == {"time": 6, "station": 3, "quantile": 5}
    np.testing.assert_array_equal(found.time, ds.time.values[-1] + np.arange(1, 7) * np.timedelta64(1, "h"))
    assert (np.diff(found.speed_quantile, axis=-1) >= 0).all() and (found.u_standard_deviation > 0).all()
    assert {"u", "v", "v_standard_deviation", "speed", "direction"} <= set(found) and found.u.attrs["units"] == "m s-1"
    xr.testing.assert_equal(found.station.reset_coords(drop=True), ds.station.reset_coords(drop=True))


def test_missing_stations_hours_and_variables_are_allowed():
    ds = network()[["u", "v"]]
    ds.u[:, 1], ds.v[:, 1], ds.u[-3:, 0] = np.nan, np.nan, np.nan
    found = small().predict(ds)
    assert all(np.isfinite(found[name]).all() for name in ("u", "v", "speed"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.drop_vars("v"), "Expected a variable 'v'"),
        (lambda ds: ds.isel(station=0), "dimensions"),
        (lambda ds: ds.isel(time=[0, 1, 3, 4]), "hourly times, in order; found a step of 2 h"),
        (lambda ds: ds.isel(time=slice(None, None, -1)), "found a step of -1 h"),
        (lambda ds: ds.assign(u=ds.u * np.nan), "missing at every station"),
        (lambda ds: ds.assign(u=ds.u + 90), "Expected u between -60 and 60"),
        (lambda ds: ds.assign(u=ds.u.assign_attrs(units="knots")), "Expected u in m s-1; found knots"),
        (lambda ds: ds.assign(temperature=ds.temperature - 273), "Expected temperature between 180 and 340 K"),
    ],
)
def test_bad_input_is_told(change, message):
    with pytest.raises(InputError, match=message):
        StationPersistence().predict(change(network()))


# Classical methods


def test_persistence_is_the_last_known_wind():
    ds = network()
    ds.u[-1, 0], ds.v[-1, 0] = np.nan, np.nan
    found = StationPersistence().predict(ds)
    np.testing.assert_allclose(found.u[:, 0], np.full(6, ds.u[-2, 0]), rtol=1e-6)
    np.testing.assert_allclose(found.v[3, 1:], ds.v[-1, 1:], rtol=1e-6)


def test_climatology_is_the_mean_of_the_hour():
    hours = np.arange(480)
    values = np.repeat(np.sin(2 * np.pi * hours / 24)[:, None, None], 7, axis=2)
    model = StationClimatology().estimate(values, TIMES[:480])
    found = model.forecast(values, TIMES[:480], np.array([100]))["wind"][0, 0, :, 0]
    np.testing.assert_allclose(found, values[101:107, 0, 0], atol=1e-6)
    with pytest.raises(InputError, match="Expected as many stations as StationClimatology has learned from, 1; found 2"):
        model.forecast(np.zeros((24, 2, 7)), TIMES[:24], np.array([23]))


def test_regression_and_analogues_forecast_a_wind_that_turns():
    hours = np.arange(900)
    angle = 2 * np.pi * hours / 24
    u, v = 3 * np.cos(angle), 3 * np.sin(angle)
    values = np.stack([u, v, np.hypot(u, v), *np.zeros((4, 900))], axis=-1)[:, None].repeat(2, axis=1)
    for model in (StationRegression(), StationRecentRegression(), StationAnalogues(analogues=5)):
        found = model.estimate(values[:700], TIMES[:700]).forecast(values, TIMES, np.array([800]))
        np.testing.assert_allclose(found["wind"][0, 0, :, 0], u[801:807], atol=0.15)


# Scores


def test_scores_of_a_sample_forecast_are_those_of_their_definitions():
    random = np.random.default_rng(0)
    truth = random.normal(size=(300, 2, 6, 3))
    truth[..., 2] = np.hypot(truth[..., 0], truth[..., 1])
    truth[0, 0] = np.nan
    speeds = np.hypot(*random.normal(size=(2, 4000)))
    quantiles = np.broadcast_to(np.quantile(speeds, LEVELS), (300, 2, 6, len(LEVELS)))
    fields = {"wind": np.zeros((300, 2, 6, 2)), "speed": np.full((300, 2, 6), speeds.mean()), "quantiles": quantiles}
    samples = random.normal(size=(40, 300, 2, 6, 2))
    found = WindStationScores.of(fields, samples, truth, seconds=0.0)
    np.testing.assert_allclose(found.vector_rmse, np.sqrt(np.nanmean((truth[..., :2] ** 2).sum(-1), axis=(0, 1))))
    np.testing.assert_allclose(found.coverage, 0.9, atol=0.05)
    expected = abs(speeds[:, None] - truth[1:, 0, 0, 2]).mean() - abs(speeds[:, None] - speeds[:1000]).mean() / 2
    assert found.crps[0] == pytest.approx(expected, rel=0.1)
    # Of a standard normal in two dimensions: E|x - y| = sqrt(pi).
    assert found.energy_score[0] == pytest.approx(np.sqrt(np.pi) / 2, rel=0.1)
    # All winds are independent: pairs of stations are like pairs of leads.
    pairs = np.sqrt(abs(speeds[:2000] - speeds[2000:]))
    for score in (found.variogram_score, found.station_variogram_score[0]):
        assert score == pytest.approx(pairs.var() * (1 + 1 / 40), rel=0.1)
