"""COPY's text format read back, so that a test can say what rows came."""

import json
import re
from collections.abc import Iterable
from typing import Any

from movierec.sources.source import Chunk

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def rows(chunks: Iterable[Chunk]) -> list[dict[str, Any]]:
    """Return the rows as PostgreSQL would store them; `extra` only where a row has one."""
    return [
        _row(chunk.columns, line) for chunk in chunks for line in chunk.data.decode().removesuffix("\n").split("\n")
    ]


def _row(columns: tuple[str, ...], line: str) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(columns, map(_value, line.split("\t")), strict=True))
    extra = row.pop("extra", None)
    return row | ({"extra": json.loads(extra)} if extra else {})


def _value(field: str) -> str | None:
    return None if field == "\\N" else re.sub(r"\\(.)", lambda found: _ESCAPES[found[1]], field)
