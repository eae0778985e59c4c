"""What the command shows on a terminal: progress, and tables."""

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


def progress_line() -> Progress:
    """A line that tells what is done, and for how long."""
    # Markup would be imported while the line is drawn, which fails while TFDS is being imported.
    return Progress(SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())


def print_table(frame) -> None:
    """Prints a `pandas.DataFrame` with its index, the approach; a table that is too wide has a line a score instead."""
    console, table = Console(), _table(frame.reset_index())
    wide = console.options.update(max_width=1000)
    if console.measure(table, options=wide).maximum > console.width:
        table = _table(frame.rename(columns=lambda name: name.replace("_", " ")).T.rename_axis("score").reset_index())
    console.print(table)


def _table(frame) -> Table:
    table = Table()
    for column in frame.columns:
        table.add_column(column.replace("_", " "))
    for row in frame.itertuples(index=False):
        # A missing value is the only one that is not equal to itself.
        table.add_row(*("" if value is None or value != value else str(value) for value in row))
    return table
