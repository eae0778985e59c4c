"""What the themes on dynamical systems share."""

from geodl.errors import InputError


def case_of(model, cases: dict) -> str:
    """Name of the case whose states a model takes, by their `components` and `dt`.

    Raises:
        InputError: there is none.
    """
    for name, setting in cases.items():
        if (setting.components, setting.dt) == (model.components, model.dt):
            return name
    raise InputError(
        f"Expected a model of one of the cases {', '.join(cases)}; found {model.components} components every {model.dt:g}."
    )
