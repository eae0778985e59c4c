import numpy as np
import pytest
import xarray as xr

from box_flows import random_flow
from geodl import datasets, themes, zoo
from geodl.baselines import NoSubgridFlux, SmagorinskyFlux
from geodl.filters import subgrid_terms
from geodl.models import SGTNN
from geodl.themes import closure
from geodl.themes.closure import turbulence


@pytest.fixture
def runs(monkeypatch):
    """Two runs at two times on 12³ points, of random flows."""
    terms = subgrid_terms(random_flow(24, 5, batch=4).astype("float32"), 12)
    dims, axis = ("sample", "x", "y", "z"), 2 * np.pi * np.arange(12) / 12
    ds = xr.Dataset(
        {name: (dims, terms["state"][:, i]) for i, name in enumerate(turbulence.FIELDS)}
        | {turbulence.FLUX: (dims, terms["subgrid_flux_divergence"])},
        {name: (name, axis) for name in "xyz"} | {"run": ("sample", [5, 5, 6, 6]), "time_of_run": ("sample", [0.0, 0.25] * 2)},
        {"viscosity": 0.1, "diffusivity": 0.1, "energy_injection": 0.5, "variance_injection": 0.5},
    )
    monkeypatch.setattr(datasets, "open_dataset", lambda *name: ds)
    monkeypatch.setattr(turbulence, "TURNOVERS", 1)
    return ds


class Perfect(NoSubgridFlux):
    """Knows the truth of the test split, whatever the scale of the scalar and the frame."""

    def __init__(self, ds):
        super().__init__()
        self.truth = ds[turbulence.FLUX]
        self.scalar = float(np.abs(ds.scalar).max())

    def predict(self, ds):
        return xr.Dataset({turbulence.FLUX: self.truth * np.abs(ds.scalar).max() / self.scalar})


def test_without_a_closure_all_is_lost(runs):
    scores = closure.evaluate(NoSubgridFlux(), "turbulence").result()
    for score in ("relative_mse", "rescaled_mse", "moving_mse", "dissipation_error"):
        assert scores[score] == [1.0]
    assert scores["correlation"] == [0.0] and scores["stable_time"][0] == pytest.approx(1, abs=0.3)
    assert scores == themes.card_scores(NoSubgridFlux())


def test_a_perfect_closure_has_the_best_scores(runs):
    scores = closure.evaluate(Perfect(runs), "turbulence").result()
    assert scores["correlation"] == [1.0]
    for score in ("relative_mse", "rescaled_mse", "moving_mse", "dissipation_error", "jensen_shannon", "kolmogorov_smirnov"):
        assert scores[score][0] == pytest.approx(0, abs=1e-3)


def test_a_simulation_that_blows_up_has_a_short_stable_time_and_no_spectrum(runs):
    scores = closure.evaluate(SmagorinskyFlux(constant=50.0), "turbulence")
    assert scores.stable_time == 0 and np.isnan(scores.spectrum).all()
    assert scores.result()["spectrum_distance"] == [None]


def test_the_symmetries_of_sgtnn_show_in_its_scores(runs):
    scores = closure.evaluate(SGTNN(filters=(4,)), "turbulence")
    assert scores.rescaled_mse == pytest.approx(scores.relative_mse, abs=1e-5)
    assert scores.moving_mse == pytest.approx(scores.relative_mse, abs=1e-5)


def test_the_comparison_makes_rows_and_pictures(runs):
    made = closure.approaches("turbulence")
    assert list(made)[:5] == list(turbulence.CASES["turbulence"].baselines)
    compared = {name: closure.evaluate(made[name](), "turbulence") for name in ("no closure", "Smagorinsky")}
    frame = themes.table(compared)
    assert frame.index.tolist() == list(compared)
    assert frame.dissipation_error["Smagorinsky"] == pytest.approx(0, abs=1e-3)  # tuned on the same fields
    titles = [axis.get_title() for axis in closure.figure(compared, "turbulence").axes]
    assert "truth" in titles and "no closure\ncorrelation 0.00" in titles and "spectrum of the scalar" in titles


def test_the_closure_of_ones_own_fields_is_drawn(runs):
    for own in (runs, runs.isel(sample=0)):
        for found in (SmagorinskyFlux().predict(own), SmagorinskyFlux().rollout(own, steps=2)):
            titles = [axis.get_title() for axis in closure.picture(own, own, found).axes]
            assert titles[:2] == ["scalar, z = π", "divergence of its subgrid flux, z = π"]


def test_networks_are_compared_if_they_are_published(monkeypatch):
    monkeypatch.setattr(zoo, "list_models", lambda: [])
    assert list(closure.approaches("turbulence")) == list(turbulence.CASES["turbulence"].baselines)


# === What is published ===


def test_sgtnn_is_better_than_the_classical_models_and_the_plain_network():
    """As in Frezat et al. (2021): correlation, error and dissipation."""
    card = zoo.card("turbulence_sgtnn")
    others = [*card["baselines"].values(), zoo.card("turbulence_cnn")["scores"]]
    for score, better in (("correlation", np.greater), ("relative_mse", np.less), ("dissipation_error", np.less)):
        assert all(better(card["scores"][score], other[score]).all() for other in others), score


def test_its_error_does_not_depend_on_the_scale_of_the_scalar_nor_on_the_frame_and_that_of_the_cnn_does():
    sgtnn, cnn = (zoo.card(f"turbulence_{name}")["scores"] for name in ("sgtnn", "cnn"))
    assert sgtnn["rescaled_mse"] == sgtnn["moving_mse"] == sgtnn["relative_mse"]
    assert min(cnn["rescaled_mse"][0], cnn["moving_mse"][0]) > 1.05 * cnn["relative_mse"][0]


def test_a_simulation_with_it_is_stable_and_has_a_better_spectrum_than_with_dynamic_smagorinsky():
    card = zoo.card("turbulence_sgtnn")
    assert card["scores"]["stable_time"][0] >= 10
    assert card["scores"]["spectrum_distance"] < card["baselines"]["dynamic Smagorinsky"]["spectrum_distance"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["turbulence_sgtnn", "turbulence_cnn"])
def test_the_card_is_recomputed(name):
    card = zoo.card(name)
    found = themes.card_scores(zoo.load(name))
    for score, values in card["scores"].items():
        np.testing.assert_allclose(found[score], values, rtol=0.02, atol=2e-3, err_msg=score)
    for baseline in ("dynamic Smagorinsky", "gradient model"):
        made = closure.approaches("turbulence")[baseline]()
        for score, values in closure.evaluate(made).result().items():
            np.testing.assert_allclose(values, card["baselines"][baseline][score], rtol=0.02, atol=2e-3, err_msg=score)
