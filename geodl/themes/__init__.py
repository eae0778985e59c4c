"""The six problems of the course, one module each, and how their approaches are compared.

A theme's module states the problem in its docstring, and has `CASES`, {name: `Case`}, the first one by default;
`approaches(case)`, {name: function that makes the model}; `evaluate(model, case, split)`, its `Scores`; `case_of(model)`;
`figure(compared, case)`; and `picture(observed, known, found)` of what a model made of the user's own file.
"""

from importlib import import_module

from geodl.errors import InputError

THEMES = ("assimilation", "closure", "forecasting", "interpolation", "segmentation", "trajectories")


def theme(name: str):
    """The module of a theme.

    Raises:
        InputError: no such theme.
    """
    if name not in THEMES:
        raise InputError(f"Expected one of the themes {', '.join(THEMES)}; found {name!r}.")
    return import_module(f"geodl.themes.{name}")


def compare(name: str, case: str | None = None, progress=lambda names: names) -> dict:
    """Scores of every approach on the test split of a case: {approach: `Scores`}.

    Args:
        name: of the theme.
        case: one of its `CASES`, the first one by default.
        progress: wraps the list of approaches.

    Raises:
        InputError: no such theme or case, or a source file that is not found.
    """
    module = theme(name)
    case = case or next(iter(module.CASES))
    made = module.approaches(case)
    return {approach: module.evaluate(made[approach](), case) for approach in progress(list(made))}


def table(compared: dict):
    """Scores of approaches as a `pandas.DataFrame` of one line each, or one a lead time.

    Args:
        compared: {approach: `Scores`}, as `compare` returns it or `evaluate` gave them one by one.

    Example:
        >>> from geodl import themes
        >>> from geodl.metrics import WindFieldScores
        >>> last, truth = np.zeros((1, 2, 2, 2)), np.full((1, 6, 2, 2, 2), [3.0, 4.0])
        >>> compared = {f"{share} of the truth": WindFieldScores.of(share * truth, truth, last, 0.0) for share in (0.5, 0.9)}
        >>> themes.table(compared)["vector_rmse_1h"].to_dict()
        {'0.5 of the truth': 2.5, '0.9 of the truth': 0.5}
    """
    import pandas as pd

    rows = [{"approach": approach, **row} for approach, scores in compared.items() for row in scores.rows()]
    return pd.DataFrame(rows).set_index("approach")


def card_scores(model, case: str | None = None, progress=lambda splits: splits) -> dict[str, list[float | None]]:
    """Scores of a model or baseline as a card keeps them, on all splits that cards of its case have.

    Args:
        model: any model of a theme.
        case: by default the one that the model belongs to.
        progress: wraps the list of splits.

    Raises:
        InputError: the model belongs to no case of its theme.
    """
    module = theme(model.theme)
    case = case or module.case_of(model)
    scores = {}
    for prefix, split in progress(list(module.CASES[case].splits.items())):
        scores |= {prefix + name: values for name, values in module.evaluate(model, case, split).result().items()}
    return scores


def baseline_scores(model) -> dict[str, dict[str, list[float | None]]]:
    """Scores of the baselines in the case of a model, as its card keeps them."""
    module = theme(model.theme)
    case = module.case_of(model)
    made = module.approaches(case)
    return {name: card_scores(made[name](), case) for name in module.CASES[case].baselines}
