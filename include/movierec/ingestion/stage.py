"""raw → staging and quarantine: every row of a slice goes to one of the two, by the rules of ops.row_rule."""

import logging
import time
from typing import Any

from movierec.db import Connection, analyze, fetch, grant_memory, lock_step, run_sql
from movierec.ingestion.batch import carry_sources
from movierec.sources.table_contracts import CONTRACTS

STEP = "stage"  # while it runs, nobody decides about rejected rows
ANALYZE_ROWS = 10_000  # a slice of at least so many rows is analyzed before it is joined
LOOKED_UP = ("movies", "links")  # what staging.known_movie joins, in which rules look up the movies of other tables
MAX_REPLAY_ROUNDS = 4

log = logging.getLogger(__name__)

# Movies come before the ratings, tags and events that must name one of them.
ORDER = {table: position for position, table in enumerate(CONTRACTS)}


def stage(conn: Connection, batch_id: int) -> dict[str, int]:
    """Split the batch's new slices, replay decided rows, and return how many rows the batch has per layer.

    Slices that an earlier batch has split stay as they are. Running it again leaves the same rows.
    """
    started = time.monotonic()
    parameters = {"batch_id": batch_id}
    lock_step(conn, STEP)
    carry_sources(conn, batch_id)
    _split_new(conn, batch_id)
    run_sql(conn, "quarantine/release", parameters)
    # A replayed row may be rejected again and meet another waiting decision; the limit ends a circle of decisions.
    for _ in range(MAX_REPLAY_ROUNDS):
        run_sql(conn, "quarantine/replay", parameters)
        if not _split_new(conn, batch_id):
            break
    totals = fetch(conn, "ops/layer_total", parameters)[0]
    conn.commit()
    log.info(
        "stage: %s newly loaded; in all %s in, %s kept, %s quarantined, %.1f s",
        *(f"{totals[layer]:,}" for layer in ("fresh", "raw", "staging", "quarantine")),
        time.monotonic() - started,
    )
    return {layer: int(totals[layer]) for layer in ("raw", "staging", "quarantine")}


def stage_again(conn: Connection, batch_id: int) -> None:
    """Split the slices of a batch anew that were staged by earlier rules and are marked for it; decide nothing else."""
    lock_step(conn, STEP)
    slices = _split_new(conn, batch_id)
    conn.commit()
    log.info("stage: %d slices of batch %d split again by newer rules", slices, batch_id)


def _split_new(conn: Connection, batch_id: int) -> int:
    slices = fetch(conn, "ops/unstaged_slices", {"batch_id": batch_id})
    for new_slice in sorted(slices, key=lambda row: (ORDER[row["table_name"]], row["slice_id"])):
        _split(conn, new_slice)
    if any(new_slice["is_again"] for new_slice in slices):
        # The rows that core or past was made of may have changed, so that it has to be built anew.
        run_sql(conn, "core/invalidate_schemas", {"slices": [new_slice["slice_id"] for new_slice in slices]})
    return len(slices)


def _split(conn: Connection, new_slice: dict[str, Any]) -> None:
    parameters = {"slice_id": new_slice["slice_id"], "table_name": new_slice["table_name"]}
    # The ids of all movies must fit into a hash table: without one, every rating is compared with every movie.
    grant_memory(conn, "work_mem")
    if new_slice["raw_rows"] >= ANALYZE_ROWS:
        # The planner has no statistics of rows that were just loaded; without them it plans a nested loop.
        analyze(conn, "raw", new_slice["table_name"])
    staging_rows = fetch(conn, "ops/fill_staging", parameters)[0]["staging_rows"]
    # Only where a row breaks a rule, or did before, are the rules applied one by one to name the broken ones.
    if staging_rows < new_slice["raw_rows"] or new_slice["quarantine_rows"]:
        run_sql(conn, "quarantine/reject_rows", parameters | fetch(conn, "ops/positions_not_staged", parameters)[0])
        if new_slice["table_name"] == "ratings":
            run_sql(conn, "ops/lost_entities", parameters)
    if new_slice["table_name"] == "ratings":
        run_sql(conn, "ops/merged_values", parameters)
    run_sql(conn, "ops/repeated_keys", parameters)
    run_sql(conn, "ops/count_broken_rules", parameters)
    run_sql(conn, "ops/mark_staged", parameters)
    if new_slice["table_name"] in LOOKED_UP:
        # However few: taken for many, they would be no hash table but be read through for every rating.
        analyze(conn, "staging", new_slice["table_name"])
