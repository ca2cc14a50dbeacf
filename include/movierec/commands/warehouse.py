"""The warehouse of this installation, for commands that a person types."""

from collections.abc import Iterator
from contextlib import contextmanager

from movierec.config import Settings
from movierec.db import Connection, connect
from movierec.local.postgres import embedded_server
from movierec.warehouse import migrate


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Connection]:
    """Connect to the warehouse, after starting the server and applying changes to its structure."""
    embedded_server.start(settings)
    embedded_server.ensure_databases(settings)
    conninfo = embedded_server.conninfo(settings, "warehouse")
    migrate(conninfo)
    with connect(conninfo) as conn:
        yield conn
