import numpy as np
import pandas as pd
import pytest

from geodl.console import print_table

ROWS = [{"approach": name, **{f"score_{lead}": lead / 3 for lead in range(9)}} for name in ("persistence", "network")]


@pytest.mark.parametrize(("width", "turned"), [(250, False), (80, True)])
def test_a_table_that_is_too_wide_has_a_line_a_score(monkeypatch, capsys, width, turned):
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(pd.DataFrame(ROWS).set_index("approach"))
    printed = capsys.readouterr().out
    header = next(line for line in printed.splitlines() if "┃" in line)
    assert ("network" in header) == turned == ("approach" not in header)
    assert "0.3333333333333333" in printed and "…" not in printed


def test_what_is_not_known_is_left_empty(capsys):
    print_table(pd.DataFrame({"spread": [None], "bias": [np.nan]}, ["persistence"]).rename_axis("approach"))
    printed = capsys.readouterr().out.lower()
    assert "none" not in printed and "nan" not in printed
