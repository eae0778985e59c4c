"""The notebooks of the course run from top to bottom, and their checks tell a solution from an unfilled cell."""

from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.py"))


def with_solutions(name):
    """A notebook in which each exercise is checked twice: as it is, and with its solution."""
    notebook = jupytext.read(FOLDER / f"{name}.py")
    solutions = [cell for cell in jupytext.read(FOLDER / "solutions" / f"{name}.py").cells if cell.cell_type == "code"]
    cells, left = [], solutions
    for cell in notebook.cells:
        cells.append(cell)
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            solution = left.pop(0)
        elif "raises-exception" in tags:
            cells += [solution, nbformat.v4.new_code_cell(cell.source)]
    assert not left, "more solutions than exercises"
    notebook.cells = cells
    return notebook


def run(notebook, folder):
    """Executes a notebook as a reader would, in an empty folder."""
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    return client.execute()


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name < "02" else pytest.mark.slow) for name in NOTEBOOKS])
def test_notebook_runs_and_its_checks_tell_right_from_wrong(name, tmp_path):
    notebook = run(with_solutions(name), tmp_path)
    checks = [cell for cell in notebook.cells if "raises-exception" in cell.metadata.get("tags", [])]
    assert 2 <= len(checks) <= 3
    for check in checks:
        errors = [output.ename for output in check.outputs if output.output_type == "error"]
        assert errors == ["AssertionError"], f"an unfilled cell passes, or breaks, the check\n{check.source}"
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2, "pictures are not shown"
