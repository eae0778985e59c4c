import pytest

from geodl.console import print_table

ROWS = [{"approach": name, **{f"score_{lead}": lead / 3 for lead in range(9)}} for name in ("persistence", "network")]


@pytest.mark.parametrize(("width", "turned"), [(250, False), (80, True)])
def test_a_table_that_is_too_wide_has_a_line_a_score(monkeypatch, capsys, width, turned):
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(ROWS)
    printed = capsys.readouterr().out
    header = next(line for line in printed.splitlines() if "┃" in line)
    assert ("network" in header) == turned == ("approach" not in header)
    assert "0.3333333333333333" in printed and "…" not in printed


def test_what_is_not_known_is_left_empty(capsys):
    print_table([{"approach": "persistence", "spread": None}])
    assert "None" not in capsys.readouterr().out
