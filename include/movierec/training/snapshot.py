"""core → artifacts: open a training on a batch and copy that batch's facts; everything after learns from the copy."""

import logging
import time
from collections.abc import Sequence

from movierec.code_version import code_version
from movierec.data.dataset import SCHEMA, Dataset
from movierec.db import Connection, fetch, fetch_frame
from movierec.errors import QualityError
from movierec.ingestion.batch import find_batch
from movierec.ingestion.core import core_as_of
from movierec.training.folder import TrainingFolder

log = logging.getLogger(__name__)


def open_training(conn: Connection, run_id: str, batch_id: int, seed: int) -> int:
    """Return the training of a run, made the first time; a run that starts over keeps its training."""
    parameters = {"run_id": run_id, "batch_id": batch_id, "seed": seed, "code_version": code_version()}
    training_id = int(fetch(conn, "ml/open_training", parameters)[0]["training_id"])
    conn.commit()
    return training_id


def batch_to_learn_from(conn: Connection, batch_ids: Sequence[int] = ()) -> int:
    """Return the latest of these batches, or where none is named of all accepted ones.

    Raises:
        QualityError: there is none, or one of those named has not passed its gates.
    """
    batches = [find_batch(conn, batch_id) for batch_id in batch_ids]
    for batch in batches:
        if batch["status"] != "accepted":
            raise QualityError(
                f"batch {batch['batch_id']} is {batch['status']}; only an accepted one may be learned from"
            )
    if batches:
        return int(max((batch["as_of"], batch["batch_id"]) for batch in batches)[1])
    newest = fetch(conn, "ops/newest_accepted")
    if not newest:
        raise QualityError("no night has been accepted yet; run movierec_ingest first")
    return int(newest[0]["batch_id"])


def batch_to_train_on(conn: Connection, batch_ids: Sequence[int] = (), is_automatic: bool = False) -> int | None:
    """Return the batch that a run trains on, or None where there is nothing to do.

    Whatever started the run, it is the newest accepted batch unless others are named: an event that was never acted
    on is made up for by the next run, and one of a past night starts no training.

    Args:
        conn: the warehouse.
        batch_ids: named ones, of which the latest counts.
        is_automatic: nobody asked for this very training, so that a batch with a champion needs no second one.

    Raises:
        QualityError: there is no accepted batch, or one of those named has not passed its gates.
    """
    if not is_automatic or batch_ids:
        return batch_to_learn_from(conn, batch_ids)
    newest = [row["batch_id"] for row in fetch(conn, "ops/newest_accepted")]
    untrained = [
        batch_id for batch_id in newest if not fetch(conn, "ml/is_trained", {"batch_id": batch_id})[0]["is_trained"]
    ]
    return int(untrained[0]) if untrained else None


def take_snapshot(conn: Connection, folder: TrainingFolder) -> dict[str, int]:
    """Copy the batch that a training learns from, as it was, to Parquet and return the rows per table.

    Raises:
        QualityError: the batch has not passed its gates.
        ConfigError: its rows have been pruned.
    """
    started = time.monotonic()
    batch_id = batch_to_learn_from(conn, [batch_of(conn, folder.training_id)])
    with core_as_of(conn, batch_id), conn.transaction():
        conn.execute("set transaction isolation level repeatable read read only")
        dataset = Dataset.of({table: fetch_frame(conn, f"snapshot/{table}") for table in SCHEMA})
    dataset.save(folder.snapshot)
    counts = {table: len(getattr(dataset, table)) for table in SCHEMA}
    log.info("snapshot of batch %d: %s, %.1f s", batch_id, counts, time.monotonic() - started)
    return counts


def batch_of(conn: Connection, training_id: int) -> int:
    """Return the batch that a training learns from."""
    (training,) = fetch(conn, "ml/training_batch", {"training_id": training_id})
    return int(training["batch_id"])
