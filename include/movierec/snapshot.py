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


def take_snapshot(conn: Connection, training_id: int, folder: UPath) -> dict[str, int]:
    """Copy core, as the training's batch left it, to Parquet and return the rows per table.

    Raises:
        QualityError: core holds another batch by now, or one that has not passed its gate.
    """
    started = time.monotonic()
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read read only")
        _require_batch(conn, training_id)
        dataset = Dataset(**{table: fetch_frame(conn, f"snapshot/{table}") for table in SCHEMA})
    dataset.save(folder)
    counts = {table: len(getattr(dataset, table)) for table in SCHEMA}
    log.info("snapshot: %s, %.1f s", counts, time.monotonic() - started)
    return counts


def learned_and_held(conn: Connection, training_id: int) -> tuple[int, int]:
    """Return the batch that a training is of and the one that core holds by now.

    Raises:
        QualityError: what core holds has not passed its gate.
    """
    (training,) = fetch(conn, "ml/training_batch", {"training_id": training_id})
    return int(training["batch_id"]), core_batch(conn)


def _require_batch(conn: Connection, training_id: int) -> None:
    learned, held = learned_and_held(conn, training_id)
    if learned != held:
        raise QualityError(
            f"training {training_id} is of batch {learned} and core holds batch {held}; start a new training"
        )
