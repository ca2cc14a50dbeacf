"""The one table printer: rows as aligned text for a terminal and a log, or as Markdown for a page."""

from collections.abc import Iterable, Mapping, Sequence

MAX_CELL_CHARACTERS = 60
NO_ROWS = "(nothing)"


def table(rows: Sequence[Mapping[str, object]], widest: int = MAX_CELL_CHARACTERS, thousands: bool = False) -> str:
    """Return rows in aligned columns, numbers to the right; a column without any value is left out.

    Args:
        rows: all with the columns of the first one; underscores in their names become spaces.
        widest: longer cells are cut.
        thousands: write 12,345 for 12345; not for tables that hold ids.
    """
    if not rows:
        return NO_ROWS
    names = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    cells = [[cell(row[name], widest, thousands) for name in names] for row in rows]
    heads = [readable(name) for name in names]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    is_number = [all(isinstance(row[name], (int, float, type(None))) for row in rows) for name in names]
    lines = (
        [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        ]
        for line in (heads, *cells)
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def cell(value: object, widest: int = MAX_CELL_CHARACTERS, thousands: bool = False) -> str:
    """Return a value on one line: lists with commas, records as column=value, control characters made visible."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        text = " ".join(f"{name}={part}" for name, part in value.items())
    elif isinstance(value, (list, tuple)):
        text = ", ".join(map(str, value))
    elif isinstance(value, float):
        text = f"{value:.4f}"
    else:
        text = f"{value:,}" if thousands and isinstance(value, int) else str(value)
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return shown if len(shown) <= widest else shown[: widest - 1] + "…"


def readable(name: str) -> str:
    """Return the name of a column, a ranker or a feature with spaces for its underscores."""
    return name.replace("_", " ")


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table, the first column to the left and the others to the right."""
    rules = ["---", *["---:"] * (len(heads) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows)]


def row_counts(rows_of: Mapping[str, int]) -> str:
    """Return `3 rows of ratings, 1 row of movies`."""
    return ", ".join(f"{rows:,} row{'s' * (rows != 1)} of {name}" for name, rows in rows_of.items()) or "no rows"
