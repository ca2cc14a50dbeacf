"""Dates that end in the year, such as 10/30/1995: whether day or month comes first, as the whole column tells."""

from collections.abc import Mapping
from typing import Any

from movierec.db import Connection, fetch, run_sql

_SENTENCES = {
    "dmy": "{piece}: dates such as {date} are read with the day first, which fits every row",
    "mdy": "{piece}: dates such as {date} are read with the month first, which fits every row",
    "unknown": "{piece}: dates such as {date} may have the day or the month first, and no row settles which: they are "
    "not read; allowed is ISO 8601, such as 1995-10-30",
    "mixed": "{piece}: some dates have the day first and some the month, such as {date}: they are not read; allowed is "
    "ISO 8601, such as 1995-10-30",
}


def settle_date_orders(conn: Connection, batch_id: int, source: str) -> list[str]:
    """Settle how dates of a source's new slices are written; return a sentence for each piece with such dates."""
    key = {"batch_id": batch_id, "source": source}
    run_sql(conn, "extract/settle_date_orders", key)
    rows = fetch(conn, "extract/date_orders", key)
    return [_sentence(row) for row in rows]


def _sentence(row: Mapping[str, Any]) -> str:
    sentence = _SENTENCES[row["date_order"]].format(piece=row["piece"], date=row["date_example"])
    return (
        sentence
        if row["is_settled_here"]
        else sentence.replace("which fits every row", "as other parts of the table show")
    )
