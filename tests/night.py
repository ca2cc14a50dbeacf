"""The stages of ingestion in one call, as the DAG orders them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from movierec.db import Connection
from movierec.ingestion.batch import accept_batch, open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.sources.registry import SOURCES
from movierec.sources.source import Endpoint, Origin


def endpoint(conninfo: str) -> Endpoint:
    """Describe a database on the session's server the way an Airflow connection would."""
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    parts = conninfo_to_dict(conninfo)
    return Endpoint("postgres", str(parts["host"]), int(parts["port"]), str(parts["user"]), "", str(parts["dbname"]))


def staged(
    conn: Connection,
    app: str,
    folder: Path,
    run_id: str = "night",
    sources: Iterable[str] = ("movielens", "app"),
    as_of: datetime | None = None,
    accept_volume_change: bool = False,
    is_full: bool = False,
    locations: dict[str, str] | None = None,
    named: Sequence[str] | None = None,
) -> int:
    """Take a folder and an app database through to staging and return the batch."""
    choices = {"sources": named, "accept_volume_change": accept_volume_change, "is_full": is_full}
    batch_id = open_batch(conn, run_id, str(folder), as_of, **choices)
    origin = Origin(
        str(folder), folder / "cache", locations or {}, {"app": "movierec_app"}, lambda _: endpoint(app), is_full
    )
    for source in sources:
        extract(conn, batch_id, source, SOURCES.create(source, origin), is_full)
    stage(conn, batch_id)
    return batch_id


def ingest(conn: Connection, app: str, folder: Path, run_id: str = "night", accept: bool = True, **choices) -> int:
    """Take a folder and an app database through to core, without the gates, and return the batch."""
    batch_id = staged(conn, app, folder, run_id, **choices)
    build_core(conn, batch_id)
    if accept:
        accept_batch(conn, batch_id, keep_nights=14)
    return batch_id
