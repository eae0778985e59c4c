"""Closures of Burgers' equation as models: terms, rollouts, training through the solver, and what they refuse."""

import keras
import numpy as np
import pytest
import xarray as xr

from geodl import zoo
from geodl.baselines import BurgersSmagorinsky
from geodl.dynamics import Burgers, BurgersFiniteVolume
from geodl.errors import InputError
from geodl.layers import ODEIntegrator
from geodl.models import BurgersClosure, BurgersCNN
from layer_check import check_saving

X = np.arange(32) / 32


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = BurgersCNN(points=32, channels=(8, 8))
    model.build((None, 3, 32))
    model.set_weights([0.2 * np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(model.get_weights())])
    return model


@pytest.fixture
def ds():
    u = np.stack([np.sin(2 * np.pi * X), 0.3 + 0.5 * np.cos(4 * np.pi * X)])
    return xr.Dataset({"u": (("sample", "x"), u, {"units": "1"}), "viscosity": ("sample", [0.002, 0.004])}, {"x": X})


def test_predict_gives_the_subgrid_tendency_of_the_last_state(model, ds):
    found = model.predict(ds)
    assert found.subgrid_tendency.dims == ("sample", "x")
    trajectory = ds.expand_dims(time=[0.0, 0.02]).copy(deep=True)
    trajectory.u[0] = 0
    np.testing.assert_array_equal(model.predict(trajectory[["u"]].merge(ds.viscosity)).subgrid_tendency, found.subgrid_tendency)
    alone = model.predict(ds.isel(sample=1))
    np.testing.assert_allclose(alone.subgrid_tendency, found.subgrid_tendency[1], atol=1e-6)


def test_a_rollout_without_closure_is_the_coarse_solver(ds):
    coarse = BurgersClosure(Burgers(), None, points=32)
    found = coarse.rollout(ds, steps=25)
    assert found.u.dims == ("sample", "time", "x")
    np.testing.assert_allclose(found.time, 0.02 * np.arange(1, 26))
    state = np.stack([ds.u[1:2], np.full((1, 32), 0.004), np.zeros((1, 32))], axis=1).astype("float32")
    last = ODEIntegrator(Burgers(viscosity=0.004), 0.02, 25)(state[:, 0])
    np.testing.assert_allclose(found.u[1, -1], last[0], atol=1e-5)


def test_a_rollout_goes_on_from_the_last_time_and_keeps_coordinates(model, ds):
    trajectory = ds.isel(sample=0).expand_dims(time=[3.0, 3.02]).assign(viscosity=0.002)
    found = model.rollout(trajectory, steps=3)
    np.testing.assert_allclose(found.time, [3.04, 3.06, 3.08])
    np.testing.assert_array_equal(found.x, X)
    halves = model.rollout(trajectory, steps=6, dt=0.01)
    np.testing.assert_allclose(halves.u[-1], found.u[-1], atol=1e-4)


def test_forcing_is_felt(ds):
    coarse = BurgersClosure(BurgersFiniteVolume(), None, points=32)
    forced = ds.assign(forcing=("x", np.full(32, 0.5)))
    difference = coarse.rollout(forced, steps=10).u.mean("x") - coarse.rollout(ds, steps=10).u.mean("x")
    np.testing.assert_allclose(difference, np.broadcast_to(0.5 * 0.02 * np.arange(1, 11), (2, 10)), atol=1e-5)


def test_fit_through_the_solver_finds_the_coefficient_of_smagorinsky():
    u = np.sin(2 * np.pi * (X + np.random.default_rng(0).uniform(size=(16, 1)))).astype("float32")
    state = np.stack([u, np.full_like(u, 0.002), np.zeros_like(u)], axis=1)
    truth = BurgersClosure(Burgers(), BurgersSmagorinsky(coefficient=0.4), points=32).simulate(state, 20)
    model = BurgersClosure(Burgers(), BurgersSmagorinsky(coefficient=0.2), points=32)
    solver = model.unrolled(20)
    solver.compile(keras.optimizers.Adam(0.02), loss="mse", jit_compile=True)
    solver.fit(state, truth, epochs=60, verbose=0)
    assert float(model.closure.coefficient) == pytest.approx(0.4, abs=0.02)


def test_contract_of_models(model, ds, tmp_path):
    state = model.encode(ds).astype("float32")
    check_saving(model, state, tmp_path)
    zoo.save(model, tmp_path / "saved")
    np.testing.assert_array_equal(zoo.load(tmp_path / "saved").predict(ds).subgrid_tendency, model.predict(ds).subgrid_tendency)


def test_bad_input(model, ds):
    with pytest.raises(InputError, match="Expected a variable 'u'"):
        model.predict(ds[["viscosity"]])
    with pytest.raises(InputError, match="grid of 32 points; found 16"):
        model.predict(ds.isel(x=slice(16)))
    with pytest.raises(InputError, match="Expected finite values of u; 1 are not"):
        model.predict(ds.where(~((ds.x == X[3]) & (ds.viscosity == 0.004))))
    with pytest.raises(InputError, match=r"periodic in x; it jumps by 0.969"):
        model.predict(xr.Dataset({"u": ("x", X)}))
    with pytest.raises(InputError, match="viscosity that is not negative; found -1"):
        model.predict(ds.assign(viscosity=-1.0))
    with pytest.raises(InputError, match="forcing with dimensions among"):
        model.predict(ds.assign(forcing=(("time", "x"), np.ones((2, 32)))))
    with pytest.raises(InputError, match="at most 0.026, where the scheme is stable for this state; found 0.1"):
        model.rollout(ds, steps=3, dt=0.1)
    with pytest.raises(InputError, match="positive number of steps and a positive time step; found 0 and 0.02"):
        model.rollout(ds, steps=0)
    for dt in (0.0, -0.01):
        with pytest.raises(InputError, match=f"a positive time step; found 3 and {dt:g}"):
            model.rollout(ds, steps=3, dt=dt)
    dated = ds.expand_dims(time=np.array(["2020-01-01"], "datetime64[ns]"))
    with pytest.raises(InputError, match="`time` of numbers, in the time units of the equation; found datetime64"):
        model.rollout(dated[["u"]].merge(ds.viscosity), steps=3)
    walls = BurgersClosure(Burgers(ends="zero"), None, points=32)
    with pytest.raises(InputError, match="u = 0 at both ends, where there are walls; found 0.8 and"):
        walls.predict(ds.isel(sample=1))


def test_a_viscosity_of_zero_is_for_solvers_alone(model, ds):
    inviscid = ds.assign(viscosity=0.0)
    with pytest.raises(InputError, match="Expected a positive viscosity, whose logarithm the network reads; found 0"):
        model.predict(inviscid)
    assert np.isfinite(BurgersClosure(Burgers(), None, points=32).rollout(inviscid, steps=3).u).all()


def test_a_blow_up_is_told_with_its_step_and_size(ds):
    explosive = BurgersClosure(Burgers(), keras.layers.Rescaling(40.0), points=32)
    with pytest.raises(InputError, match=r"blew up at step \d+ of 500, after a largest \|u\| of"):
        explosive.rollout(ds.isel(sample=1), steps=500)
