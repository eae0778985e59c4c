import re
from importlib import resources
from pathlib import Path

import pytest

from geodl import zoo
from geodl.files import read_netcdf, write_netcdf

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_table_of_models_is_the_one_the_cards_give():
    found = re.search(r"<!-- models: geodl list --markdown -->\n(.*?)<!-- end of models -->", README, re.S)[1]
    assert found.strip() == zoo.markdown_table(zoo.list_models()).strip()


def test_pictures_exist():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (Path(__file__).parents[1] / path).is_file(), path


TEXTS = re.findall(r"^###? (.*?)\n(.*?)(?=^##|\Z)", README, re.M | re.S)
SECTIONS = {title: re.findall(r"```python\n(.*?)```", text, re.S) for title, text in TEXTS}
SIZES = {
    "Use": ("forecast", {"time": 4, "lat": 96, "lon": 128}),
    "Dynamical systems: forecasting with differential equations as layers": ("forecast", {"time": 1500, "component": 3}),
    "Data assimilation": ("found", {"time": 200, "component": 3}),
    "Closures of coarse solvers": ("trajectory", {"sample": 4, "time": 125, "x": 25}),
    "Wind: short-term forecasting": ("forecast", {"time": 6, "station": 8, "quantile": 5}),
    "Seabird trips: generative trajectories": ("filled", {"trip": 100, "step": 201}),
    "Fields with gaps: interpolation in space and time": ("filled", {"lat": 64, "lon": 64}),
}
LONG = {"Fine-tune", "Compare"}  # they train


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A place with the files of the examples."""
    sample = read_netcdf(Path(str(resources.files("geodl_datasets"))) / "clouds" / "CT_NW_2016_sample.nc")
    write_netcdf(sample.isel(time=slice(6), lat=slice(96), lon=slice(128)), tmp_path / "my_cloud_types.nc")
    monkeypatch.chdir(tmp_path)


def run(section: str) -> dict:
    """The names that the code of a section leaves."""
    names = {}
    for code in SECTIONS[section]:
        exec(compile(code, "README.md", "exec"), names)
    return names


def test_all_examples_are_run():
    assert {title for title, codes in SECTIONS.items() if codes} == {*SIZES, *LONG}


@pytest.mark.parametrize("section", SIZES)
def test_example_runs(section, folder):
    name, sizes = SIZES[section]
    assert sizes.items() <= run(section)[name].sizes.items()


@pytest.mark.slow
def test_example_of_fine_tuning_runs(folder):
    assert run("Fine-tune")["model"].classes == 2
    assert zoo.load("my_model").classes == 2


@pytest.mark.slow
def test_example_of_comparison_runs(folder):
    names = run("Compare")
    assert {"again", "CNN, a posteriori", "Smagorinsky"} <= set(names["table"].index)
