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


class Cases(dict):
    """The cases of a theme, {name: `Case`}: asked for another one, they raise an `InputError` that has their names."""

    def __missing__(self, name):
        raise InputError(f"Expected one of the cases {', '.join(self)}; found {name!r}.")

    def of(self, model, *attributes: str) -> str:
        """Name of the first case whose attributes are those of a model.

        Raises:
            InputError: there is none.
        """
        found = [getattr(model, name, None) for name in attributes]
        for case, setting in self.items():
            if [getattr(setting, name) for name in attributes] == found:
                return case
        told = " and ".join(f"{name} {value}" for name, value in zip(attributes, found, strict=True))
        raise InputError(f"Expected a model of one of the cases {', '.join(self)}; found {type(model).__name__} with {told}.")
