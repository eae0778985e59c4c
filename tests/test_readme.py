import re
from pathlib import Path

from geodl import zoo

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_table_of_models_is_the_one_the_cards_give():
    found = re.search(r"<!-- models: geodl list --markdown -->\n(.*?)<!-- end of models -->", README, re.S)[1]
    assert found.strip() == zoo.markdown_table(zoo.list_models()).strip()


def test_pictures_exist():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (Path(__file__).parents[1] / path).is_file(), path


def test_fine_tuning_example_compiles():
    for code in re.findall(r"```python\n(.*?)```", README, re.S):
        compile(code, "README.md", "exec")
