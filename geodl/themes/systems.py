"""A theme with several kinds of systems, each a module of its own."""

from types import ModuleType

from geodl.errors import InputError
from geodl.themes.cases import Cases


class Systems:
    """Finds the module of a case or of a model among those of a theme, and asks it.

    Args:
        theme: name of the theme.
        modules: as the module of a theme, with `MODELS` (classes) and `VARIABLE` (of what they return).
    """

    def __init__(self, theme: str, modules: tuple[ModuleType, ...]):
        self.theme, self.modules = theme, modules
        self.cases = Cases({name: case for module in modules for name, case in module.CASES.items()})

    def approaches(self, case: str) -> dict:
        """What is compared in a case: {name: function that makes the model}."""
        return self._of_case(case).approaches(case)

    def evaluate(self, model, case: str | None = None, split: str = "test"):
        """Scores of a model or baseline on a split of a case; by default the case that the model belongs to.

        Raises:
            InputError: there is no such case, or the model belongs to none.
        """
        case = case or self.case_of(model)
        return self._of_case(case).evaluate(model, case, split)

    def case_of(self, model) -> str:
        """Name of the case that a model belongs to.

        Raises:
            InputError: there is none.
        """
        for module in self.modules:
            if isinstance(model, module.MODELS):
                return module.case_of(model)
        raise InputError(f"Expected a model of the theme {self.theme}; found a {type(model).__name__}.")

    def figure(self, compared: dict, case: str):
        """The comparison as a picture."""
        return self._of_case(case).figure(compared, case)

    def picture(self, observed, known, found):
        """What a model made of the user's own data."""
        # The velocity of one system is the first component of that of a later one.
        drawn = [module for module in self.modules if module.VARIABLE in found]
        if not drawn:
            variables = " or ".join(module.VARIABLE for module in self.modules)
            raise InputError(f"Expected a result with {variables} to draw; found {', '.join(found.data_vars)} alone.")
        return drawn[-1].picture(observed, known, found)

    def _of_case(self, case: str) -> ModuleType:
        setting = self.cases[case]
        return next(module for module in self.modules if module.CASES.get(case) is setting)
