"""What the property tests share."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from movierec.config import Settings
from movierec.local.postgres import embedded_server


@pytest.fixture(scope="module")
def database(server: Settings, request: pytest.FixtureRequest) -> Iterator[str]:
    """One warehouse for all examples of a file: each is a night of its own on files of its own."""
    name = request.module.__name__.rpartition(".")[2]
    with psycopg.connect(embedded_server.conninfo(server, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("create database {} template warehouse owner movierec_etl").format(sql.Identifier(name)))
    yield embedded_server.conninfo(server, name)
    with psycopg.connect(embedded_server.conninfo(server, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
