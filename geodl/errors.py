"""The error that input from outside the library raises."""


class InputError(ValueError):
    """A file, dataset, name or option is not what was expected; the message says what was expected and what was found."""
