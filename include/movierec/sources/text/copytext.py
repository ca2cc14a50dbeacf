"""Rows as PostgreSQL's COPY text format, built where Python has to look at every value.

https://www.postgresql.org/docs/current/sql-copy.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from movierec.sources.source import Chunk

ROWS_PER_CHUNK = 5_000
_encode = json.JSONEncoder(ensure_ascii=False).encode
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\\\x00"})

Record = tuple[Sequence[str | None], Mapping[str, object] | None]


def chunks(columns: Sequence[str], records: Iterable[Record]) -> Iterator[Chunk]:
    """Yield records (values in the order of `columns`, and their extras) as chunks.

    A NUL, which PostgreSQL cannot store, is spelt out as `\\x00`; a lone surrogate becomes `?`.
    """
    columns = (*columns, "extra")
    rows = iter(records)
    while block := list(islice(rows, ROWS_PER_CHUNK)):
        text = "".join(_line(values, extra) for values, extra in block)
        yield Chunk(columns, text.encode("utf-8", errors="replace"))


def _line(values: Sequence[str | None], extra: Mapping[str, object] | None) -> str:
    fields = [_field(value) for value in values]
    fields.append(_field(_encode(_without_nul(extra))) if extra else "\\N")
    return "\t".join(fields) + "\n"


def _field(value: str | None) -> str:
    return "\\N" if value is None else value.translate(ESCAPES)


def _without_nul(value: object) -> object:
    """Return what becomes JSON with its NULs spelt out as `\\x00`."""
    if isinstance(value, str):
        return value.replace("\0", "\\x00")
    if isinstance(value, Mapping):
        return {str(_without_nul(key)): _without_nul(part) for key, part in value.items()}
    return list(map(_without_nul, value)) if isinstance(value, list) else value
