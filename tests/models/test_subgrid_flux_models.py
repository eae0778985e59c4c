import keras
import numpy as np
import pytest
import xarray as xr

from box_flows import random_flow
from geodl.baselines import NoSubgridFlux, SmagorinskyFlux
from geodl.dynamics import NavierStokes3D
from geodl.errors import InputError
from geodl.layers import ScalarClosure, SpectralIntegrator
from geodl.models import SGTNN, SubgridCNN
from geodl.models.subgrid_flux_model import FLUX
from layer_check import check_layer, check_saving

ATTRIBUTES = {"viscosity": 0.05, "diffusivity": 0.04, "energy_injection": 0.5, "variance_injection": 0.5}


@pytest.fixture
def state():
    return random_flow(12, 3, batch=2).astype("float32")


@pytest.fixture
def ds(state):
    axis = 2 * np.pi * np.arange(12) / 12
    fields = {name: (("sample", "x", "y", "z"), state[:, i]) for i, name in enumerate(("u", "v", "w", "scalar"))}
    return xr.Dataset(fields, {name: (name, axis) for name in "xyz"}, {"title": "made up"} | ATTRIBUTES)


@pytest.fixture(scope="module")
def sgtnn():
    keras.utils.set_random_seed(0)
    return SGTNN(filters=(6, 8))


@pytest.fixture(scope="module")
def cnn():
    keras.utils.set_random_seed(0)
    return SubgridCNN(filters=(6, 8))


# === The networks ===


@pytest.mark.parametrize("name", ["sgtnn", "cnn"])
def test_contracts_of_a_model(request, name, state, tmp_path):
    model = request.getfixturevalue(name)
    check_layer(model, state, tolerance=1e-4, unknown_sizes=False, policies=("mixed_bfloat16",))
    check_saving(model, state, tmp_path, tolerance=1e-4)


def test_sgtnn_is_linear_in_the_scalar(sgtnn, state):
    for factor in (-2.0, 0.1, 100.0):
        scaled = state * np.float32([1, 1, 1, factor])[:, None, None, None]
        np.testing.assert_allclose(np.array(sgtnn(scaled)) / factor, sgtnn(state), atol=1e-5)
    other = state.copy()
    other[:, 3] = state[::-1, 3]
    both = state.copy()
    both[:, 3] += other[:, 3]
    np.testing.assert_allclose(sgtnn(both), np.array(sgtnn(state)) + np.array(sgtnn(other)), atol=1e-5)


def test_sgtnn_is_the_same_in_a_moving_frame_and_does_not_know_the_mean_of_the_scalar(sgtnn, state):
    moving = state + np.float32([1, -2, 0.5, 3])[:, None, None, None]
    np.testing.assert_allclose(sgtnn(moving), sgtnn(state), atol=1e-5)


def test_the_cnn_has_neither_of_these_symmetries(cnn, state):
    expected = np.array(cnn(state))
    moving = np.array(cnn(state + np.float32([1, 0, 0, 0])[:, None, None, None]))
    doubled = np.array(cnn(state * np.float32([1, 1, 1, 2])[:, None, None, None])) / 2
    assert min(np.abs(moving - expected).max(), np.abs(doubled - expected).max()) > 0.01 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["sgtnn", "cnn"])
def test_both_move_along_with_the_fields_and_keep_the_mean_of_the_scalar(request, name, state):
    model = request.getfixturevalue(name)
    shift = {"shift": (1, 5, -2), "axis": (-3, -2, -1)}
    np.testing.assert_allclose(model(np.roll(state, **shift)), np.roll(model(state), **shift), atol=1e-5)
    np.testing.assert_allclose(np.mean(model(state), axis=(1, 2, 3)), 0, atol=1e-6)


def test_rounds_share_the_channels_equally():
    with pytest.raises(ValueError, match="`rounds` must divide the last of `filters`, 8; found 3"):
        SGTNN(filters=(4, 8), rounds=3)


