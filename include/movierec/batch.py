"""A batch is one night of ingestion: opened by a run, accepted when every gate has passed, pruned when old."""

import logging

from movierec.db import Connection, fetch, run_sql
from movierec.errors import ConfigError

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


def dataset_of(conn: Connection, batch_id: int) -> str:
    """Return the folder that a batch takes its files from."""
    return str(fetch(conn, "ops/batch", {"batch_id": batch_id})[0]["dataset"])


def require_latest(conn: Connection, batch_id: int) -> None:
    """Make sure that no newer night has begun: an older batch must not overwrite what a newer one brought.

    Raises:
        ConfigError: there is a newer batch.
    """
    latest = fetch(conn, "ops/latest_batch")[0]["batch_id"]
    if batch_id != latest:
        raise ConfigError(f"batch {batch_id} is not the latest one, which is {latest}; run a new night instead")
