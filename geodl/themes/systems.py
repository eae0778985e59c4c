"""A theme with several kinds of systems, each a module of its own."""

from types import ModuleType

from geodl.errors import InputError


class Systems:
    """Finds the module of a case or of a model among those of a theme, and asks it.

    Args:
        theme: name of the theme.
        modules: with `CASES`, `MODELS` (classes), `VARIABLE` (of what they return), `approaches(case)`,
            `evaluate(model, case)`, `card_scores(model, progress)`, `baseline_scores(model)`, `figure(table, case)` and
            `picture(observed, known, found)`.
    """

    def __init__(self, theme: str, modules: tuple[ModuleType, ...]):
        self.theme, self.modules = theme, modules
        self.cases = {case: setting for module in modules for case, setting in module.CASES.items()}

    def approaches(self, case: str) -> dict:
        """What is compared in a case: {name: function that makes the model}."""
        return self._of_case(case).approaches(case)

    def evaluate(self, model, case: str | None = None):
        """Scores of a model or baseline on the test split of a case; by default the one that the model belongs to.

        Raises:
            InputError: the model belongs to no case.
        """
        return (self._of_model(model) if case is None else self._of_case(case)).evaluate(model, case)

    def card_scores(self, model, progress=lambda work: work) -> dict[str, list[float]]:
        """Scores of a model as a card keeps them."""
        return self._of_model(model).card_scores(model, progress)

    def baseline_scores(self, model) -> dict[str, dict[str, list[float]]]:
        """Scores of the baselines in the case of a model, as a card keeps them."""
        return self._of_model(model).baseline_scores(model)

    def compare(self, case: str | None = None, progress=lambda names: names) -> dict:
        """Scores of every approach.

        Args:
            case: one of `CASES`, the first one by default.
            progress: wraps the list of approaches.
        """
        case = case or next(iter(self.cases))
        made = self.approaches(case)
        return {name: self.evaluate(made[name](), case) for name in progress(list(made))}

    @staticmethod
    def rows(table: dict) -> list[dict]:
        """The comparison as flat rows, for CSV."""
        return [{"approach": name, **scores.row()} for name, scores in table.items()]

    def figure(self, table: dict, case: str):
        """The comparison as a picture."""
        return self._of_case(case).figure(table, case)

    def picture(self, observed, known, found):
        """What a model made of the user's own data."""
        # The velocity of one system is the first component of that of a later one.
        *_, module = (module for module in self.modules if module.VARIABLE in found)
        return module.picture(observed, known, found)

    def _of_case(self, case: str) -> ModuleType:
        return next(module for module in self.modules if case in module.CASES)

    def _of_model(self, model) -> ModuleType:
        for module in self.modules:
            if isinstance(model, module.MODELS):
                return module
        raise InputError(f"Expected a model of the theme {self.theme}; found a {type(model).__name__}.")
