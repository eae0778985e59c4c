"""The page from lectures to code names what exists, and says where it is seen."""

import inspect
import json
import pydoc
import re
import sys
from pathlib import Path

import keras
import pytest

from geodl import baselines, datasets, dynamics, layers, metrics, models, themes, zoo

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "lectures.md").read_text()
MODULES = (baselines, dynamics, layers, metrics, models)
OTHERS = {"compile", "fit", "keras.optimizers", "notebooks", "recipe.py", "zoo/NAME/recipe.py"}  # of Keras and the repository
NAMES = {name.split("(")[0] for name in re.findall(r"`([^`]+)`", PAGE) if " " not in name.split("(")[0]} - OTHERS
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.M)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_name_exists(name):
    if name[:2].isdigit():
        assert (ROOT / "notebooks" / f"{name}.py").is_file()
    elif name.startswith("benchmarks/"):
        assert (ROOT / name).is_file()
    elif name.startswith("geodl."):
        assert pydoc.locate(name) is not None
    else:
        first = name.split(".")[0]
        public = any(hasattr(module, first) and pydoc.locate(f"{module.__name__}.{name}") is not None for module in MODULES)
        assert public or zoo.list_models(name) or name in datasets.list_datasets()


def test_every_lecture_names_a_notebook_and_a_model():
    for lecture in PAGE.split("\n## ")[1:]:
        assert re.search(r"`\d\d_\w+`", lecture), lecture.splitlines()[0]
        assert re.search(r"models? `", lecture), lecture.splitlines()[0]


def text_of(place: str) -> str:
    """What is to be read at a place that the page names."""
    if place[:2].isdigit():
        return "".join((ROOT / "notebooks" / folder / f"{place}.py").read_text() for folder in (".", "solutions"))
    if place.startswith("geodl compare"):
        module = Path(themes.theme(place.split()[2]).__file__)
        return "".join(path.read_text() for path in (module.parent.glob("*.py") if module.stem == "__init__" else [module]))
    if place.startswith("benchmarks/"):
        return (ROOT / place).read_text()
    if place.startswith("geodl."):
        # What it uses; that it defines itself is no use of it.
        return inspect.getsource(inspect.getmodule(pydoc.locate(place))).replace(place.split(".")[-1], "")
    if place in datasets.list_datasets():
        return "".join(path.read_text() for path in (ROOT / "datasets" / place).glob("*.py"))
    return "".join(map(text_of_model, zoo.list_models(place)))


def text_of_model(name: str) -> str:
    """Its recipe and configuration, the modules of its class and of the classes that it inherits from."""
    config = (ROOT / "zoo" / name / "config.json").read_text()
    kind = keras.saving.get_registered_object(json.loads(config)["model"]["registered_name"])
    own = {sys.modules[base.__module__] for base in kind.__mro__ if base.__module__.startswith("geodl.")}
    return "".join([(ROOT / "zoo" / name / "recipe.py").read_text(), config, *map(inspect.getsource, own)])


@pytest.mark.parametrize(("code", "where"), [row[1:] for row in ROWS if row[0] != "idea" and "every" not in row[2]])
def test_what_a_row_names_is_seen_where_it_says(code, where):
    places = re.findall(r"`([^`]+)`", where)
    text = "".join(map(text_of, places))
    for name in re.findall(r"`([^`]+)`", code):
        last = name.split("(")[0].split(".")[-1]
        assert re.search(rf"\b{last}\b", text), f"{name} is not in {where}"
