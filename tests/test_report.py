import base64
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from geodl import report, themes, zoo
from geodl.cli import main
from geodl.errors import InputError

matplotlib.use("Agg")
REPOSITORY = Path(__file__).parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results.csv"


def _run(monkeypatch, *arguments):
    """Exit code of the command."""
    monkeypatch.setattr(sys, "argv", ["geodl", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def test_the_results_in_the_repository_are_those_of_the_cards(tmp_path):
    """After a change of a card: geodl report --csv benchmarks/results.csv"""
    assert report.write_results(tmp_path / "results.csv").read_text() == RESULTS.read_text()


def test_each_score_of_a_card_has_a_line():
    frame = pd.read_csv(RESULTS)
    for name in zoo.list_models():
        card = zoo.card(name)
        for approach, scores in {name: card["scores"], **card["baselines"]}.items():
            lines = frame[(frame.model == name) & (frame.approach == approach)].set_index("score")["values"]
            for score, values in scores.items():
                found = [float(value) for value in str(lines[score]).split()]
                np.testing.assert_allclose(found, [np.nan if value is None else value for value in values], rtol=1e-5)


def test_the_table_of_the_readme_has_the_results():
    frame = pd.read_csv(RESULTS, float_precision="round_trip")
    name, scored = None, set()
    for line in (REPOSITORY / "README.md").read_text().splitlines():
        cells = re.fullmatch(r"\| (?:`(\w+)`)? ?\|(?:[^|]*)\|(?:[^|]*)\| ([\w ]+) \| ([\d.]+) \| ([\d.]+) \((.*)\) \|", line)
        if cells is None:
            continue
        name = cells[1] or name
        lines = frame[(frame.model == name) & (frame.score == cells[2].replace(" ", "_"))].set_index("approach")
        assert f"{lines['mean'][name]:.4g}" == cells[3]
        others = lines["mean"].drop(name)
        assert f"{others[cells[5]]:.4g}" == cells[4]
        best = others.max() if lines.better[name] == "higher" else others.min()
        assert others[cells[5]] == best
        scored.add(name)
    assert "cloud_unet" in scored


def test_leaderboards_put_models_after_the_baselines_of_their_test_split():
    board = report.leaderboards(report.results())["clouds", "msg_europe"]
    assert board.index.tolist() == ["persistence", "optical flow", "smoothed flow", "cloud_cnn", "cloud_unet"]
    card = zoo.card("cloud_unet")
    assert board["brier (lower is better)"]["cloud_unet"] == pytest.approx(np.mean(card["scores"]["brier"]))


def test_the_page_needs_no_other_file_and_no_tensorflow(tmp_path):
    pd.DataFrame([{"approach": "<b>persistence</b>", "mse": 1.0}]).to_csv(tmp_path / "closure_burgers.csv", index=False)
    (tmp_path / "closure_burgers.png").write_bytes(b"a picture")
    code = f"""
import sys, geodl.cli
sys.argv = ["geodl", "report", {str(tmp_path)!r}, "-o", {str(tmp_path / "page.html")!r}]
try:
    geodl.cli.main()
except SystemExit:
    pass
assert not {{"tensorflow", "keras"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    page = (tmp_path / "page.html").read_text()
    assert base64.b64encode(b"a picture").decode() in page and "&lt;b&gt;persistence" in page
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", page)
    for name in (*themes.THEMES, *zoo.list_models()):
        assert name in page


class _Theme:
    """A theme that is compared in no time; its second case lacks source files."""

    CASES = ("near", "far")

    def approaches(self, case):
        if case == "far":
            raise InputError("Expected the source file of far; it is not there.")
        return {"persistence": lambda: 2.0, "network": lambda: 1.0}

    def evaluate(self, model, case):
        return SimpleNamespace(rows=lambda: [{"rmse": model}])

    def figure(self, compared, case):
        return plt.figure()


def test_compare_all_goes_on_where_source_files_are_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(themes, "theme", lambda name: _Theme())
    plt.close("all")
    assert _run(monkeypatch, "compare", "--all", "-o", tmp_path) == 0
    assert not plt.get_fignums()
    error = capsys.readouterr().err
    page = (tmp_path / "report.html").read_text()
    for name in themes.THEMES:
        assert f"{name}, far: not compared. Expected the source file of far" in error
        assert (tmp_path / f"{name}_near.csv").read_text() == "approach,rmse\npersistence,2.0\nnetwork,1.0\n"
        assert "Comparison of near" in page and not (tmp_path / f"{name}_far.csv").exists()


def test_compare_takes_a_theme_or_all(monkeypatch, capsys):
    assert _run(monkeypatch, "compare") == 2
    assert _run(monkeypatch, "compare", "closure", "--all") == 2
    assert "or --all" in capsys.readouterr().err
