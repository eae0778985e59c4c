import re
from pathlib import Path

import pytest

from geodl import zoo

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_table_of_models_is_the_one_the_cards_give():
    found = re.search(r"<!-- models: geodl list --markdown -->\n(.*?)<!-- end of models -->", README, re.S)[1]
    assert found.strip() == zoo.markdown_table(zoo.list_models()).strip()


def test_pictures_exist():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (Path(__file__).parents[1] / path).is_file(), path


EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.S)


@pytest.mark.parametrize("code", EXAMPLES)
def test_examples_compile(code):
    compile(code, "README.md", "exec")


def test_example_of_differential_equations_runs():
    (code,) = (code for code in EXAMPLES if "ODEIntegrator" in code)
    names = {}
    exec(code, names)
    assert names["trajectory"].shape == (1, 100, 3)
    assert names["forecast"].sizes == {"time": 1500, "component": 3}
