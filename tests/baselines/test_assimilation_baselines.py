import keras
import numpy as np
import pytest
import xarray as xr

from geodl.baselines import (
    ETKF,
    LETKF,
    AttractorPosterior,
    EnKF,
    EnKS,
    StateInterpolation,
    StrongConstraint4DVar,
    ThreeDVar,
    WeakConstraint4DVar,
)
from geodl.baselines.ensemble_filters import gaspari_cohn
from geodl.dynamics import Dynamics, Lorenz63, Lorenz96
from geodl.errors import InputError
from geodl.layers import ODEIntegrator

DT, R, LENGTH = 0.1, 0.5, 12
STEP = np.array([[np.cos(DT), np.sin(DT)], [-np.sin(DT), np.cos(DT)]])


@keras.saving.register_keras_serializable(package="tests")
class Rotation(Dynamics):
    components = 2

    def call(self, state):
        return keras.ops.stack([state[..., 1], -state[..., 0]], axis=-1)


def first_component_seen(seed=0):
    """Observations (1, time, 2) of a rotation: every third x, noise variance .5."""
    random = np.random.default_rng(seed)
    truth = np.stack([np.linalg.matrix_power(STEP, t) @ [2.0, 1.0] for t in range(LENGTH)])
    observations = np.full((1, LENGTH, 2), np.nan, "float32")
    observations[0, ::3, 0] = truth[::3, 0] + np.sqrt(R) * random.standard_normal(len(truth[::3]))
    return observations


def kalman(observations, smooth):
    """Mean and variance (time, 2) of the exact posterior, from a standard Gaussian state at time 0, by its joint Gaussian."""
    maps = np.concatenate([np.linalg.matrix_power(STEP, t) for t in range(LENGTH)])  # states of all times from the first
    mean, variance = np.zeros((LENGTH, 2)), np.zeros((LENGTH, 2))
    for time in range(LENGTH):
        known = observations[0].copy()
        if not smooth:
            known[time + 1 :] = np.nan
        seen = np.flatnonzero(np.isfinite(known))
        H = maps[seen]
        P = np.linalg.inv(np.eye(2) + H.T @ H / R)
        M = maps[2 * time : 2 * time + 2]
        mean[time] = M @ P @ H.T @ known.reshape(-1)[seen] / R
        variance[time] = np.diag(M @ P @ M.T)
    return mean, variance


@pytest.mark.parametrize(
    ("method", "settings", "smooth"),
    [
        (EnKF, {}, False),
        (ETKF, {}, False),
        pytest.param(LETKF, {"radius": 1e6}, False, marks=pytest.mark.slow),
        (EnKS, {}, True),
        (EnKS, {"passes": (4.0, 4 / 3)}, True),
    ],
    ids=["EnKF", "ETKF", "LETKF", "EnKS", "EnKS in two passes"],
)
def test_large_ensembles_give_the_kalman_estimate_of_a_linear_model(method, settings, smooth):
    observations = first_component_seen()
    bank = np.random.default_rng(1).standard_normal((1, 20_000, 2))
    members = 300 if issubclass(method, LETKF) else 2_000  # eigenvectors of large matrices take long
    found = method(Rotation(), 2, DT, members=members, variance=R, **settings)
    found = np.array(found.estimate(bank)(observations))[0]
    mean, variance = kalman(observations, smooth)
    np.testing.assert_allclose(found[..., 0], mean, atol=0.15)
    np.testing.assert_allclose(found[..., 1], np.sqrt(variance), rtol=0.15, atol=0.02)


@pytest.mark.parametrize("method", [EnKF, EnKS, ETKF])
def test_a_window_does_not_depend_on_those_beside_it(method):
    observations = np.repeat(first_component_seen(), 3, axis=0)
    observations[1, 4:] = np.nan  # not observed when the first one is
    observations[2] = np.nan
    bank = np.random.default_rng(1).standard_normal((1, 1_000, 2))
    model = method(Rotation(), 2, DT, members=20, variance=R, inflation=1.5).estimate(bank)
    together = np.array(model(observations))
    np.testing.assert_allclose(model(observations[::-1])[::-1], together, atol=1e-4)
    # Without observations the members rotate, and with them their spread.
    first, last = together[2, 0, :, 1], together[2, -1, :, 1]
    np.testing.assert_allclose((last**2).sum(), (first**2).sum(), rtol=1e-3)


