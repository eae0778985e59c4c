"""What the command shows on a terminal: progress, and tables."""

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


def progress_line() -> Progress:
    """A line that tells what is done, and for how long."""
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())


def print_table(rows: list[dict]) -> None:
    """Prints rows of the same columns, the first one the approach; a table that is too wide has a line a score instead."""
    console, table = Console(), _table(rows)
    wide = console.options.update(max_width=1000)
    if console.measure(table, options=wide).maximum > console.width:
        first, *columns = rows[0]
        table = _table([{"score": column.replace("_", " "), **{row[first]: row[column] for row in rows}} for column in columns])
    console.print(table)


def _table(rows: list[dict]) -> Table:
    table = Table()
    for column in rows[0]:
        table.add_column(column.replace("_", " "))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    return table
