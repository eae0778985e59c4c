"""The contract of every geodl model: a Keras model that takes and gives physical values, as arrays or as xarray."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import xarray as xr

from geodl.errors import InputError
from geodl.units import canonical

EQUAL_UNITS = {"kg m-2": "mm"}  # of precipitation


@dataclass(frozen=True)
class Variable:
    """What a model reads or writes: `name`, its admissible dimensions, `units` (`None` for codes), `valid_range`.

    With `samples`, a leading dimension `sample` may come before the others.
    """

    name: str
    dims: tuple[tuple[str, ...], ...]
    units: str | None
    valid_range: tuple[float, float]
    samples: bool = True

    def select(self, ds: xr.Dataset) -> xr.DataArray:
        """The variable of `ds`, its dimensions in the declared order after a leading `sample`, if there is one.

        Raises:
            InputError: if the variable is absent, has other dimensions or says that it has other units, or leaves the range.
        """
        if self.name not in ds:
            raise InputError(f"Expected a variable {self.name!r}; the dataset has {sorted(map(str, ds.data_vars))}.")
        field = ds[self.name]
        leading = {"sample"} if self.samples else set()
        for dims in self.dims:
            if set(field.dims) - leading == set(dims):
                self._check(field)
                # Nothing to do is much faster than a transposition that does nothing.
                return field if field.dims == dims else field.transpose("sample", *dims, missing_dims="ignore")
        expected = " or ".join(f"({', '.join(dims)})" for dims in self.dims)
        optional = ", optionally a leading sample" if self.samples else ""
        raise InputError(f"Expected {self.name} with dimensions {expected}{optional}; found {field.dims}.")

    def _check(self, field: xr.DataArray) -> None:
        given = field.attrs.get("units")
        told = given not in (None, "") and self.units is not None
        if told and canonical(given) not in (canonical(self.units), EQUAL_UNITS.get(self.units)):
            raise InputError(f"Expected {self.name} in {self.units}; found {given}: convert it.")
        low, high = self.valid_range
        if np.isfinite([low, high]).any() and np.issubdtype(field.dtype, np.number):
            outside = field.values[(field.values < low) | (field.values > high)]
            if outside.size:
                units = "" if self.units in (None, "1") else f" {self.units}"
                raise InputError(
                    f"Expected {self.name} between {low:g} and {high:g}{units}; found {outside[0]:g}: mask or convert it."
                )


def check_times_are_numbers(field: xr.DataArray) -> None:
    """Equations have time units of their own.

    Raises:
        InputError: the coordinate `time` of the field holds dates or durations.
    """
    if "time" in field.coords and field.time.dtype.kind not in "iuf":
        raise InputError(
            f"Expected a coordinate `time` of numbers, in the time units of the equation; found {field.time.dtype}."
        )


class GeoModel(keras.Model):
    """A Keras model with an xarray front: `predict(ds)` is encode → forward → decode, `fit` takes `training_data(ds)`.

    Subclasses declare their `theme` and `input_variable`, and four methods: `encode` (dataset to array, with every check),
    `forward` (array to the fields worth keeping), `decode` (fields to dataset) and `pairs` (dataset to what is learned from).
    """

    theme: str
    input_variable: Variable

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        """Array (sample, ...) of a valid dataset."""
        raise NotImplementedError(f"{type(self).__name__} does not define `encode`.")

    def forward(self, samples: np.ndarray, **options) -> dict[str, np.ndarray]:
        """Fields (sample, ...) kept from the output of the network."""
        raise NotImplementedError(f"{type(self).__name__} does not define `forward`.")

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        """Dataset made of the fields, on the coordinates of `ds`."""
        raise NotImplementedError(f"{type(self).__name__} does not define `decode`.")

    def predict(self, x, **options):
        """Predicts from arrays as in Keras, or from an `xarray.Dataset`, which gives an `xarray.Dataset`.

        Raises:
            InputError: if the dataset is not what the model expects; for a `DataArray` or the name of a file.
        """
        if isinstance(x, xr.DataArray | str | Path):
            kind = (
                "the name of a file: call geodl.files.read_observations"
                if isinstance(x, str | Path)
                else "a DataArray: call to_dataset"
            )
            raise InputError(f"Expected a Dataset of xarray, or arrays; found {kind}.")
        if isinstance(x, xr.Dataset):
            return self.decode(self.forward(self.encode(x), **options), x)
        return super().predict(x, **options)

    def pairs(self, ds: xr.Dataset, seed: int = 0, **options) -> tuple[np.ndarray, ...]:
        """What the network reads (sample, ...) and what it has to find (sample, ...), which some models find by themselves."""
        raise NotImplementedError(f"{type(self).__name__} does not define `pairs`.")

    def training_data(self, ds: xr.Dataset, batch_size: int = 8, seed: int = 0, **options) -> tf.data.Dataset:
        """Batches (x, y) for `fit`: all samples that a dataset holds, each epoch in another order.

        Args:
            ds: the variables that `predict` reads, as long a series as there is, with what is to be found: `pairs` says what.
            batch_size: samples a batch.
            seed: of all random choices.
            options: those of `pairs`.

        Raises:
            InputError: if the dataset is not what `predict` expects, or has nothing to learn from.
        """
        arrays = self.pairs(ds, seed=seed, **options)
        samples = tf.data.Dataset.from_tensor_slices(arrays)
        if batch_size < len(arrays[0]):
            samples = samples.shuffle(len(arrays[0]), seed=seed)
        return samples.batch(batch_size).prefetch(2)

    def export(self, filepath, *arguments, input_signature=None, **options) -> None:
        """Exports as Keras does; a model that is built need not be called before."""
        shape = (self.get_build_config() or {}).get("input_shape")
        if input_signature is None and shape is not None:
            input_signature = [keras.InputSpec(shape=(None, *shape[1:]), dtype=self.variable_dtype)]
        super().export(filepath, *arguments, input_signature=input_signature, **options)