@pytest.mark.slow
def test_weak_4dvar_of_a_linear_model_is_its_smoother():
    observations = np.random.default_rng(2).standard_normal((1, LENGTH, 2)).astype("float32")
    states = np.random.default_rng(1).standard_normal((5, LENGTH, 2))
    found = np.array(WeakConstraint4DVar(Rotation(), 2, DT, R, model_errors=(0.2,)).estimate(states)(observations))[0, ..., 0]
    # The minimum of a quadratic cost solves its normal equations.
    A = np.zeros((2 * LENGTH - 2, 2 * LENGTH))
    for t in range(LENGTH - 1):
        A[2 * t : 2 * t + 2, 2 * t : 2 * t + 4] = np.hstack([-STEP, np.eye(2)])
    flat = states.reshape(-1, 2)
    B = np.zeros((2 * LENGTH, 2 * LENGTH))
    B[:2, :2] = np.linalg.inv(np.cov(flat.T))
    right = observations[0].ravel() / R + B[:, :2] @ flat.mean(0)
    expected = np.linalg.solve(np.eye(2 * LENGTH) / R + A.T @ A / 0.2 + B, right)
    np.testing.assert_allclose(found.ravel(), expected, atol=2e-3)


@pytest.mark.slow
def test_strong_4dvar_finds_the_initial_state_of_exact_observations():
    first = np.float32([[8.0, 0.0, 30.0], [-4.0, -7.0, 20.0]])
    truth = np.array(ODEIntegrator(Lorenz63(), 0.01, 99, save_every=1)(first))
    truth = np.concatenate([first[:, None], truth], axis=1)
    observations = np.where(np.arange(100)[:, None] % 8 == 0, truth, np.nan).astype("float32")
    model = StrongConstraint4DVar(Lorenz63(), 3, 0.01, variance=0.01, background_inflation=100.0, growth=(0.3, 1.0))
    starts = np.random.default_rng(0).normal((0, 0, 24), 8, size=(50, 3)).astype("float32")
    climatology = np.array(ODEIntegrator(Lorenz63(), 0.01, 400, save_every=1)(starts))[:, 200:]
    found = np.array(model.estimate(climatology)(observations))
    np.testing.assert_allclose(found[..., 0], truth, atol=0.05)


def test_a_window_that_no_trajectory_fits_keeps_its_first_guess():
    observations = 30 * np.random.default_rng(0).standard_normal((1, 50, 3)).astype("float32")
    guess = StateInterpolation(3, 0.01).estimate(np.random.default_rng(1).standard_normal((9, 50, 3)))
    model = StrongConstraint4DVar(Lorenz63(), 3, 0.01, first_guess=guess, growth=(1.0,), iterations=3)
    np.testing.assert_array_equal(model(observations), guess(observations))


def test_a_window_that_diverges_leaves_the_fit_of_the_others():
    first = np.float32([[8.0, 0.0, 30.0]])
    truth = np.array(ODEIntegrator(Lorenz63(), 0.01, 29, save_every=1)(first))
    guess = StateInterpolation(3, 0.01).estimate(truth + np.random.default_rng(0).standard_normal((9, 29, 3)))
    model = StrongConstraint4DVar(Lorenz63(), 3, 0.01, first_guess=guess, growth=(1.0,), iterations=3)
    found = np.array(model(np.concatenate([truth, 1e25 * truth])))
    np.testing.assert_allclose(found[:1], model(truth), atol=1e-3)
    assert np.abs(found[0] - guess(truth)[0])[..., 0].max() > 0.01


