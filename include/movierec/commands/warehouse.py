"""The warehouse of this installation, for commands that a person types."""

from collections.abc import Iterator
from contextlib import contextmanager

from movierec.config import Settings
from movierec.db import Connection, connect
from movierec.local import postgres
from movierec.warehouse import migrate


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Connection]:
    """Connect to the warehouse, after starting the server and applying changes to its structure."""
    postgres.start(settings)
    postgres.ensure_databases(settings)
    conninfo = postgres.conninfo(settings, "warehouse")
    migrate(conninfo)
    with connect(conninfo) as conn:
        yield conn
