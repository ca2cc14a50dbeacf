"""Nights of the property tests: files in, rows of core out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from movierec.db import connect
from movierec.ingestion.batch import open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.rating_scale import RatingScale
from movierec.sources.events_folder import EventsFolder
from movierec.sources.movielens import MovieLens
from tests.written_tables import put


def core_after(
    database: str,
    folder: Path,
    files: dict[str, bytes],
    archive: str,
    query: str,
    scale: RatingScale | None = None,
    events: Mapping[str, bytes] | None = None,
) -> list[tuple[Any, ...]]:
    """Return what a query finds in core after a night on these files that knows of no earlier one."""
    with connect(database) as conn:
        conn.execute("delete from ops.batch_scale")
        path = put(folder, files, archive)
        batch_id = open_batch(conn, folder.name, str(path))
        extract(conn, batch_id, "movielens", MovieLens(str(path), folder), declared=scale)
        if events:
            (folder / "events").mkdir()
            for name, data in events.items():
                (folder / "events" / name).write_bytes(data)
            extract(conn, batch_id, "events", EventsFolder(folder / "events"))
        stage(conn, batch_id)
        build_core(conn, batch_id)
        found = conn.execute(query).fetchall()
        conn.commit()
    return found