def test_optimal_interpolation_is_the_regression_on_what_is_seen():
    random = np.random.default_rng(0)
    states = random.standard_normal((4_000, 5, 1)).cumsum(axis=1) * 0.1 + random.standard_normal((4_000, 1, 1))
    states -= states.mean()
    y = np.full((1, 5, 1), np.nan, "float32")
    y[0, [1, 3], 0] = 1.0, -0.5
    found = np.array(StateInterpolation(1, 1.0, variance=R).estimate(states)(y))[0, :, 0]
    # A process whose covariance depends on the lag alone is what is fitted: the same by its definition.
    lagged = np.array([np.sum(states[:, lag:, 0] * states[:, : 5 - lag, 0]) for lag in range(5)]) / (5 * len(states))
    C = lagged[np.abs(np.subtract.outer(np.arange(5), np.arange(5)))]
    weights = np.linalg.solve(C[np.ix_([1, 3], [1, 3])] + R * np.eye(2), [1.0, -0.5])
    np.testing.assert_allclose(found[:, 0], C[:, [1, 3]] @ weights, atol=1e-4)


def test_optimal_interpolation_on_a_ring_turns_with_its_observations():
    model = StateInterpolation(6, 0.1, ring=True).estimate(np.random.default_rng(0).standard_normal((50, 8, 6)))
    y = np.where(np.random.default_rng(1).random((1, 8, 6)) < 0.3, 1.0, np.nan).astype("float32")
    np.testing.assert_allclose(model(np.roll(y, 2, axis=2)), np.roll(model(y), 2, axis=2), atol=1e-5)


def test_3dvar_follows_the_truth_that_it_observes():
    first = np.float32([[8.0, 0.0, 30.0]])
    truth = np.array(ODEIntegrator(Lorenz63(), 0.01, 100, save_every=1)(first))
    model = ThreeDVar(Lorenz63(), 3, 0.01, variance=0.01).estimate(truth)
    found = np.array(model(np.where(np.arange(100)[:, None] % 4 == 0, truth, np.nan).astype("float32")))
    assert np.abs(found[0, 10:, :, 0] - truth[0, 10:]).max() < 0.5


def test_posterior_weighs_the_windows_of_the_attractor_by_their_likelihood():
    trajectory = np.array([[[0.0], [1.0], [3.0]]])  # two windows of two states: (0, 1) and (1, 3)
    y = np.float32([[[np.nan], [2.5]]])
    w = np.exp(-(np.array([1.5, 0.5]) ** 2) / (2 * R))
    found = np.array(AttractorPosterior(1, 1.0, variance=R).estimate(trajectory)(y))[0, :, 0]
    np.testing.assert_allclose(found[:, 0], [w[1] / w.sum(), (w[0] + 3 * w[1]) / w.sum()], rtol=1e-5)


def test_gaspari_cohn_is_smooth_at_one_and_ends_at_two():
    distance = np.linspace(0, 2.5, 2_501)
    weights = gaspari_cohn(distance)
    assert np.abs(np.diff(weights, 2)).max() < 1e-5
    np.testing.assert_allclose(weights[distance >= 2], 0, atol=1e-15)


def test_a_filter_whose_model_blows_up_flags_the_window_and_keeps_the_others():
    observations = np.full((2, 10, 3), np.nan, "float32")
    observations[0, 5], observations[1, 5] = 1e25, [8.0, 0.0, 30.0]
    ds = xr.Dataset({"observations": (("sample", "time", "component"), observations)}, {"time": 0.01 * np.arange(10)})
    model = ETKF(Lorenz63(), 3, 0.01, members=20).estimate(np.random.default_rng(0).normal(size=(1, 100, 3)))
    with pytest.warns(UserWarning, match="1 of 2 windows diverged"):
        found = model.predict(ds)
    assert np.isnan(found.state.values[0]).all()
    assert np.isfinite(found.state.values[1]).all()


def test_a_model_that_is_not_a_number_is_told():
    model = ETKF(Lorenz63(rho=np.nan), 3, 0.01, members=20).estimate(np.ones((1, 100, 3)))
    ds = xr.Dataset({"observations": (("time", "component"), np.ones((10, 3), "float32"))}, {"time": 0.01 * np.arange(10)})
    with pytest.raises(InputError, match="every window diverged"):
        model.predict(ds)


