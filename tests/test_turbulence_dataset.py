import numpy as np
import pytest
import tensorflow_datasets as tfds

from geodl import datasets
from geodl.fourier_box import AXES, divergence
from geodl.metrics.subgrid_scores import spectrum
from geodl_datasets.turbulence import turbulence_dataset_builder
from geodl_datasets.turbulence.turbulence_dataset_builder import Config, random_state, simulate

SHORT = {"FIRST_POINTS": 8, "SPIN_UP": 0.5, "SETTLING": 0.25, "SNAPSHOTS": 3}


@pytest.fixture
def short(monkeypatch):
    for name, value in SHORT.items():
        monkeypatch.setattr(turbulence_dataset_builder, name, value)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The splits of a simulation of 16³ points for a short while, filtered to 8³, and its config."""
    config = Config(name="small", points=16, coarse=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path_factory.mktemp("built")))
        for name, value in SHORT.items():
            patch.setattr(turbulence_dataset_builder, name, value)
        patch.setattr(turbulence_dataset_builder.Builder, "BUILDER_CONFIGS", [config])
        patch.setattr(turbulence_dataset_builder.Builder, "builder_configs", {"small": config})
        yield {split: datasets.open_dataset("turbulence", "small", split) for split in ("train", "validation", "test")}, config


def test_splits_are_runs(small):
    ds, _ = small
    runs = {split: set(part.run.values) for split, part in ds.items()}
    assert runs == {"train": {*range(6)}, "validation": {6}, "test": {7, 8}}
    np.testing.assert_allclose(ds["test"].time_of_run, [0, 0.2, 0.4] * 2)
    assert ds["train"].scalar.shape == (18, 8, 8, 8) and ds["train"].scalar.dtype == "float32"


def test_the_target_is_the_divergence_of_the_flux(small):
    ds, _ = small
    found = np.array(divergence(ds["test"].subgrid_flux.values))
    np.testing.assert_allclose(found, ds["test"].subgrid_flux_divergence, atol=1e-4)
    assert float(np.abs(ds["test"].subgrid_flux_divergence).max()) > 0.01


def test_pairs_are_states_and_closures(small):
    ds, _ = small
    x, y = next(iter(datasets.load("turbulence", "small", "test", batch_size=2)))
    np.testing.assert_array_equal(x[1], ds["test"][["u", "v", "w", "scalar"]].isel(sample=1).to_dataarray())
    np.testing.assert_array_equal(y, ds["test"].subgrid_flux_divergence[:2])


def test_attributes_are_those_of_the_coarse_solver(small):
    ds, config = small
    attributes = ds["train"].attrs
    assert attributes["viscosity"] == attributes["diffusivity"] == config.viscosity
    assert attributes["energy_injection"] == attributes["variance_injection"] == 0.5


def test_a_run_is_the_same_each_time_and_another_one_differs(short):
    config = Config(name="small", points=16, coarse=8)
    first, again, other = (list(simulate(config, run)) for run in (0, 0, 1))
    np.testing.assert_allclose([time for time, _ in first], [0, 0.2, 0.4])
    np.testing.assert_array_equal(first[1][1], again[1][1])
    assert np.abs(first[1][1] - other[1][1]).max() > 1


def test_without_forcing_energy_and_variance_decay(short):
    squares = [np.mean(state**2, axis=AXES) for _, state in simulate(Config(name="small", points=16, forced=False), 0)]
    assert (np.diff([square[:3].sum() for square in squares]) < 0).all()
    assert (np.diff([square[3] for square in squares]) < 0).all()


def test_viscosity_keeps_the_smallest_eddies_on_the_grid():
    """ν³ ∝ η⁴ for the same dissipation."""
    ratio = Config(name="a", points=128).viscosity / Config(name="b", points=64).viscosity
    assert ratio**3 == pytest.approx(0.5**4)


def test_random_states_have_unit_variance_at_large_scales():
    state = random_state(16, seed=0)
    np.testing.assert_allclose(state.var(axis=AXES), 1)
    shells = spectrum(state).mean(axis=0)
    assert shells[:3].sum() > 0.8 and shells[4] < 0.1
