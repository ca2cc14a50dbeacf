"""A batch is one night of ingestion: opened by a run, accepted when every gate has passed, pruned when old."""

import logging

from movierec.db import Connection, fetch, run_sql

log = logging.getLogger(__name__)


def open_batch(conn: Connection, run_id: str, dataset: str, accept_volume_change: bool) -> int:
    """Return the batch of a run, making it the first time; a run that starts over keeps its batch."""
    parameters = {"run_id": run_id, "dataset": dataset, "accept_volume_change": accept_volume_change}
    batch_id = int(fetch(conn, "ops/open_batch", parameters)[0]["batch_id"])
    conn.commit()
    log.info("batch %d: %s from %s", batch_id, run_id, dataset)
    return batch_id


def accept_batch(conn: Connection, batch_id: int, keep_nights: int) -> int:
    """Mark a batch as good, drop the rows of batches older than the last `keep_nights`, and return it."""
    run_sql(conn, "ops/accept_batch", {"batch_id": batch_id})
    run_sql(conn, "ops/prune_batches", {"keep_nights": keep_nights})
    conn.commit()
    log.info("batch %d: accepted", batch_id)
    return batch_id
