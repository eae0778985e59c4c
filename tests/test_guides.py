"""The code of the guides runs as it stands, block after block."""

import importlib
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from etils import epath

import geodl_datasets
from geodl import datasets

GUIDES = Path(__file__).parents[1] / "docs" / "guides"
BLOCK = re.compile(r'```python(?: title="(.*?)")?\n(.*?)```', re.S)


def _run(guide: str, until: str = "the end") -> dict:
    """The names that the code of a guide leaves, up to a heading; a block with a title is a file."""
    names = {"__name__": "guide"}
    for title, code in BLOCK.findall((GUIDES / guide).read_text().partition(until)[0]):
        if title:
            Path(title).parent.mkdir(parents=True, exist_ok=True)
            Path(title).write_text(code)
        else:
            exec(compile(code, guide, "exec"), names)
    return names


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_every_guide_compiles():
    for path in GUIDES.glob("*.md"):
        for title, code in BLOCK.findall(path.read_text()):
            compile(code, title or path.name, "exec")


def test_own_data():
    names = _run("own_data.md")
    assert names["forecast"].sizes == {"time": 4, "lat": 64, "lon": 80}
    assert names["wind"].sizes["station"] == 2 and names["wind"].sizes["time"] == 6
    assert Path("forecast.nc").is_file()


def test_fine_tuning():
    names = _run("fine_tuning.md", until="## On fields with gaps")
    assert names["after"] < names["before"] / 10
    assert names["forecast"].sizes == {"time": 100, "component": 3}


@pytest.mark.slow
def test_fine_tuning_on_every_theme():
    names = _run("fine_tuning.md")
    assert names["filled"].SPM.where(names["series"].mask == 1, 1.0).notnull().all()
    assert names["history"].history["loss"][0] > 0 and names["model"].classes == 2


def test_own_layer():
    names = _run("own_layer.md")
    assert float(names["step"].kappa.numpy()) == pytest.approx(0.3, abs=0.002)


def test_own_dataset(monkeypatch, tmp_path):
    folder = tmp_path / "datasets" / "tides"
    folder.mkdir(parents=True)
    ((title, code),) = (block for block in BLOCK.findall((GUIDES / "own_dataset.md").read_text()) if block[0])
    Path(title).write_text(code)
    monkeypatch.setattr(geodl_datasets, "__path__", [*geodl_datasets.__path__, str(folder.parent)])
    monkeypatch.setattr(datasets, "list_datasets", lambda pattern="*": ["tides"])
    builder = importlib.import_module("geodl_datasets.tides.tides_dataset_builder").Builder
    monkeypatch.setattr(builder, "pkg_dir_path", epath.Path(folder))  # TFDS looks in the first folder of a package only
    names = _run("own_dataset.md")
    assert names["ds"].level.dims == ("sample", "time") and names["model"].built
    assert int(names["ds"].first.min()) >= 6000  # where training ends


def test_devices():
    names = _run("devices.md")
    assert names["states"].shape == (64, 3) and names["model"].built


def _machines(count: int) -> list[float]:
    """Losses that so many processes print, each a machine of its own."""
    ports = [socket.create_server(("localhost", 0)) for _ in range(count)]
    workers = [f"localhost:{port.getsockname()[1]}" for port in ports]
    for port in ports:
        port.close()
    running = []
    for index in range(count):
        cluster = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(cluster)} if count > 1 else os.environ
        running.append(
            subprocess.Popen([sys.executable, "several_machines.py"], env=environment, stdout=subprocess.PIPE, text=True)
        )
    printed = [process.communicate(timeout=300)[0] for process in running]
    return [float(re.search(rf"loss ([\d.]+) on {count} replicas", text)[1]) for text in printed]


@pytest.mark.slow
def test_several_machines_train_like_one():
    _run("devices.md")
    datasets.prepared_builder("lorenz63", "forecast")
    (one,) = _machines(1)
    assert _machines(2) == pytest.approx([one, one], rel=1e-3)
    assert Path("trained/model.weights.h5").is_file()
