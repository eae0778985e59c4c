"""Datasets: `load` for `model.fit`, `open_dataset` for xarray, built on first use by the TFDS builders beside the library."""

import dataclasses
import hashlib
import importlib
import os
import urllib.request
from fnmatch import fnmatch
from glob import glob
from importlib import resources
from pathlib import Path

from geodl.errors import InputError


def list_datasets(pattern: str = "*") -> list[str]:
    """Names of the datasets that match a pattern.

    >>> list_datasets("cloud*")
    ['clouds']
    """
    folders = resources.files("geodl_datasets").iterdir()
    names = (folder.name for folder in folders if folder.is_dir() and (folder / "TAGS.txt").is_file())
    return sorted(name for name in names if fnmatch(name, pattern))


def load(
    name: str,
    config: str | None = None,
    split: str = "train",
    batch_size: int = 8,
    patch: int | None = None,
    augment: bool = False,
    max_missing: int = 0,
    shuffle: bool = False,
    seed: int = 0,
    **options,
):
    """A `tf.data.Dataset` of batches (x, y), the raw ones of the problem, for `fit` of a model that reads them as they are.

    x is what is known, y what is to be found: of clouds, past and future frames (time, y, x); of states to forecast, past and
    future states (time, component); of states to assimilate, observations and states; of Burgers' equation, the first state
    (3, x) and u (time, x) at all later times; of turbulence, states (4, x, y, z) and the subgrid term (x, y, z); of sediments
    and sea level, a day as observed and its truth (y, x); of wind, past and future winds, at stations with the weather of the
    past; of seabirds, positions (step, 2) and the probability of a dive (step,). Networks that read more than that, such as
    features, or a series, get it from `model.training_data(open_dataset(...))`, which every published model has.

    Args:
        name: as in `list_datasets()`.
        config: variant of the dataset; its README lists them. The first one by default.
        split: "train", "validation" or "test"; "all" for all of them.
        batch_size: samples a batch.
        patch: cut the fields into square patches of this many pixels, or less where a field has less; whole fields by default.
        augment: patches at random places, flipped and transposed at random, in random order.
        max_missing: with `augment`, up to so many input frames are dropped at random.
        shuffle: samples in random order, another one each epoch; for samples that fit in memory.
        seed: of all random choices.
        options: settings of the config, as for `open_dataset`.

    Raises:
        InputError: unknown name, config, split or option, a source file that is not found, or options that do not fit the
            samples or each other.
    """
    from geodl import pipelines

    if batch_size < 1:
        raise InputError(f"Expected a batch size of 1 at least; found {batch_size}.")
    if augment and patch is None:
        raise InputError("Expected the size of a patch with augment, which cuts patches at random places; found none.")
    if max_missing and not augment:
        raise InputError("Expected augment with max_missing, which drops frames at random; found max_missing alone.")
    builder = prepared_builder(name, config, **options)
    examples = _examples(builder, split)
    # An example of a series holds many pairs.
    pairs = builder.pairs(examples) if hasattr(builder, "pairs") else examples.map(builder.pair)
    if patch is not None:
        _check_patch(pairs.element_spec[0], patch, max_missing)
        pairs = pipelines.patches(pairs, patch, augment, seed)
    if augment and max_missing:
        pairs = pipelines.drop_frames(pairs, max_missing, seed=seed + 1)
    if shuffle:
        pairs = pairs.cache()
        pairs = pairs.shuffle(int(pairs.reduce(0, lambda count, _: count + 1)), seed=seed)
    return pipelines.batches(pairs, batch_size)


def open_dataset(name: str, config: str | None = None, split: str = "test", **options):
    """The samples of a split as one `xarray.Dataset`, in memory.

    Args:
        name: as in `list_datasets()`.
        config: variant of the dataset; the first one by default.
        split: "train", "validation" or "test"; "all" for all of them.
        options: settings of the config that are others than its own, such as `file`, one of yours.

    Raises:
        InputError: unknown name, config, split or option, or a source file that is not found.
    """
    builder = prepared_builder(name, config, **options)
    return builder.to_xarray(list(_examples(builder, split).as_numpy_iterator()))


