"""How large the tables, the databases, the artifacts and the folders of the state folder are."""

import logging
from collections.abc import Iterator

from upath import UPath

from movierec import text_table
from movierec.config import Settings
from movierec.db import Connection, fetch, run_sql

log = logging.getLogger(__name__)

MAX_SHOWN = 20


def measure_sizes(conn: Connection, settings: Settings) -> dict[str, int]:
    """Keep the sizes in `ops.size`, log the largest as a table, and return all of them in bytes."""
    sizes = {row["subject"]: int(row["bytes"]) for row in fetch(conn, "maintenance/table_sizes")}
    sizes |= dict(_folders(settings))
    for subject, size in sizes.items():
        run_sql(conn, "maintenance/record_size", {"subject": subject, "bytes": size})
    conn.commit()
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:MAX_SHOWN]
    rows = [{"subject": subject, "MB": round(size / 1e6, 1)} for subject, size in largest]
    for line in text_table.table(rows).splitlines():
        log.info("%s", line)
    return sizes


def _folders(settings: Settings) -> Iterator[tuple[str, int]]:
    yield "artifacts", _size(UPath(settings.artifacts))
    yield "backups", _size(UPath(settings.backups))
    own = settings.state_folder
    for folder in (own.logs, own.quality, own.cache, own.airflow):
        yield f"folder {folder.name}", _size(UPath(folder))


def _size(folder: UPath) -> int:
    return int(folder.fs.du(folder.path)) if folder.exists() else 0
