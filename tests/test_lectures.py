"""The page from lectures to code names what exists."""

import pydoc
import re
from pathlib import Path

import pytest

from geodl import baselines, datasets, dynamics, layers, metrics, models, zoo

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "lectures.md").read_text()
MODULES = (baselines, dynamics, layers, metrics, models)
OTHERS = {"compile", "fit", "keras.optimizers", "notebooks", "recipe.py"}  # of Keras and of the repository
NAMES = {name.split("(")[0] for name in re.findall(r"`([^`]+)`", PAGE) if " " not in name.split("(")[0]} - OTHERS


@pytest.mark.parametrize("name", sorted(NAMES))
def test_name_exists(name):
    if name[:2].isdigit():
        assert (ROOT / "notebooks" / f"{name}.py").is_file()
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