def prepared_builder(name: str, config: str | None = None, **options):
    """The TFDS builder of a dataset, its data made ready in TFDS's data directory if they are not there yet."""
    if name not in list_datasets():
        raise InputError(f"Expected one of the datasets {', '.join(list_datasets())}; found {name!r}.")
    import tensorflow_datasets as tfds

    module = importlib.import_module(f"geodl_datasets.{name}.{name}_dataset_builder")
    configs = list(module.Builder.builder_configs)
    if config is not None and config not in configs:
        raise InputError(f"Expected one of the configs {', '.join(configs)} of {name}; found {config!r}.")
    chosen = module.Builder.builder_configs[config or configs[0]]
    builder = module.Builder(config=_with_options(name, chosen, options))
    tfds.disable_progress_bar()
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(compute_stats="skip"))
    return builder


def own_files(name: str, file: str) -> list[Path]:
    """Files that `file` names: an absolute path, such a pattern of paths, or the name of a source file of dataset `name`.

    Raises:
        InputError: there is none.
    """
    if not Path(file).is_absolute():
        return [find_source(name, file)]
    found = [Path(file)] if Path(file).is_file() else [Path(path) for path in sorted(glob(file))]
    if not found:
        raise InputError(f"Expected a file for {name}; there is no file {file}.")
    return found


def _with_options(name: str, config, options: dict):
    """The config with other settings; its name tells them, and files of the user's own as they are now."""
    import tensorflow_datasets as tfds

    base = {field.name for field in dataclasses.fields(tfds.core.BuilderConfig)}
    known = [field.name for field in dataclasses.fields(config) if field.name not in base]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f"Expected options among {', '.join(known) or 'none'} of {name}; found {', '.join(unknown)}.")
    if "file" in options:
        options["file"] = str(Path(options["file"]).absolute())
    file = options.get("file", getattr(config, "file", ""))
    if not options and (not file or file in [target for *_, target in _checksums(name)]):
        return config
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in (own_files(name, file) if file else [])]
    digest = hashlib.sha256(repr((sorted(options.items()), states)).encode()).hexdigest()
    return dataclasses.replace(config, **options, name=f"{config.name}_{digest[:12]}")


def find_source(name: str, filename: str) -> Path:
    """A source file of dataset `name`: in `GEODL_SOURCES`, else TFDS's manual directory, else downloaded from its origin.

    Raises:
        InputError: the file is nowhere and has no known origin, or what was downloaded has another sha256.
    """
    import tensorflow_datasets as tfds

    shipped = resources.files("geodl_datasets") / name / filename
    if shipped.is_file():
        return Path(str(shipped))
    manual = Path(tfds.core.constants.DATA_DIR) / "downloads" / "manual"
    searched = [Path(folder) for folder in (os.environ.get("GEODL_SOURCES"), manual) if folder]
    for folder in searched:
        for path in sorted(folder.rglob(filename)):
            return path
    for url, _, sha256, target in _checksums(name):
        if target == filename and url != "-":
            return _download(url, sha256, manual / filename)
    places = ", ".join(map(str, searched))
    raise InputError(
        f"Expected the source file {filename} of {name} in {places}; it is not there and cannot be downloaded. "
        f"Put it in a directory and set GEODL_SOURCES to it; the README of the dataset says where it comes from."
    )


def _check_patch(samples, patch: int, max_missing: int) -> None:
    """Raises an InputError unless samples, as a `tf.TensorSpec`, can be cut into patches, and frames of them be dropped."""
    if patch < 1 or len(samples.shape) != 3:
        raise InputError(
            f"Expected images (time, y, x) and a patch of one pixel at least; found {samples.shape} and patch {patch}."
        )
    if max_missing and not samples.dtype.is_integer:
        raise InputError("Expected codes, whose 0 is no data, with max_missing; found samples of real numbers.")


def _checksums(name: str) -> list[list[str]]:
    lines = (resources.files("geodl_datasets") / name / "checksums.tsv").read_text().splitlines()
    return [line.split("\t") for line in lines if line]


def _download(url: str, sha256: str, path: Path) -> Path:
    from geodl.files import write_whole

    def fetch(partial: Path) -> None:
        try:
            urllib.request.urlretrieve(url, partial)
        except OSError as error:
            raise InputError(f"Could not download {url}: {error}. Put {path.name} in the directory GEODL_SOURCES.") from error
        found = hashlib.sha256(partial.read_bytes()).hexdigest()
        if found != sha256:
            raise InputError(f"Expected sha256 {sha256} for {url}; found {found}. Nothing was kept.")

    path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, fetch)


def _examples(builder, split: str):
    if split not in (*builder.info.splits, "all"):
        raise InputError(
            f"Expected a split among {', '.join(builder.info.splits)} of {builder.info.full_name}; found {split!r}."
        )
    return builder.as_dataset(split=split, shuffle_files=False)
