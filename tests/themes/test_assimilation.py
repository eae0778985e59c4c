import numpy as np
import pytest

from geodl import themes, zoo
from geodl.baselines import StateInterpolation
from geodl.errors import InputError
from geodl.themes import assimilation


@pytest.fixture(scope="module")
def interpolation():
    return assimilation.approaches("lorenz63")["optimal interpolation"]()


def test_scores_are_those_of_their_definitions(interpolation):
    scores = assimilation.evaluate(interpolation, "lorenz63", windows=20)
    ds = assimilation.sampled_windows("lorenz63", "test_independent", 20)
    squares = (interpolation.predict(ds).state - ds.state).astype("float64") ** 2
    seen = np.isfinite(ds.observations.values)
    result = {name: value[0] for name, value in scores.result().items()}
    assert result["mse"] == pytest.approx(float(squares.mean()), rel=1e-3)
    assert result["mse_inner"] == pytest.approx(float(squares[:, 10:190].mean()), rel=1e-3)
    assert result["mse_observed"] == pytest.approx(squares.values[seen].mean(), rel=1e-3)
    assert result["nmse"] == pytest.approx(result["mse"] / ds.state.values.var(axis=(0, 1)).mean(), rel=1e-3)
    assert scores.by_time.shape == (200,)


def test_an_estimate_without_spread_is_scored_by_its_absolute_error(interpolation):
    class Point(StateInterpolation):
        def forward(self, samples):
            return {"state": super().forward(samples)["state"]}

    point = Point(3, 0.01)
    point.lagged, point.climatology = interpolation.lagged, interpolation.climatology
    scores = assimilation.evaluate(point, windows=5)
    ds = assimilation.sampled_windows("lorenz63", "test_independent", 5)
    assert scores.crps == pytest.approx(float(np.abs(point.predict(ds).state - ds.state).mean()), rel=1e-4)
    assert scores.result()["spread_skill"] == [None]


def test_4dvarnet_is_better_than_its_guess_and_both_than_interpolation(interpolation):
    models = [interpolation, zoo.load("lorenz63_direct"), zoo.load("lorenz63_4dvarnet")]
    errors = [assimilation.evaluate(model, windows=200).mse for model in models]
    assert errors[0] > 10 * errors[1] > 10 * errors[2]


def test_the_comparison_makes_rows_and_a_picture(interpolation):
    compared = {"optimal interpolation": assimilation.evaluate(interpolation, "lorenz63", windows=5)}
    (row,) = themes.table(compared).reset_index().to_dict("records")
    assert row["approach"] == "optimal interpolation"
    assert row["mse"] > row["mse_observed"]
    figure = assimilation.figure(compared, "lorenz63")
    assert len(figure.axes) == 4


def test_a_model_of_no_case_is_told():
    with pytest.raises(InputError, match="cases lorenz63, lorenz96; found StateInterpolation with components 5 and dt 0.1"):
        assimilation.evaluate(StateInterpolation(5, 0.1))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lorenz63_direct", "lorenz63_4dvarnet", "lorenz96_direct", "lorenz96_4dvarnet"])
def test_cards_are_recomputed(name):
    found = themes.card_scores(zoo.load(name))
    for score, value in zoo.card(name)["scores"].items():
        assert found[score] == pytest.approx(value, rel=2e-3), score