def test_a_method_without_climatology_asks_for_it():
    ds = xr.Dataset({"observations": (("time", "component"), np.ones((10, 3), "float32"))}, {"time": 0.01 * np.arange(10)})
    with pytest.raises(InputError, match=r"EnKF needs a climatology: call estimate\(states\)"):
        EnKF(Lorenz63(), 3, 0.01, members=5).predict(ds)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EnKF(Lorenz63(), 3, 0.01, members=1), "at least 2 members, found 1"),
        (lambda: LETKF(Lorenz63(), 3, 0.01, members=5, variance=-1.0), "Expected a positive variance; found -1.0"),
        (lambda: LETKF(Lorenz63(), 3, 0.01, members=5, inflation=0.0), "Expected a positive inflation; found 0.0"),
        (lambda: LETKF(Lorenz96(), 40, 0.05, members=5, radius=0), "Expected a positive radius; found 0"),
        (lambda: EnKS(Lorenz63(), 3, 0.01, members=5, passes=(2.0, 3.0)), "inverses add up to 1; found"),
        (lambda: EnKS(Lorenz63(), 3, 0.01, members=5, passes=(2.0, 2.0), lag=9), "leave `lag` out"),
        (lambda: StrongConstraint4DVar(Lorenz63(), 3, 0.01, variance=-2.0), "Expected a positive variance; found -2.0"),
        (lambda: StateInterpolation(3, 0.01, variance=0.0), "Expected a positive variance; found 0.0"),
        (lambda: ThreeDVar(Lorenz63(), 3, 0.01, share=0.0), "Expected a positive share"),
    ],
)
def test_wrong_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def twin(dynamics, first, dt, every, count, variance, runs, seed):
    """Trajectories (run, time, component) of runs that start near `first`, and their observations, all components seen."""
    random = np.random.default_rng(seed)
    starts = (first + random.standard_normal((runs, len(first)))).astype("float32")
    states = np.array(ODEIntegrator(dynamics, dt, count * every, save_every=1)(starts))
    observations = np.full(states.shape, np.nan, "float32")
    shown = slice(every - 1, None, every)
    observations[:, shown] = states[:, shown] + np.sqrt(variance) * random.standard_normal(states[:, shown].shape)
    return starts, states, observations, shown


def analysis_rmse(model, starts, states, observations, shown, burn_in):
    """Root mean square over components, mean over analysis times after the spin-up and over runs."""
    ensemble = starts[:, None] + np.random.default_rng(9).standard_normal((len(starts), model.members, starts.shape[1]))
    mean = np.array(model._compiled(observations, ensemble.astype("float32"))[0])
    errors = np.sqrt(((mean - states) ** 2).mean(axis=2))[:, shown]
    return errors[:, burn_in:].mean()


@pytest.mark.slow
def test_enkf_on_lorenz63_has_the_error_of_sakov2012():
    setting = twin(Lorenz63(), np.array([1.5, -1.5, 25.5]), 0.01, every=25, count=1_000, variance=2.0, runs=10, seed=0)
    error = analysis_rmse(EnKF(Lorenz63(), 3, 0.01, members=100, inflation=1.01), *setting, burn_in=64)
    assert error == pytest.approx(0.535, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (lambda: ETKF(Lorenz96(), 40, 0.05, members=40, variance=1.0, inflation=1.01), 0.178),
        (lambda: LETKF(Lorenz96(), 40, 0.05, members=7, variance=1.0, inflation=1.04, radius=7.28), 0.220),
    ],
    ids=["ETKF", "LETKF"],
)
def test_filters_on_lorenz96_have_the_errors_of_sakov2008(model, expected):
    first = 8.0 + 0.01 * (np.arange(40) == 19)
    setting = twin(Lorenz96(), first, 0.05, every=1, count=900, variance=1.0, runs=5, seed=0)
    assert analysis_rmse(model(), *setting, burn_in=400) == pytest.approx(expected, rel=0.05)
