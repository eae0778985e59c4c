"""Pages made from cards, results, READMEs, docstrings and help: themes, models, datasets and the reference."""

import ast
import re
from pathlib import Path

import click
import pandas as pd
from typer.cli import get_docs_for_click
from typer.main import get_command

from geodl.cli import app
from geodl.datasets import list_datasets
from geodl.headlines import headlines
from geodl.report import leaderboards, statement
from geodl.themes import THEMES
from geodl.zoo import WEIGHTS, card, list_models

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("dynamics", "layers", "models", "baselines", "metrics", "pipelines", "plotting")
FILES = sorted(path.stem for path in (REPOSITORY / "geodl").glob("[a-z]*.py"))
MODULES = ("themes", *(name for name in FILES if name not in ("cli", "command_options") and not name.endswith("_commands")))
# What is drawn of a theme or a model: otherwise a file of its own in zoo/, or one that begins with its name in docs/images.
PICTURES = {
    "assimilation": "assimilation.png",
    "closure": "closure_burgers.png",
    "forecasting": "wind_stations.png",
    "interpolation": "interpolation_sediments.png",
    "segmentation": "nowcast.png",
    "trajectories": "trips.png",
    "cloud_unet": "segmentation.png",
    "lorenz63_neural_ode": "lorenz63.png",
    "lorenz63_4dvarnet": "assimilation.png",
    "burgers_cnn": "closure_burgers.png",
    "sediment_unet": "interpolation_sediments.png",
    "wind_attention": "wind_stations.png",
    "turbulence_sgtnn": "closure_turbulence.png",
    "seabird_gan_peru": "trips.png",
}


def made() -> dict[str, str]:
    """All pages that are made, by their path in the site."""
    return {
        **{f"themes/{name}.md": theme_page(name) for name in THEMES},
        "zoo/index.md": zoo_page(),
        **{f"zoo/{name}.md": model_page(name) for name in list_models()},
        "datasets/index.md": datasets_page(),
        **{f"datasets/{name}.md": dataset_page(name) for name in list_datasets()},
        "guides/contributing.md": (REPOSITORY / "CONTRIBUTING.md").read_text(),
        "api/index.md": reference_index(),
        "api/command.md": command_page(),
        **{f"api/{name}.md": package_page(name) for name in PACKAGES},
        **{
            f"api/{name}.md": f"# geodl.{name}\n\n::: geodl.{name}\n    options: {{show_root_heading: false}}\n"
            for name in MODULES
        },
    }


def origin(page: str) -> str:
    """The file of the repository that the links of a page are relative to."""
    if page == "guides/contributing.md":
        return "CONTRIBUTING.md"
    folder, _, name = page.rpartition("/")
    return f"{folder}/{name.removesuffix('.md')}/README.md" if folder in ("zoo", "datasets") else f"docs/{page}"


def site_path(path: str) -> str:
    """Where the site has a file of the repository."""
    readme = re.fullmatch(r"(zoo|datasets)/(\w+)/README\.md", path)
    if readme:
        return f"{readme[1]}/{readme[2]}.md"
    others = {"README.md": "index.md", "CONTRIBUTING.md": "guides/contributing.md"}
    return others.get(path, path.removeprefix("docs/"))


def picture(name: str) -> str | None:
    """Path, in the site, of the picture of a theme or a model."""
    own = sorted(REPOSITORY.glob(f"zoo/{name}/*.png"))
    if own:
        return f"zoo/{name}_{own[0].name}"
    named = sorted(path.name for path in (REPOSITORY / "docs" / "images").glob(f"{name}*.png"))
    found = PICTURES.get(name) or next(iter(named), None)
    return found and f"images/{found}"


def themes_grid() -> str:
    """All themes, with a picture each."""
    return _grid(
        [_card(f"[{name.capitalize()}](themes/{name}.md)", picture(name), statement(name).splitlines()[0]) for name in THEMES]
    )


