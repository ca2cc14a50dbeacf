"""How often each rating stands in a slice, into `ops.rating_tally`: what the scale of a source is settled by."""

from collections.abc import Mapping

from movierec.db import Connection, copy_rows, fetch

_COLUMNS = ("slice_id", "value", "rows")


def record_tally(conn: Connection, slice_id: int, table: str, written: Mapping[str, int] | None = None) -> None:
    """Tally the ratings of a slice: those that were counted while it was loaded, otherwise the rows of raw."""
    texts, rows = (list(written), list(written.values())) if written is not None else (None, None)
    key = {"slice_id": slice_id, "table_name": table, "texts": texts, "rows": rows}
    counted = fetch(conn, "extract/tally_ratings", key)
    copy_rows(conn, "ops.rating_tally", _COLUMNS, ([row[name] for name in _COLUMNS] for row in counted))
