"""A PostgreSQL server of our own, set up as every installation has it, in a folder that goes afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from psycopg import sql

from movierec import warehouse
from movierec.config import Settings
from movierec.local.postgres import embedded_server, roles
from movierec.state_folder import StateFolder


@contextmanager
def server(home: Path) -> Iterator[Settings]:
    """Start a server with its state in a folder, and stop it in the end."""
    settings = replace(Settings(), home=home, artifacts=str(StateFolder(home).artifacts))
    embedded_server.start(settings)
    embedded_server.ensure_databases(settings)
    try:
        yield settings
    finally:
        embedded_server.stop(settings)


@contextmanager
def database(settings: Settings, name: str) -> Iterator[str]:
    """Make an empty warehouse, yield its conninfo, and drop it in the end."""
    with embedded_server.as_administrator(settings) as conn:
        roles.create_database(conn, name)
    try:
        conninfo = embedded_server.conninfo(settings, name)
        warehouse.migrate(conninfo)
        yield conninfo
    finally:
        with embedded_server.as_administrator(settings) as conn:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
