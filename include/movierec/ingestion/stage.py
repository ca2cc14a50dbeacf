"""raw → staging and quarantine: every row of a slice goes to one of the two, by the rules of ops.row_rule."""

import logging
import time
from typing import Any

from psycopg import sql

from movierec.db import Connection, fetch, grant_memory, run_sql
from movierec.sources.contract import CONTRACTS

MANY = 10_000
ROUNDS = 4

log = logging.getLogger(__name__)

# Movies come before the ratings, tags and events that must name one of them.
ORDER = {table: place for place, table in enumerate(CONTRACTS)}


def stage(conn: Connection, batch_id: int) -> dict[str, int]:
    """Split what the night brought, replay what was decided, and return the night's rows per layer.

    Slices that earlier nights have split stay as they are; running it again leaves the same rows.
    """
    started = time.monotonic()
    parameters = {"batch_id": batch_id}
    run_sql(conn, "extract/lock_source", {"source": "stage"})
    run_sql(conn, "extract/carry_sources", parameters)
    _split_new(conn, batch_id)
    run_sql(conn, "quarantine/release", parameters)
    # What comes back may have been decided about before, and so on; a circle of decisions ends with the rounds.
    for _ in range(ROUNDS):
        run_sql(conn, "quarantine/replay", parameters)
        if not _split_new(conn, batch_id):
            break
    totals = fetch(conn, "ops/layer_total", parameters)[0]
    conn.commit()
    log.info(
        "stage: %s loaded tonight; in all %s in, %s kept, %s quarantined, %.1f s",
        *(f"{totals[layer]:,}" for layer in ("fresh", "raw", "staging", "quarantine")),
        time.monotonic() - started,
    )
    return {layer: int(totals[layer]) for layer in ("raw", "staging", "quarantine")}


def _split_new(conn: Connection, batch_id: int) -> int:
    slices = fetch(conn, "ops/unstaged_slices", {"batch_id": batch_id})
    for found in sorted(slices, key=lambda row: (ORDER[row["table_name"]], row["slice_id"])):
        _split(conn, found)
    if any(found["is_again"] for found in slices):
        # Rows of slices that a layer holds may have changed: it is built anew.
        run_sql(conn, "core/invalidate_layers", {"slices": [found["slice_id"] for found in slices]})
    return len(slices)


def _split(conn: Connection, found: dict[str, Any]) -> None:
    parameters = {"slice_id": found["slice_id"], "table_name": found["table_name"]}
    # The ids of all movies must fit into a hash table: without one, every rating is compared with every movie.
    grant_memory(conn, "work_mem")
    if found["raw_rows"] >= MANY:
        # What was just loaded is unknown to the planner, who would look every movie up by itself.
        conn.execute(sql.SQL("analyze {}").format(sql.Identifier("raw", found["table_name"])))
    kept = fetch(conn, "ops/fill_staging", parameters)[0]["staging_rows"]
    # The rules are asked a second time, one by one, only where a row breaks one of them, or did.
    if kept < found["raw_rows"] or found["quarantine_rows"]:
        run_sql(conn, "quarantine/row", parameters)
    run_sql(conn, "ops/rule_count", parameters)
    run_sql(conn, "ops/mark_staged", parameters)
