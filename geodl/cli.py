"""The `geodl` command."""

import json
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from geodl.command_options import Folder, Output, Page, Picture, Seed
from geodl.console import print_table, progress_line
from geodl.errors import InputError
from geodl.forecast_commands import demo, predict
from geodl.trip_commands import across_birds, fine_tune, sample

app = typer.Typer(
    help="Pretrained, benchmarked deep-learning models for geophysical dynamics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data = typer.Typer(help="Datasets.", no_args_is_help=True)
app.add_typer(data, name="data")


def main() -> None:
    """Runs the command; input that is not what was expected ends it with one sentence and exit code 2."""
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            app()
        except InputError as error:
            print(f"geodl: {error}", file=sys.stderr)
            sys.exit(2)


def _show_warning(message, *_, **__) -> None:
    """One sentence, without the place in the code that is of no use on the command line."""
    print(f"geodl: {message}", file=sys.stderr)


@app.command("list")
def list_(
    pattern: str = "*",
    theme: str | None = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table of the README.")] = False,
) -> None:
    """List the published models."""
    from geodl import zoo

    if markdown:
        print(zoo.markdown_table(zoo.list_models(pattern, theme)))
        return
    for name in zoo.list_models(pattern, theme):
        card = zoo.card(name)
        print(f"{name:24s} {card['theme']:14s} {card['summary']}")


@app.command()
def card(name: str) -> None:
    """Print the card of a model."""
    from geodl import zoo

    print(json.dumps(zoo.card(name), indent=2, ensure_ascii=False))


for command in (demo, predict, sample, fine_tune, across_birds):
    app.command()(command)


@app.command()
def rollout(
    name: str,
    file: Path,
    steps: Annotated[int, typer.Option(min=1, help="Number of time steps.")] = 100,
    output: Output = Path("rollout.nc"),
    picture: Picture = None,
) -> None:
    """Run a coarse solver with its learned closure from the last state in a NetCDF file."""
    from geodl import themes, zoo
    from geodl.files import read_netcdf, write_netcdf, write_picture

    theme = zoo.card(name)["theme"]
    if theme != "closure":
        raise InputError(f"Expected a model of the theme closure; {name} is one of {theme}: use geodl predict.")
    ds = read_netcdf(file)
    found = zoo.load(name).rollout(ds, steps)
    print(write_netcdf(found, output))
    if picture is not None:
        print(write_picture(themes.theme(theme).picture(ds, ds, found), picture))


@app.command()
def train(
    name: str,
    output: Folder = Path("runs"),
    epochs: Annotated[int | None, typer.Option(min=1, help="As in the recipe by default.")] = None,
    seed: Seed = 0,
    mixed_precision: Annotated[bool, typer.Option("--mixed-precision", help="Compute in bfloat16.")] = False,
    strategy: Annotated[str, typer.Option(help="none, or mirrored for all devices of this machine.")] = "none",
) -> None:
    """Train a model by its recipe; run again after a kill, it resumes."""
    from geodl import zoo

    recipe = zoo.recipe(name)
    if strategy not in ("none", "mirrored"):
        raise InputError(f"Expected strategy none or mirrored; found {strategy!r}.")
    import keras
    import tensorflow as tf

    if mixed_precision:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    scope = tf.distribute.MirroredStrategy() if strategy == "mirrored" else tf.distribute.get_strategy()
    folder = output / name
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"seed": seed} | ({"epochs": epochs} if epochs is not None else {})
    with scope.scope():
        recipe.train(folder, **settings)
    # Its whole path: a name alone would be that of the published model.
    print(f"Saved in {folder}; geodl evaluate {folder.absolute()} scores it.")


@app.command()
def evaluate(
    name: str,
    write: Annotated[bool, typer.Option("--write", help="Write them and the baselines' on the card.")] = False,
) -> None:
    """Recompute the scores of a model, published or saved in a folder, on the test split."""
    from geodl import themes, zoo

    if write and name not in zoo.list_models():
        raise InputError(f"--write is for the card of a published model; {name} is none.")
    model = zoo.load(name)
    with progress_line() as progress:
        track = lambda splits: progress.track(splits, description="splits")  # noqa: E731
        scores = themes.card_scores(model, progress=track)
        if write:
            baselines = themes.baseline_scores(model)
    print(json.dumps(scores, indent=2))
    if write:
        zoo.write_card(name, scores=scores, baselines=baselines)


@data.command("list")
def data_list(pattern: str = "*") -> None:
    """List the datasets."""
    from geodl import datasets

    print("\n".join(datasets.list_datasets(pattern)))


@data.command("build")
def data_build(name: str, config: str | None = None) -> None:
    """Build a dataset from its source files, where it is not built yet."""
    from geodl import datasets

    print(datasets.prepared_builder(name, config).data_dir)


@app.command()
def compare(
    theme: Annotated[str | None, typer.Argument(help="One of the themes, or --all.")] = None,
    case: Annotated[str | None, typer.Option(help="Case study of the theme; the first one by default.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All cases of all themes, and a page of their results.")] = False,
    output: Folder = Path("."),
) -> None:
    """Compare the approaches of a theme on its test split; print the table, write CSV and a picture."""
    from geodl import report, themes

    if everything == (theme is not None):
        raise InputError(f"Expected one of the themes {', '.join(themes.THEMES)}, or --all.")
    if everything and case is not None:
        raise InputError("Expected a theme with --case; --all compares all cases of all themes.")
    output.mkdir(parents=True, exist_ok=True)
    if not everything:
        _compare(theme, case, output)
        return
    for name in themes.THEMES:
        for each in themes.theme(name).CASES:
            try:
                _compare(name, each, output)
            except InputError as error:  # a source file that this machine does not have
                print(f"{name}, {each}: not compared. {error}", file=sys.stderr)
    print(report.write_page(output / "report.html", output))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Where geodl compare has written tables and pictures.")] = Path("."),
    output: Page = Path("report.html"),
    csv: Annotated[Path | None, typer.Option(help="Write the scores on the cards to this file instead.")] = None,
) -> None:
    """Write the results of all themes, with tables and pictures, into one HTML file."""
    from geodl import report

    print(report.write_results(csv) if csv is not None else report.write_page(output, folder))


def _compare(theme: str, case: str | None, output: Path) -> None:
    from geodl.report import write_comparison

    with progress_line() as progress:
        track = lambda names: progress.track(names, description="approaches")  # noqa: E731
        table, written = write_comparison(theme, case, output, track)
    print_table(table)
    print(*written, sep="\n")
