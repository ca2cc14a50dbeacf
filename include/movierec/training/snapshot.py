"""core → artifacts: the facts of one night, read in one transaction; everything after learns from this copy."""

import logging
import time
from collections.abc import Sequence

from upath import UPath

from movierec.data.dataset import SCHEMA, Dataset
from movierec.db import Connection, fetch, fetch_frame
from movierec.errors import QualityError
from movierec.ingestion.batch import find_batch
from movierec.ingestion.core import hold

log = logging.getLogger(__name__)


def night_to_learn(conn: Connection, offered: Sequence[int] = ()) -> int:
    """Return the newest of the nights that are offered, or of all, that may be learned from.

    Raises:
        QualityError: there is none, or the one that is offered has not passed its gates.
    """
    nights = [find_batch(conn, batch_id) for batch_id in offered]
    for night in nights:
        if night["status"] != "accepted":
            raise QualityError(
                f"batch {night['batch_id']} is {night['status']}; only an accepted one may be learned from"
            )
    if nights:
        return int(max((night["as_of"], night["batch_id"]) for night in nights)[1])
    newest = fetch(conn, "ops/newest_accepted")
    if not newest:
        raise QualityError("no night has been accepted yet; run movierec_ingest first")
    return int(newest[0]["batch_id"])


def take_snapshot(conn: Connection, training_id: int, folder: UPath) -> dict[str, int]:
    """Copy the night that a training learns from, as it was, to Parquet and return the rows per table.

    Raises:
        QualityError: the night has not passed its gates.
        ConfigError: its rows have been pruned.
    """
    started = time.monotonic()
    batch_id = night_to_learn(conn, [night_of(conn, training_id)])
    with hold(conn, batch_id), conn.transaction():
        conn.execute("set transaction isolation level repeatable read read only")
        dataset = Dataset.of({table: fetch_frame(conn, f"snapshot/{table}") for table in SCHEMA})
    dataset.save(folder)
    counts = {table: len(getattr(dataset, table)) for table in SCHEMA}
    log.info("snapshot of batch %d: %s, %.1f s", batch_id, counts, time.monotonic() - started)
    return counts


def night_of(conn: Connection, training_id: int) -> int:
    """Return the batch that a training learns from."""
    (training,) = fetch(conn, "ml/training_batch", {"training_id": training_id})
    return int(training["batch_id"])