def theme_page(name: str) -> str:
    """The problem, its picture, and the scores of all approaches."""
    first, _, rest = statement(name).partition("\n")
    table = re.sub(r"^\| \| \|$", "| | what it is |", rest, count=1, flags=re.M)
    shown = picture(name)
    parts = [f"# {name.capitalize()}", first, table, *([f"![What comes of it](../{shown})"] if shown else []), "## Scores"]
    for (dataset, config), board in leaderboards(_results("theme", name)).items():
        board.index = [f"[`{key}`](../zoo/{key}.md)" if key in list_models() else key for key in board.index]
        parts += [f"### {dataset}, {config}", _table(board.rename_axis("approach").reset_index())]
    parts.append(f"Means over the test split and its lead times; `geodl compare {name}` compares anew.")
    return "\n\n".join(parts) + "\n"


def zoo_page() -> str:
    """All models as cards that can be searched."""
    parts = [
        "# Models",
        '<input id="filter" type="search" placeholder="Filter: cloud, U-Net, CC BY …" aria-label="Filter models">',
    ]
    for theme in THEMES:
        cards = []
        for name in list_models(theme=theme):
            sheet = card(name)
            details = f"<small>{sheet['architecture']}. Data: {sheet['licences']['data']}</small>"
            shown = picture(name)
            cards.append(_card(f"[`{name}`]({name}.md)", shown and f"../{shown}", sheet["summary"], _headline(sheet), details))
        if cards:
            parts += [f"## {theme.capitalize()}", _grid(cards)]
    return "\n\n".join(parts) + "\n"


def model_page(name: str) -> str:
    """A card, for people."""
    sheet = card(name)
    readme = (REPOSITORY / "zoo" / name / "README.md").read_text().partition("\n")[2].strip()
    shown = picture(name)
    size = (REPOSITORY / "zoo" / name / WEIGHTS).stat().st_size
    facts = {
        "theme": f"[{sheet['theme']}](../themes/{sheet['theme']}.md)",
        "architecture": sheet["architecture"],
        "trained on": _facts(sheet["trained_on"]),
        "scored on": _facts(sheet["scored_on"]),
        **({"knowledge": sheet["knowledge"]} if "knowledge" in sheet else {}),
        "licences": _facts(sheet["licences"]),
        "seed, hardware": f"{sheet['seed']}, {sheet['hardware']}",
        "weights": f"{size / 1e6:.2f} MB, sha256 `{sheet['sha256'][:16]}…`",
    }
    lines = _results("model", name)
    scores = lines.pivot_table(index="score", columns="approach", values="values", aggfunc="first", sort=False)
    scores = scores.replace("nan", "").fillna("").map(lambda values: str(values).replace(" ", "<br>"))
    parts = [
        f"# {name}",
        f"{sheet['summary'][0].upper()}{sheet['summary'][1:]}.",
        f"**{_headline(sheet)}**",
        _code(name, sheet),
        *([f"![What comes of it](../{shown})"] if shown else []),
        "## About",
        readme,
        "## Inputs and outputs",
        _table(_variables(sheet)),
        "## Scores",
        "On the test split; several values are those of the lead times, in order.",
        _table(scores.rename(columns=lambda key: f"`{key}`" if key == name else key).reset_index()),
        "## Card",
        _table(pd.DataFrame(facts.items(), columns=["", "what the card says"])),
    ]
    return "\n\n".join(parts) + "\n"


def datasets_page() -> str:
    """All datasets, in the first words of their READMEs."""
    rows = []
    for name in list_datasets():
        text = _readme(name).partition("\n")[2].strip()
        rows.append(
            {"dataset": f"[`{name}`]({name}.md)", "what it holds": re.match(r".*?[.](?=\s)", text, re.S)[0].replace("\n", " ")}
        )
    return f"""# Datasets

TensorFlow Datasets builders; each is built on its first use. Splits are by time, place or individual; missing values stay
missing.

{_table(pd.DataFrame(rows))}

```python
import geodl

train = geodl.datasets.load("clouds", split="train", batch_size=8)  # a tf.data.Dataset for fit
ds = geodl.datasets.open_dataset("clouds", split="test")  # the same data as xarray
```
"""


