"""The sources that exist, by the name that the trigger form offers."""

from collections.abc import Callable
from pathlib import Path

from movierec.batch import dataset_of
from movierec.db import Connection
from movierec.sources import Origin, Registry, extract
from movierec.sources.atomic import AtomicFiles
from movierec.sources.tables import DatabaseTables

APP_CONNECTION = "movierec_app"

SOURCES = Registry(
    {
        "movielens": lambda origin: AtomicFiles(Path(origin.dataset)),
        "app": lambda origin: DatabaseTables(origin.conninfo(APP_CONNECTION)),
    }
)


def extract_source(conn: Connection, batch_id: int, name: str, conninfo: Callable[[str], str]) -> dict[str, int]:
    """Bring one source into a batch, from where the batch says it is, and return rows per table."""
    origin = Origin(dataset_of(conn, batch_id), conninfo)
    return extract(conn, batch_id, SOURCES.create(name, origin))
