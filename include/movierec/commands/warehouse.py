"""The warehouse of this installation, for a command that a person gives."""

from collections.abc import Iterator
from contextlib import contextmanager

from movierec.config import Settings
from movierec.db import Connection, connect
from movierec.local import postgres
from movierec.warehouse import migrate


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Connection]:
    """Open the warehouse, started and up to date in its structure."""
    postgres.start(settings)
    postgres.ensure_databases(settings)
    conninfo = postgres.conninfo(settings, "warehouse")
    migrate(conninfo)
    with connect(conninfo) as conn:
        yield conn