def dataset_page(name: str) -> str:
    """The README of a dataset, with its citations."""
    citations = (REPOSITORY / "datasets" / name / "CITATIONS.bib").read_text().strip()
    code = f'ds = geodl.datasets.open_dataset("{name}")  # split="test"; config= as below'
    title, _, text = _readme(name).partition("\n")
    return (
        f"{title}\n\n```python\nimport geodl\n\n{code}\n```\n\n{text.strip()}\n\n## Citations\n\n```bibtex\n{citations}\n```\n"
    )


def reference_index() -> str:
    """What is where in the library."""
    rows = [
        {"module": f"[`geodl.{name}`]({name}.md)", "what it holds": ast.get_docstring(ast.parse(_source(name))).splitlines()[0]}
        for name in (*PACKAGES, *MODULES)
    ]
    return f"# Reference\n\n[The geodl command](command.md), and the modules:\n\n{_table(pd.DataFrame(rows))}\n"


def command_page() -> str:
    """What the `geodl` command can do, from its own help."""
    command = get_command(app)
    return get_docs_for_click(obj=command, ctx=click.Context(command), name="geodl", title="The geodl command")


def package_page(name: str) -> str:
    """All public names of a package."""
    tree = ast.parse(_source(name))
    (names,) = (
        ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    objects = "\n\n".join(f"::: geodl.{name}.{public}" for public in sorted(names, key=str.lower))
    return f"# geodl.{name}\n\n{ast.get_docstring(tree)}\n\n{objects}\n"


def _results(column: str, value: str) -> pd.DataFrame:
    """Lines of the results; values are text, several in a cell."""
    frame = pd.read_csv(REPOSITORY / "benchmarks" / "results.csv", dtype={"values": str}, keep_default_na=False, na_values=[""])
    return frame[frame[column] == value]


def _headline(sheet: dict) -> str:
    """The headline scores of a model beside the best baseline's."""
    return "; ".join(
        f"{score.replace('_', ' ')} {value:.4g}" + (f" ({baseline}: {best:.4g})" if baseline else "")
        for score, value, baseline, best in headlines(sheet)
    )


def _code(name: str, sheet: dict) -> str:
    reads, gives = ", ".join(sheet["inputs"]), ", ".join(sheet["outputs"])
    command = f"geodl rollout {name}" if sheet["theme"] == "closure" else f"geodl predict {name}"
    return f"""```python
import geodl
import xarray as xr

model = geodl.zoo.load("{name}")
found = model.predict(xr.open_dataset("my_file.nc"))  # {reads} → {gives}
```

```
{command} my_file.nc --output found.nc --picture found.png
{sheet["evaluate"]}
{sheet["train"]} --output runs
```"""


def _variables(sheet: dict) -> pd.DataFrame:
    rows = []
    for kind in ("inputs", "outputs"):
        for name, variable in sheet[kind].items():
            rows.append(
                {"": kind[:-1], "variable": f"`{name}`", "dimensions": "; ".join(map(str, variable.get("dims", ()))),
                 "units": variable.get("units", ""), "range": " to ".join(map(str, variable.get("valid_range", ()))),
                 "missing": variable.get("missing", "")}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _facts(facts: dict) -> str:
    return "<br>".join(f"{key.replace('_', ' ')}: {value}" for key, value in facts.items())


def _card(title: str, shown: str | None, *paragraphs: str) -> str:
    image = [f"![]({shown}){{ loading=lazy }}"] if shown else []
    return "-   " + "\n\n    ".join([f"__{title}__", *image, *paragraphs]) + "\n"


def _grid(cards: list[str]) -> str:
    return '<div class="grid cards" markdown>\n\n' + "\n".join(cards) + "\n</div>"


def _table(frame: pd.DataFrame) -> str:
    """A frame as a Markdown table."""
    lines = [frame.columns, ["---"] * len(frame.columns), *frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value) -> str:
    if pd.isna(value):
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _readme(dataset: str) -> str:
    return (REPOSITORY / "datasets" / dataset / "README.md").read_text()


def _source(name: str) -> str:
    path = REPOSITORY / "geodl" / f"{name}.py"
    return (path if path.is_file() else REPOSITORY / "geodl" / name / "__init__.py").read_text()
