"""A PostgreSQL server of our own, set up as every installation has it, in a folder that goes afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql

from movierec import warehouse
from movierec.config import Settings
from movierec.local import postgres


@contextmanager
def server(home: Path) -> Iterator[Settings]:
    """Start a server with its state in a folder, and stop it in the end."""
    settings = replace(Settings(), home=home, artifacts=str(home / "artifacts"))
    postgres.start(settings)
    try:
        yield settings
    finally:
        postgres.stop(settings)


@contextmanager
def database(settings: Settings, name: str) -> Iterator[str]:
    """Make an empty warehouse, yield its conninfo, and drop it in the end."""
    _administer(settings, "create database {}", name)
    try:
        conninfo = postgres.conninfo(settings, name)
        warehouse.migrate(conninfo)
        yield conninfo
    finally:
        _administer(settings, "drop database {} with (force)", name)


def _administer(settings: Settings, statement: str, name: str) -> None:
    with psycopg.connect(postgres.conninfo(settings, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL(statement).format(sql.Identifier(name)))
