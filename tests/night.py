"""The stages of ingestion in one call, as the DAG orders them."""

from pathlib import Path

from movierec.batch import accept_batch, open_batch
from movierec.core import build_core
from movierec.db import Connection
from movierec.sources.registry import extract_source
from movierec.stage import stage


def ingest(conn: Connection, app: str, folder: Path, run_id: str = "night", accept: bool = True) -> int:
    """Take a folder and an app database through to core, without the gates, and return the batch."""
    batch_id = open_batch(conn, run_id, str(folder), accept_volume_change=False)
    for source in ("movielens", "app"):
        extract_source(conn, batch_id, source, lambda _: app)
    stage(conn, batch_id)
    build_core(conn, batch_id)
    if accept:
        accept_batch(conn, batch_id, keep_nights=14)
    return batch_id
