import math

import pytest

from geodl import zoo
from geodl.headlines import headlines

CARD = {"theme": "closure", "summary": "a → b", "headline": {"rmse": "lower"}, "scores": {"rmse": [0.00812345]}}


@pytest.mark.parametrize(
    "baselines",
    [{}, {"persistence": {"rmse": [None, None]}}, {"persistence": {"bias": [1.0]}}],
    ids=("none", "undefined", "absent"),
)
def test_without_a_baseline_that_has_the_score_there_is_no_best(baselines):
    (found,) = headlines(CARD | {"baselines": baselines})
    assert found[:3] == ("rmse", 0.00812345, None) and math.isnan(found.best)


def test_a_baseline_without_the_score_is_not_the_best():
    (found,) = headlines(CARD | {"baselines": {"climatology": {"bias": [0.0]}, "persistence": {"rmse": [2.0, 3.0]}}})
    assert found[2:] == ("persistence", 2.5)


@pytest.mark.parametrize(
    ("baselines", "best"), [({}, ""), ({"persistence": {"rmse": [0.00854321]}}, "0.008543 (persistence)")], ids=("none", "one")
)
def test_the_table_has_four_digits_and_a_best_baseline_if_there_is_one(monkeypatch, baselines, best):
    monkeypatch.setattr(zoo, "card", lambda name: CARD | {"baselines": baselines})
    assert zoo.markdown_table(["some"]).splitlines()[-1] == f"| `some` | closure | a → b | rmse | 0.008123 | {best} |"
