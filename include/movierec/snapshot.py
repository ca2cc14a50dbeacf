"""core → artifacts: the facts of one moment, read in one transaction; everything after learns from this copy."""

import logging
import time

from upath import UPath

from movierec.dataset import SCHEMA, Dataset
from movierec.db import Connection, fetch, fetch_frame
from movierec.errors import QualityError

log = logging.getLogger(__name__)


def core_batch(conn: Connection) -> int:
    """Return the batch that core holds.

    Raises:
        QualityError: there is none yet, or it has not passed its gate: nothing may be learned from it.
    """
    held = fetch(conn, "ops/core_batch")
    if not held:
        raise QualityError("core holds no batch yet; run movierec_ingest first")
    if held[0]["status"] != "accepted":
        raise QualityError(
            f"core holds batch {held[0]['batch_id']}, which has not passed the gate core; run movierec_ingest again"
        )
    return int(held[0]["batch_id"])


def take_snapshot(conn: Connection, folder: UPath) -> dict[str, int]:
    """Copy core to Parquet and return the rows per table."""
    started = time.monotonic()
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read read only")
        dataset = Dataset(**{table: fetch_frame(conn, f"snapshot/{table}") for table in SCHEMA})
    dataset.save(folder)
    counts = {table: len(getattr(dataset, table)) for table in SCHEMA}
    log.info("snapshot: %s, %.1f s", counts, time.monotonic() - started)
    return counts
