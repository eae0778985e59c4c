"""Published models: `load`, `list_models`, `card`, `save`."""

import difflib
import hashlib
import importlib.util
import json
import tempfile
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path

from geodl.errors import InputError
from geodl.headlines import headlines

CONFIG, WEIGHTS, CARD = "config.json", "model.weights.h5", "card.json"


def list_models(pattern: str = "*", theme: str | None = None) -> list[str]:
    """Names of the published models that match a pattern, of one theme or of all.

    Raises:
        InputError: a theme of no model.

    >>> list_models("cloud_u*", theme="segmentation")
    ['cloud_unet']
    """
    folders = resources.files("geodl_zoo").iterdir()
    names = sorted(folder.name for folder in folders if (folder / CARD).is_file())
    theme_of = {name: card(name)["theme"] for name in names} if theme is not None else {}
    if theme is not None and theme not in theme_of.values():
        raise InputError(f"Expected one of the themes {', '.join(sorted(set(theme_of.values())))}; found {theme!r}.")
    return [name for name in names if fnmatch(name, pattern) and theme == theme_of.get(name)]


def folder_of(name: str) -> Path:
    """Folder of a published model.

    Raises:
        InputError: no such model; the message suggests the nearest name.
    """
    root = Path(str(resources.files("geodl_zoo")))
    if not (root / name / "recipe.py").is_file():
        names = sorted(path.parent.name for path in root.glob("*/recipe.py"))
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"Expected one of the models {', '.join(names)}; found {name!r}.{hint}")
    return root / name


def card(name: str) -> dict:
    """The card of a published model: what it is, what it was trained on, its scores beside those of the baselines.

    Of a folder that `save` wrote, it tells only the theme and the inputs.

    Raises:
        InputError: no such model, or one without published weights.
    """
    if not _is_published(name) and (Path(name) / CONFIG).is_file():
        kind = _class_of(json.loads((Path(name) / CONFIG).read_text()))
        return {"name": str(name), "theme": kind.theme, "inputs": {kind.input_variable.name: {}}}
    if not _is_published(name):
        raise InputError(f"No weights of {folder_of(name).name} are published: geodl train {name} makes some.")
    return json.loads((folder_of(name) / CARD).read_text())


def write_card(name: str, **changes) -> None:
    """Puts entries on the card of a published model."""
    from geodl.files import write_whole

    text = json.dumps(card(name) | changes, indent=2, ensure_ascii=False) + "\n"
    write_whole(folder_of(name) / CARD, lambda path: path.write_text(text))


def recipe(name: str):
    """The training script of a published model, as a module.

    Raises:
        InputError: no such model.
    """
    path = folder_of(name) / "recipe.py"
    spec = importlib.util.spec_from_file_location(f"geodl_zoo.{name}.recipe", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(name: str | Path, pretrained: bool = True, classes: int | None = None):
    """A published model, or one that `save` wrote, compiled and ready for `predict`, `fit` and `export`.

    `fit` takes what its `training_data` makes of a dataset.

    Args:
        name: as in `list_models()`, or a folder.
        pretrained: with its weights; otherwise with random ones.
        classes: number of classes of a new head; the body keeps its weights.

    Raises:
        InputError: no such model, a folder that `save` did not write, weights whose sha256 is not the one on the card, or
            classes for a model that has none.
    """
    import keras

    from geodl import dynamics, metrics, models

    del dynamics, metrics, models  # importing them registers the classes that config.json names
    folder = _existing_folder(name)
    if not (folder / CONFIG).is_file():
        raise InputError(f"No weights of {folder.name} are published: geodl train {folder.name} makes some.")
    config = json.loads((folder / CONFIG).read_text())
    if classes is not None:
        if "classes" not in config["model"]["config"] or classes < 2:
            raise InputError(f"Expected two classes or more for a model that classifies; found {classes} for {folder.name}.")
        config["model"]["config"]["classes"] = classes
    try:
        model = keras.saving.deserialize_keras_object(config["model"])
        model.build(tuple(config["build"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"Expected a folder that geodl.zoo.save wrote; {folder / CONFIG} is not: {error}") from error
    if pretrained:
        _check_weights(folder)
        model.load_weights(folder / WEIGHTS, skip_mismatch=classes is not None)
    if config["compile"] is not None:
        model.compile_from_config(config["compile"])
    return model


def save(model, path: str | Path) -> None:
    """Writes the configuration, compile settings and weights of a model into a folder that `load` reads.

    The model is complete or not there: it is written under a temporary name and then moved. Other files in the folder are
    kept.
    """
    import keras

    path = Path(path)
    config = {
        "model": keras.saving.serialize_keras_object(model),
        "build": model.get_build_config()["input_shape"],
        "compile": model.get_compile_config(),
    }
    # What `serialize_keras_object` repeats of it would bring back the optimizer's state of no use here.
    for key in ("build_config", "compile_config"):
        config["model"].pop(key, None)
    path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path) as scratch:
        # A compiled model would write its optimizer's state too, which is larger than the weights.
        uncompiled = type(model).from_config(model.get_config())
        uncompiled.build(tuple(config["build"]))
        uncompiled.set_weights(model.get_weights())
        uncompiled.save_weights(Path(scratch) / WEIGHTS)
        (Path(scratch) / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
        # A folder without configuration is no model: new weights never stand beside an old one.
        (path / CONFIG).unlink(missing_ok=True)
        for file in (WEIGHTS, CONFIG):
            (Path(scratch) / file).replace(path / file)


def sha256_of(name: str | Path) -> str:
    """sha256 of the weights of a published model or saved folder."""
    folder = _existing_folder(name)
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()


def markdown_table(names: list[str]) -> str:
    """The models with their scores, averaged over lead times, beside those of the best baseline, as a Markdown table."""
    lines = ["| model | theme | what it does | score | model | best baseline |", "|---|---|---|---|---|---|"]
    for name in names:
        sheet = card(name)
        for number, (score, value, baseline, best) in enumerate(headlines(sheet)):
            first = " | | " if number else f"`{name}` | {sheet['theme']} | {sheet['summary']}"
            against = f"{best:.4g} ({baseline})" if baseline else ""
            lines.append(f"| {first} | {score.replace('_', ' ')} | {value:.4g} | {against} |")
    return "\n".join(lines)


def _existing_folder(name: str | Path) -> Path:
    """Of a published model, or one that `save` wrote; a published name comes first."""
    saved = not _is_published(name) and (Path(name) / CONFIG).is_file()
    return Path(name) if saved else folder_of(str(name))


def _is_published(name: str | Path) -> bool:
    return Path(name).name == str(name) and (resources.files("geodl_zoo") / str(name) / CARD).is_file()


def _class_of(config: dict):
    """The class of the model that a config.json describes."""
    import keras

    from geodl import models

    del models  # importing them registers their classes
    return keras.saving.get_registered_object(config["model"]["registered_name"])


def _check_weights(folder: Path) -> None:
    if not (folder / CARD).is_file():
        return  # saved by a user: there is no card to compare with
    expected, found = json.loads((folder / CARD).read_text())["sha256"], sha256_of(folder)
    if found != expected:
        raise InputError(f"Expected weights with sha256 {expected} in {folder / WEIGHTS}; found {found}: install again.")
