import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from geodl import datasets, zoo
from geodl.errors import InputError
from geodl.metrics import ClassAccuracy, CloudTypeLoss
from geodl.models import CloudUNet

# Their graphs take more than two seconds to write and to read.
LARGE = {"cloud_unet", "wind_attention", "lorenz63_direct", "lorenz96_direct", *zoo.list_models("*_4dvarnet*")}
LARGE |= set(zoo.list_models("seabird_mdn_*"))
QUICK_FIRST = [pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else []) for name in zoo.list_models()]


def example(model, batch):
    """Inputs of the sizes that the model was built for; those that are free are 16."""
    random, sizes = np.random.default_rng(0), [size or 16 for size in model.get_build_config()["input_shape"][1:]]
    if model.theme == "segmentation":
        return random.integers(1, 16, (batch, *sizes)).astype("float32")
    return random.random((batch, *sizes), model.variable_dtype)


@pytest.mark.parametrize("name", zoo.list_models())
def test_published_models_load_compiled_with_the_weights_of_their_card(name):
    model = zoo.load(name)
    assert model.compiled and model.loss is not None
    assert zoo.sha256_of(name) == zoo.card(name)["sha256"]
    assert np.isfinite(model.predict(example(model, 2), verbose=0)).all()


@pytest.mark.parametrize("name", QUICK_FIRST)
def test_published_models_are_exported_for_any_batch(name, tmp_path):
    model = zoo.load(name)
    model.export(tmp_path, verbose=False)
    exported = tf.saved_model.load(str(tmp_path))
    for batch in (1, 3):
        x = example(model, batch)
        expected = model.predict(x, verbose=0)
        np.testing.assert_allclose(exported.serve(x), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_weights_are_small():
    for name in zoo.list_models():
        assert (zoo.folder_of(name) / zoo.WEIGHTS).stat().st_size <= 4e6


def test_cards_say_what_a_user_must_know():
    for name in zoo.list_models():
        card = zoo.card(name)
        assert {
            "summary",
            "theme",
            "inputs",
            "outputs",
            "trained_on",
            "scores",
            "baselines",
            "evaluate",
            "seed",
            "hardware",
        } <= set(card)
        assert set(card["licences"]) == {"code", "weights", "data"}
        for scores in card["baselines"].values():
            assert scores, f"a baseline of {name} has no score"
            assert {key: len(values) for key, values in scores.items()}.items() <= {
                key: len(values) for key, values in card["scores"].items()
            }.items()


def test_names_are_matched_by_pattern_and_theme():
    assert "cloud_unet" in zoo.list_models("cloud_*", theme="segmentation")
    assert zoo.list_models("cloud_*", theme="closure") == []
    with pytest.raises(InputError, match="Expected one of the themes assimilation, .*; found 'clouds'"):
        zoo.list_models(theme="clouds")


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(InputError, match=r"found 'cloud_unit'. Did you mean 'cloud_unet'\?"):
        zoo.load("cloud_unit")


@pytest.mark.parametrize("name", ["", "absent/folder"])
def test_a_name_that_is_no_name_is_told_all_of_them(name):
    with pytest.raises(InputError, match=f"Expected one of the models burgers_cnn, .*, wind_convlstm; found '{name}'"):
        zoo.load(name)


def test_changed_weights_are_refused(tmp_path):
    model = CloudUNet(filters=(4, 4, 4))
    model.build((None, 6, None, None))
    zoo.save(model, tmp_path)
    (tmp_path / zoo.CARD).write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(InputError, match="Expected weights with sha256 0000.*found"):
        zoo.load(tmp_path)


def test_saved_model_comes_back_with_its_compile_settings(tmp_path, moving_codes):
    model = CloudUNet(filters=(4, 4, 4))
    model.build((None, 6, None, None))
    model.compile("adam", CloudTypeLoss(mask_weight=0.5))
    zoo.save(model, tmp_path)
    again = zoo.load(tmp_path)
    assert again.loss.mask_weight == 0.5
    np.testing.assert_array_equal(again.predict(moving_codes[:, :6], verbose=0), model.predict(moving_codes[:, :6], verbose=0))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([zoo.CONFIG, zoo.WEIGHTS])


def test_a_killed_save_leaves_no_mixture_of_two_models(tmp_path, monkeypatch):
    zoo.save(zoo.load("lorenz63_lstm"), tmp_path)
    (tmp_path / "log.csv").write_text("epoch,loss")
    move = Path.replace

    def killed(file, target):
        move(file, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        zoo.save(zoo.load("lorenz96_lstm"), tmp_path)
    with pytest.raises(InputError, match="Expected one of the models"):
        zoo.load(tmp_path)
    assert (tmp_path / "log.csv").is_file()


def test_a_new_head_keeps_the_body():
    model, other = zoo.load("cloud_unet"), zoo.load("cloud_unet", classes=2)
    for mine, theirs in zip(model.encoder.get_weights(), other.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(("name", "classes"), [("lorenz63_lstm", 2), ("cloud_unet", 0), ("cloud_unet", 1)])
def test_classes_are_for_models_that_classify(name, classes):
    with pytest.raises(InputError, match=f"two classes or more for a model that classifies; found {classes} for {name}"):
        zoo.load(name, classes=classes)


@pytest.mark.parametrize(
    "change",
    [lambda config: config.pop("build"), lambda config: config["model"].update(class_name="X", registered_name="geodl>X")],
)
def test_a_folder_that_save_did_not_write_is_told(tmp_path, change):
    zoo.save(zoo.load("lorenz63_lstm", pretrained=False), tmp_path)
    config = json.loads((tmp_path / zoo.CONFIG).read_text())
    change(config)
    (tmp_path / zoo.CONFIG).write_text(json.dumps(config))
    with pytest.raises(InputError, match=r"Expected a folder that geodl.zoo.save wrote; .*config.json is not"):
        zoo.load(tmp_path)


def test_without_pretrained_weights_the_network_is_new():
    trained, new = zoo.load("cloud_unet"), zoo.load("cloud_unet", pretrained=False)
    assert not np.array_equal(trained.encoder.get_weights()[0], new.encoder.get_weights()[0])


@pytest.mark.slow
def test_the_model_with_a_new_head_learns_from_the_sample():
    """The fine-tuning example of the README, shortened."""
    sample = datasets.load("clouds", batch_size=1, patch=96, augment=True)
    cover = sample.map(lambda x, y: (x, tf.where(y >= 5, 2, tf.where(y > 0, 1, 0)))).take(6).cache()
    model = zoo.load("cloud_unet", classes=2)
    model.encoder.trainable = False
    model.compile("adam", CloudTypeLoss(), metrics=[ClassAccuracy()])
    frozen = model.encoder.get_weights()
    losses = model.fit(cover, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for before, after in zip(frozen, model.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_recipe_without_published_weights_says_how_to_train_it(tmp_path, monkeypatch):
    (tmp_path / "new_net").mkdir()
    (tmp_path / "new_net" / "recipe.py").touch()
    monkeypatch.setattr(zoo.resources, "files", lambda package: tmp_path)
    for ask in (zoo.card, zoo.load):
        with pytest.raises(InputError, match="No weights of new_net are published: geodl train new_net makes some"):
            ask("new_net")


def test_a_published_name_comes_before_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zoo.save(zoo.load("lorenz63_lstm", pretrained=False), "lorenz63_lstm")
    assert "scores" in zoo.card("lorenz63_lstm") and "scores" not in zoo.card("./lorenz63_lstm")
    assert zoo.sha256_of("lorenz63_lstm") == zoo.card("lorenz63_lstm")["sha256"] != zoo.sha256_of("./lorenz63_lstm")
