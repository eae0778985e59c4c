"""The scores that models are judged by, as their cards have them, beside those of the best baseline."""

import math
from typing import NamedTuple


class Headline(NamedTuple):
    """A score of a model, and that of the baseline that is best at it, if any has it; both are means over lead times."""

    score: str
    value: float
    baseline: str | None
    best: float  # NaN without a baseline


def headlines(card: dict) -> list[Headline]:
    """The headline scores of a card, in its order; a baseline whose score is not defined is not the best one.

    >>> card = {"headline": {"rmse": "lower"}, "scores": {"rmse": [1.0, 2.0]}}
    >>> headlines(card | {"baselines": {"persistence": {"rmse": [2.0, 3.0]}, "analogues": {"rmse": [None, None]}}})
    [Headline(score='rmse', value=1.5, baseline='persistence', best=2.5)]
    """
    found = []
    for score, better in card["headline"].items():
        means = {name: mean_score(scores.get(score, [])) for name, scores in card["baselines"].items()}
        means = {name: mean for name, mean in means.items() if not math.isnan(mean)}
        best = (max if better == "higher" else min)(means, key=means.get, default=None)
        found.append(Headline(score, mean_score(card["scores"][score]), best, means.get(best, math.nan)))
    return found


def mean_score(values: list[float | None]) -> float:
    """Mean of the values of a score on a card; those that are not defined, None, do not count.

    >>> mean_score([1.0, None, 2.0])
    1.5
    """
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan
