"""The error that input from outside the library raises."""


class InputError(ValueError):
    """A file, dataset, name or option is not what was expected; the message says what was expected and what was found."""


def check_fitted(model, fitted: bool) -> None:
    """Raises an InputError where a model has not learned from data yet."""
    if not fitted:
        raise InputError(f"{type(model).__name__} has learned from no data yet: call `estimate` with some before.")
