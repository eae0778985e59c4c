"""Cases are found by name or by model; what is not there is told."""

import pytest

from geodl.baselines import Dineof
from geodl.dynamics import Burgers
from geodl.errors import InputError
from geodl.models import BurgersClosure
from geodl.themes import THEMES, closure, interpolation, theme


@pytest.mark.parametrize("name", THEMES)
def test_an_unknown_case_is_told_with_those_that_there_are(name):
    module = theme(name)
    with pytest.raises(InputError, match=f"Expected one of the cases {', '.join(module.CASES)}; found 'nonsense'"):
        module.approaches("nonsense")


@pytest.mark.parametrize("name", [name for name in THEMES if name != "trajectories"])
def test_scores_in_an_unknown_case_are_refused(name):
    with pytest.raises(InputError, match="Expected one of the cases .*; found 'nonsense'"):
        theme(name).evaluate(None, "nonsense")


@pytest.mark.parametrize(
    ("module", "model", "found"),
    [
        (interpolation, Dineof(), "Dineof with grid None"),
        (closure, BurgersClosure(Burgers(), None, points=16), "BurgersClosure with points 16 and ends periodic"),
    ],
    ids=["interpolation", "closure"],
)
def test_a_model_without_a_case_is_told(module, model, found):
    with pytest.raises(InputError, match=f"Expected a model of one of the cases .*; found {found}"):
        module.case_of(model)
