"""Rows as a table that a person can read: columns aligned, long values cut, control characters shown."""

from collections.abc import Mapping, Sequence

WIDEST = 60
NOTHING = "(nothing)"


def table(rows: Sequence[Mapping[str, object]], widest: int = WIDEST) -> str:
    """Return rows in columns as wide as they need, numbers to the right; a column without any value is left out."""
    if not rows:
        return NOTHING
    names = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    cells = [[cell(row[name], widest) for name in names] for row in rows]
    heads = [name.replace("_", " ") for name in names]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    is_number = [all(isinstance(row[name], int) for row in rows) for name in names]
    lines = (
        [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        ]
        for line in (heads, *cells)
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def counts(rows_of: Mapping[str, int]) -> str:
    """Return `3 rows of ratings, 1 row of movies`."""
    return ", ".join(f"{rows:,} row{'s' * (rows != 1)} of {name}" for name, rows in rows_of.items()) or "no rows"


def cell(value: object, widest: int = WIDEST) -> str:
    """Return a value on one line: lists with commas, records as column=value."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        text = " ".join(f"{name}={part}" for name, part in value.items())
    elif isinstance(value, (list, tuple)):
        text = ", ".join(map(str, value))
    else:
        text = str(value)
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return shown if len(shown) <= widest else shown[: widest - 1] + "…"


def print_table(title: str, rows: list[dict[str, object]]) -> None:
    """Print rows in columns as wide as they need: text to the left, numbers to the right."""
    cells = [[_rounded(value) for value in row.values()] for row in rows]
    heads = [name.replace("_", " ") for name in rows[0]] if rows else []
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    print(title)
    for line in (heads, *cells):
        first, *others = [
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  " + "  ".join([first, *others]).rstrip())
    print()


def _rounded(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
