"""How dates that end in the year are written in the slices of a source (see `movierec.date_order`)."""

from movierec.date_order import UNKNOWN, order_of_column, sentence, settle_by_others
from movierec.db import Connection, fetch, run_sql


def settle_date_orders(conn: Connection, batch_id: int, source: str) -> list[str]:
    """Settle how dates of a source's new slices are written; return a sentence for each piece with such dates."""
    key = {"batch_id": batch_id, "source": source}
    for dates in fetch(conn, "extract/ordered_dates", key):
        order = order_of_column(dates["first_number"], dates["second_number"])
        _record(conn, dates["slice_id"], order, dates["example"])
    slices = fetch(conn, "extract/date_orders", key)
    for table in {loaded["table_name"] for loaded in slices}:
        parts = {loaded["slice_id"]: loaded for loaded in slices if loaded["table_name"] == table}
        orders = {slice_id: loaded["date_order"] for slice_id, loaded in parts.items()}
        for slice_id, order in settle_by_others(orders).items():
            if parts[slice_id]["is_new"] and orders[slice_id] == UNKNOWN:
                parts[slice_id]["date_order"] = order
                _record(conn, slice_id, order, parts[slice_id]["date_example"])
    return [sentence(loaded["piece"], loaded["date_order"], loaded["date_example"]) for loaded in slices]


def _record(conn: Connection, slice_id: int, order: str, example: str) -> None:
    run_sql(conn, "extract/record_date_order", {"slice_id": slice_id, "date_order": order, "date_example": example})
