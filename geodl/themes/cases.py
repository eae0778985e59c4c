"""The case studies of the themes."""

from dataclasses import dataclass, field

from geodl import datasets, zoo
from geodl.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Case:
    """A config of a dataset, and what is compared on it.

    Args:
        dataset: name of the dataset.
        config: of the dataset.
        baselines: names of the approaches that stand on cards beside a model.
        models: {name of the approach: name of the published model}.
        splits: {prefix of the scores on a card: split that they are of}; the first one is that of comparisons.
    """

    dataset: str
    config: str
    baselines: tuple[str, ...]
    models: dict[str, str] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=lambda: {"": "test"})

    def open(self, split: str):
        """A split of the dataset as an `xarray.Dataset`."""
        return datasets.open_dataset(self.dataset, self.config, split)

    def published(self) -> dict:
        """Those of the models that are published: {name of the approach: function that loads it}."""
        known = zoo.list_models()
        return {approach: lambda name=name: zoo.load(name) for approach, name in self.models.items() if name in known}


def case_of(model, cases: dict) -> str:
    """Name of the case whose states a model takes, by their `components` and `dt`.

    Raises:
        InputError: there is none.
    """
    for name, case in cases.items():
        if (case.components, case.dt) == (model.components, model.dt):
            return name
    raise InputError(
        f"Expected a model of one of the cases {', '.join(cases)}; found {model.components} components every {model.dt:g}."
    )
