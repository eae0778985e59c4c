"""The scores on the cards are those that the code gives."""

import os
from pathlib import Path

import numpy as np
import pytest

from geodl import themes, zoo
from geodl.errors import InputError
from geodl.models.cloud_nowcaster import CloudNowcaster
from geodl.themes import segmentation
from geodl_datasets.clouds.clouds_dataset_builder import MSG_FILE

scene = pytest.mark.skipif(
    not list(Path(os.environ.get("GEODL_SOURCES", os.devnull)).rglob(MSG_FILE)),
    reason=f"needs {MSG_FILE} in GEODL_SOURCES",
)


def _assert_card(scores, model):
    found = themes.card_scores(model)
    for name, values in scores.items():
        np.testing.assert_allclose(found[name], values, atol=2e-4, err_msg=name)


@scene
@pytest.mark.slow
def test_cards_of_the_plain_network_and_persistence_are_recomputed():
    _assert_card(zoo.card("cloud_cnn")["scores"], zoo.load("cloud_cnn"))
    _assert_card(zoo.card("cloud_unet")["baselines"]["persistence"], segmentation.CloudPersistence())


@pytest.mark.slow
@scene
def test_card_of_cloud_unet_is_recomputed():
    _assert_card(zoo.card("cloud_unet")["scores"], zoo.load("cloud_unet"))


@pytest.mark.slow
@scene
@pytest.mark.parametrize("name", ["optical flow", "smoothed flow"])
def test_baselines_on_the_card_are_recomputed(name):
    _assert_card(zoo.card("cloud_unet")["baselines"][name], segmentation.approaches("msg_europe")[name]())


def test_cloud_unet_is_above_smoothed_flow_where_its_card_says():
    card = zoo.card("cloud_unet")
    scores, flow = ({name: np.array(v) for name, v in s.items()} for s in (card["scores"], card["baselines"]["smoothed flow"]))
    assert (scores["binary_accuracy"] >= flow["binary_accuracy"]).all() and (scores["brier"] <= flow["brier"]).all()
    assert (scores["class_accuracy"][1:] >= flow["class_accuracy"][1:] + 0.01).all()


def test_cloud_unet_is_above_persistence_and_flow_at_every_lead():
    card = zoo.card("cloud_unet")
    for baseline in ("persistence", "optical flow"):
        for score in ("binary_accuracy", "csi", "class_accuracy"):
            assert (np.array(card["scores"][score]) > card["baselines"][baseline][score]).all(), (baseline, score)
    assert max(card["scores"]["reliability"]) < 0.02


@pytest.mark.slow
def test_every_approach_is_compared_on_the_same_samples():
    compared = themes.compare("segmentation", "meteonet_sample")
    assert list(compared) == list(segmentation.approaches("meteonet_sample"))
    counts = {tuple(scores.sums["count"]) for scores in compared.values()}
    assert len(counts) == 1 and counts.pop()[0] > 0
    frame = themes.table(compared)
    assert len(frame) == 4 * len(compared) and {"lead_time", "csi", "brier", "seconds_a_sample"} <= set(frame)


def test_all_approaches_are_nowcasters():
    assert all(isinstance(make(), CloudNowcaster) for make in segmentation.approaches("msg_europe").values())


def test_a_model_with_classes_of_its_own_is_not_scored_on_cloud_types():
    with pytest.raises(InputError, match="has classes of its own: score it by its `evaluate`"):
        segmentation.evaluate(zoo.load("cloud_unet", classes=2), "meteonet_sample")


def test_unknown_theme_is_told():
    with pytest.raises(
        InputError,
        match="assimilation, closure, forecasting, interpolation, segmentation, trajectories; found 'waves'",
    ):
        themes.theme("waves")
