"""A batch is one night of ingestion: opened by a run, accepted when every gate has passed, pruned when old."""

import logging
from datetime import UTC, datetime
from typing import Any

from movierec.db import Connection, fetch, run_sql
from movierec.errors import ConfigError

log = logging.getLogger(__name__)


def open_batch(
    conn: Connection,
    run_id: str,
    dataset: str,
    as_of: datetime | None = None,
    *,
    accept_volume_change: bool = False,
    is_full: bool = False,
) -> int:
    """Return the batch of a run, making it the first time; a run that starts over keeps its batch.

    Args:
        conn: the warehouse.
        run_id: the run; one batch each.
        dataset: folder, zip or URL of the rating files.
        as_of: the moment as which the night sees the world, with a time zone; None is now.
        accept_volume_change: counts and distributions may differ from the nights before.
        is_full: databases are read from the start, every row is judged again, core is rebuilt.

    Raises:
        ConfigError: the moment lies in the future or has no time zone, or the dataset's URL holds a password.
    """
    if "://" in dataset and "@" in dataset.partition("://")[2].partition("/")[0]:
        raise ConfigError("the dataset's URL holds a password, which would be kept; allowed is a URL without one")
    moment = as_of or datetime.now(UTC)
    if moment.tzinfo is None or moment > datetime.now(UTC):
        raise ConfigError(f"as_of is {moment.isoformat()}; allowed is a moment of the past, with its time zone")
    choices = {"accept_volume_change": accept_volume_change, "is_full": is_full}
    parameters = {"run_id": run_id, "dataset": dataset, "as_of": moment, **choices}
    batch_id = int(fetch(conn, "ops/open_batch", parameters)[0]["batch_id"])
    conn.commit()
    log.info("batch %d: %s as of %s from %s", batch_id, run_id, moment.isoformat(), dataset)
    return batch_id


def accept_batch(conn: Connection, batch_id: int, keep_nights: int) -> int:
    """Mark a batch as good, drop slices that none of the last `keep_nights` saw, and return it."""
    run_sql(conn, "ops/accept_batch", {"batch_id": batch_id})
    run_sql(conn, "ops/prune_slices", {"keep_nights": keep_nights})
    conn.commit()
    log.info("batch %d: accepted", batch_id)
    return batch_id


def find_batch(conn: Connection, batch_id: int) -> dict[str, Any]:
    """Return a batch: `run_id`, `dataset`, `as_of`, `status` and what the operator set.

    Raises:
        ConfigError: there is none of that id.
    """
    found = fetch(conn, "ops/batch", {"batch_id": batch_id})
    if not found:
        raise ConfigError(f"batch {batch_id} does not exist")
    return found[0]
