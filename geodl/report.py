"""All results in one place: the scores on the cards as a table, and every comparison on one page."""

import ast
import base64
import html
from importlib import resources
from pathlib import Path

from geodl import themes
from geodl.errors import InputError
from geodl.files import write_picture, write_whole
from geodl.headlines import mean_score
from geodl.zoo import card, list_models

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; color: #222; }
h2 { border-top: 1px solid #ccc; padding-top: 1.5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; margin: 1rem 0; }
th, td { border-bottom: 1px solid #ddd; padding: .2rem .7rem; text-align: left; }
td { white-space: nowrap; }
img { max-width: 100%; height: auto; }
"""


def results():
    """Scores of the published models and of their baselines, as a `pandas.DataFrame` of one line a score.

    Columns: theme, dataset and config (of the test split), model (whose card it is), approach (the model or a baseline), score,
    better (higher or lower; of headline scores alone), mean and values (several where a score has lead times).

    >>> frame = results()
    >>> frame[(frame.model == "cloud_unet") & (frame.score == "brier")].approach.tolist()
    ['cloud_unet', 'persistence', 'optical flow', 'smoothed flow']
    """
    import pandas as pd

    lines = []
    for name in list_models():
        sheet = card(name)
        where = {key: sheet["scored_on"].get(key, "") for key in ("dataset", "config")}
        for approach, scores in {name: sheet["scores"], **sheet["baselines"]}.items():
            for score, values in scores.items():
                lines.append(
                    {"theme": sheet["theme"], **where, "model": name, "approach": approach, "score": score,
                     "better": sheet["headline"].get(score, ""), "mean": mean_score(values),
                     "values": " ".join("nan" if value is None else f"{value:g}" for value in values)}
                )  # fmt: skip
    return pd.DataFrame(lines)


def leaderboards(frame) -> dict:
    """Headline scores of all approaches, by test split: {(dataset, config): `DataFrame` (approach, score)}.

    Args:
        frame: lines of `results`.
    """
    boards = {}
    for case, lines in frame.groupby(["dataset", "config"], sort=False):
        headline = lines.loc[lines.better.isin(("higher", "lower")), ["score", "better"]].drop_duplicates()
        means = lines.pivot_table(index="approach", columns="score", values="mean", aggfunc="first", sort=False)
        board = means.reindex(columns=headline.score)
        board.columns = [f"{score} ({better} is better)".replace("_", " ") for score, better in headline.values]
        # Baselines come first, as in the comparisons.
        boards[case] = board.iloc[board.index.isin(lines.model).argsort(kind="stable")]
    return boards


def write_results(path: str | Path) -> Path:
    """Writes `results` as CSV."""
    return write_whole(path, lambda temporary: results().to_csv(temporary, index=False))


def write_comparison(name: str, case: str | None, output: Path, progress=lambda names: names) -> tuple:
    """Compares the approaches of a case of a theme; writes CSV and a picture, and returns the table and the files.

    Args:
        name: of the theme.
        case: one of the theme's `CASES`, by default the first one.
        output: directory.
        progress: wraps the list of approaches.

    Raises:
        InputError: no such theme or case, or a source file that is not found.
    """
    module = themes.theme(name)
    case = case or next(iter(module.CASES))
    compared = themes.compare(name, case, progress)
    table, figure = themes.table(compared), module.figure(compared, case)
    return table, [
        write_whole(output / f"{name}_{case}.csv", table.to_csv),
        write_picture(figure, output / f"{name}_{case}.png"),
    ]


def write_page(path: str | Path, folder: str | Path) -> Path:
    """Writes one HTML file that needs no other: of each theme, the scores on the cards, and the comparisons in a folder.

    Args:
        path: of the page.
        folder: where `write_comparison` has written CSV and pictures.

    Raises:
        InputError: no such folder.
    """
    if not Path(folder).is_dir():
        raise InputError(f"Expected a folder with what geodl compare wrote; there is no {folder}.")
    frame = results()
    sections = "\n".join(_section(name, frame[frame.theme == name], Path(folder)) for name in themes.THEMES)
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>geodl: results</title><style>{STYLE}</style></head>
<body><h1>geodl: results</h1>
{sections}
</body></html>
"""
    return write_whole(path, lambda temporary: temporary.write_text(page))


def statement(name: str) -> str:
    """The problem of a theme, as the docstring of its module states it; read without importing it."""
    folder = resources.files("geodl.themes")
    module = folder / f"{name}.py"
    return ast.get_docstring(ast.parse((module if module.is_file() else folder / name / "__init__.py").read_text()))


def _section(name: str, lines, folder: Path) -> str:
    import pandas as pd

    parts = [f'<h2 id="{name}">{name.capitalize()}</h2>', f"<p>{html.escape(statement(name).splitlines()[0])}</p>"]
    for (dataset, config), board in leaderboards(lines).items():
        parts += [f"<h3>On the cards: {html.escape(f'{dataset} {config}')}</h3>", _table(board.reset_index())]
    for path in sorted(folder.glob(f"{name}_*.csv")):
        case = path.stem.removeprefix(f"{name}_")
        parts += [f"<h3>Compared: {html.escape(case)}</h3>", _table(pd.read_csv(path))]
        picture = path.with_suffix(".png")
        if picture.is_file():
            data = base64.b64encode(picture.read_bytes()).decode()
            parts.append(f'<img alt="Comparison of {html.escape(case)}" src="data:image/png;base64,{data}">')
    if not list(folder.glob(f"{name}_*.csv")):
        parts.append(f"<p>Not compared here: <code>geodl compare {name}</code></p>")
    return "\n".join(parts)


def _table(frame) -> str:
    frame = frame.rename(columns=lambda name: name.replace("_", " "))
    return f'<div class="wide">{frame.to_html(index=False, na_rep="", border=0, float_format="{:.4g}".format)}</div>'
