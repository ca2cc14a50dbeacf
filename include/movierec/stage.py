"""raw → staging and quarantine: every row of a batch goes to one of the two, by the rules of ops.row_rule."""

import logging
import time

from movierec.db import Connection, fetch, run_sql

log = logging.getLogger(__name__)

# Movies come before the ratings and events that must name one of them.
TABLES = ("movies", "movie_link", "graph", "user_profile", "ratings", "feedback_event")


def stage(conn: Connection, batch_id: int) -> dict[str, int]:
    """Split a batch in one transaction and return its rows per layer; running it again leaves the same rows."""
    started = time.monotonic()
    run_sql(conn, "ops/lock_batch", {"batch_id": batch_id})
    for table in TABLES:
        _split(conn, batch_id, table)
    run_sql(conn, "ops/layer_count", {"batch_id": batch_id})
    totals = fetch(conn, "ops/batch_total", {"batch_id": batch_id})[0]
    conn.commit()
    log.info(
        "stage: %s in, %s kept, %s quarantined, %.1f s",
        *(f"{totals[layer]:,}" for layer in ("raw", "staging", "quarantine")),
        time.monotonic() - started,
    )
    return {layer: int(rows) for layer, rows in totals.items()}


def _split(conn: Connection, batch_id: int, table: str) -> None:
    parameters = {"batch_id": batch_id, "table_name": table}
    run_sql(conn, f"staging/{table}", parameters)
    run_sql(conn, "quarantine/row", parameters)
    run_sql(conn, "ops/rule_count", parameters)