def test_scales_come_from_the_training_split(state):
    closure = 3 * state[:, 0] * state[:, 3]
    sgtnn, cnn = SGTNN(filters=(2,)), SubgridCNN(filters=(2,))
    for model in (sgtnn, cnn):
        model.build((None, *state.shape[1:]))
        model.adapt(state, closure)
        np.testing.assert_allclose(model.velocity_scale, np.std(state[:, :3]), rtol=1e-5)
    np.testing.assert_allclose(sgtnn.rate, np.std(closure) / np.std(state[:, 3]), rtol=1e-5)
    np.testing.assert_allclose(cnn.output_scale, np.std(closure), rtol=1e-5)


# === What is read and given ===


def test_a_dataset_gives_a_dataset(sgtnn, ds, state):
    found = sgtnn.predict(ds)
    assert found[FLUX].dims == ("sample", "x", "y", "z") and found.attrs["title"] == "made up"
    np.testing.assert_allclose(found[FLUX], sgtnn(state), atol=1e-5)
    xr.testing.assert_identical(found.x.variable, ds.x.variable)
    one = sgtnn.predict(ds.isel(sample=1).transpose("z", "x", "y"))
    np.testing.assert_allclose(one[FLUX].transpose("x", "y", "z"), found[FLUX][1], atol=1e-5)
    many = ds.isel(sample=[0, 1] * 5)  # more than are computed at once
    np.testing.assert_allclose(sgtnn.predict(many)[FLUX][9], found[FLUX][1], atol=1e-5)


BAD = {
    "no scalar": (lambda ds: ds.drop_vars("scalar"), "Expected a variable 'scalar'"),
    "dimensions": (lambda ds: ds.rename(x="lon"), r"Expected u with dimensions \(x, y, z\)"),
    "one sample": (lambda ds: ds.assign(u=ds.u[0]), "Expected v of shape"),
    "gaps": (lambda ds: ds.assign(v=ds.v.where(ds.x > 0.1)), "Expected v without gaps; 288 values are missing"),
    "not a cube": (lambda ds: ds.isel(x=slice(10)), "as many points along x, y and z"),
    "odd": (lambda ds: ds.isel(x=slice(9), y=slice(9), z=slice(9)), "an even number of at least 8; found .*9"),
    "metres": (lambda ds: ds.assign_coords(x=100 * ds.x), r"`x` in steps of 2π/12, on the periodic box"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_fields_are_told(ds, change, message):
    with pytest.raises(InputError, match=message):
        NoSubgridFlux().predict(change(ds))


def test_a_rollout_is_a_simulation_with_the_closure(ds, state):
    model = SmagorinskyFlux()
    found = model.rollout(ds, steps=6, dt=0.05, save_every=3)
    assert found.scalar.dims == ("sample", "time", "x", "y", "z")
    np.testing.assert_allclose(found.time, [0.15, 0.3])
    run = SpectralIntegrator(NavierStokes3D(**ATTRIBUTES), 0.05, 6, closure=ScalarClosure(model))
    np.testing.assert_allclose(found.scalar[:, -1], run(state)[:, 3], atol=1e-5)
    np.testing.assert_allclose(found[FLUX][:, -1], model.predict(found.isel(time=-1))[FLUX], atol=1e-5)
    one = model.rollout(ds.isel(sample=0), steps=6)
    assert one.w.dims == ("time", "x", "y", "z") and one.sizes["time"] == 6
    np.testing.assert_allclose(one.time, 0.8 / 12 * np.arange(1, 7))


def test_bad_rollouts_are_told(ds):
    model = SmagorinskyFlux()
    with pytest.raises(InputError, match="positive number of steps, a multiple of 2; found 3"):
        model.rollout(ds, steps=3, save_every=2)
    with pytest.raises(InputError, match=r"time step of at most 0\.\d+ for these fields; found 1"):
        model.rollout(ds, steps=3, dt=1.0)
    del ds.attrs["viscosity"]
    with pytest.raises(InputError, match="Expected the attributes viscosity, .* viscosity missing"):
        model.rollout(ds, steps=3)
    ds.attrs.update(ATTRIBUTES)
    with pytest.raises(InputError, match=r"it blew up after \d+ of 100 steps of 0.05"):
        SmagorinskyFlux(constant=30.0).rollout(ds, steps=100, dt=0.05)
