"""The site builds without a warning, holds together, and needs no network."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import numpy as np
import pytest

from geodl import datasets, themes, zoo

pytest.importorskip("mkdocs")
pytest.importorskip("mkdocstrings")
REPOSITORY = Path(__file__).parents[1]


class Page(HTMLParser):
    """What a page links to, what it loads, what others can link to, and its text."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.loaded, self.anchors, self.text = [], [], {""}, ""
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes.get("id"), attributes.get("name")}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "link" and "canonical" not in attributes.get("rel", ""):
            self.loaded.append(attributes["href"])
        if tag in ("script", "img", "iframe") and "src" in attributes:
            self.loaded.append(attributes["src"])

    def handle_data(self, data):
        self.text += data


def test_the_site_is_whole(tmp_path):
    """One test, because the site is built once."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path]
    built = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    )
    assert built.returncode == 0, built.stderr
    pages = {path.relative_to(tmp_path).as_posix(): Page(path) for path in tmp_path.rglob("*.html") if path.name != "404.html"}
    _check_links(tmp_path, pages)
    _check_cards(pages, json.loads((tmp_path / "search" / "search_index.json").read_text())["docs"])
    _check_equations(pages)
    assert not [name for name in pages if re.match("api/.*(command_|_command)", name)], "the command has one page"


def _check_links(folder, pages):
    for name, page in pages.items():
        for target in page.links + page.loaded:
            if urlsplit(target).scheme:
                assert target in page.links, f"{name} loads {target} from the network"
                continue
            path, anchor = urldefrag(target)
            path = ((folder / name).parent / unquote(path)).resolve() if path else folder / name
            path = path / "index.html" if path.is_dir() else path
            assert path.is_file(), f"{name} links to {target}, which is not there"
            if path.suffix == ".html" and anchor:
                assert unquote(anchor) in pages[path.relative_to(folder).as_posix()].anchors, f"{name} links to {target}"


def _check_cards(pages, index):
    found = {entry["location"]: entry for entry in index}
    for name in zoo.list_models():
        card = zoo.card(name)
        assert found[f"zoo/{name}.html"]["title"] == name
        for score in card["headline"]:
            assert f"{np.mean(card['scores'][score]):.4g}" in pages[f"zoo/{name}.html"].text
        for licence in card["licences"].values():
            assert licence in pages[f"zoo/{name}.html"].text
        assert name in pages["zoo/index.html"].text
    for name in datasets.list_datasets():
        assert f"datasets/{name}.html" in found
    for name in themes.THEMES:
        assert f"themes/{name}.html" in pages["index.html"].links
        pictures = [
            source for source in pages[f"themes/{name}.html"].loaded if re.search(r"(?<!assets/)images/.*\.png", source)
        ]
        assert pictures or not zoo.list_models(theme=name), f"no picture of a theme with models: docs/images/{name}.png"


def _check_equations(pages):
    for package in ("dynamics", "layers", "metrics"):
        text = pages[f"api/{package}.html"].text
        assert not re.findall(r"\\[()\[a-z]|\$\$", text), f"an equation of {package} is not drawn"
    assert "𝐱" in pages["api/layers.html"].text


@pytest.fixture(scope="module")
def mathml():
    pytest.importorskip("latex2mathml")
    spec = importlib.util.spec_from_file_location("equations", REPOSITORY / "docs" / "equations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.mathml


@pytest.mark.parametrize(
    ("equation", "drawn"),
    [
        (r"\mathbf x", "<mi>𝐱</mi>"),
        (r"\boldsymbol\sigma", "<mi>𝝈</mi>"),
        (r"\overline{u}", '<mrow class="overline"><mrow><mi>u</mi></mrow></mrow>'),
        (r"\arg\min_x", "<mo>arg</mo>"),
    ],
)
def test_equations_are_drawn_with_characters_that_browsers_know(mathml, equation, drawn):
    assert drawn in mathml(equation)
