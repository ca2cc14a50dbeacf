"""The warehouse as the application reaches it: a pool of connections, files of SQL, one snapshot for each request."""

import logging
from collections.abc import AsyncIterator, Hashable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from psycopg import AsyncConnection, OperationalError
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from movierec.config import SQL

Row = dict[str, Any]
Parameters = Mapping[str, object]
Connection = AsyncConnection[Row]

MAX_CONNECTIONS = 12
MAX_WAITING = 200  # requests that wait for a connection; the next ones are refused at once
WAIT_SECONDS = 2.0  # for a connection; longer waits mean that the database is down
DATABASE_DOWN = (OperationalError, PoolTimeout, PoolClosed)
LIMITS = "-c statement_timeout=5s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s -c timezone=UTC"

log = logging.getLogger(__name__)


class Snapshot:
    """Statements that all see the same moment: publishing or rolling back meanwhile changes nothing for them."""

    def __init__(self, connection: Connection) -> None:
        """Read through a connection whose transaction is open."""
        self._connection = connection

    async def rows(self, name: str, parameters: Parameters) -> list[Row]:
        """Run `include/sql/web/<name>.sql` and return its rows."""
        cursor = await self._connection.execute(_statement(name), parameters)
        return await cursor.fetchall()

    async def row(self, name: str, parameters: Parameters) -> Row | None:
        """Run a statement and return its first row, None where there is none."""
        return next(iter(await self.rows(name, parameters)), None)


class Warehouse:
    """The pool. A connection that turns out to be dead, as after a restart of the server, is replaced once."""

    def __init__(self, conninfo: str, max_connections: int = MAX_CONNECTIONS) -> None:
        """Prepare the pool; `open` starts it."""
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            conninfo,
            min_size=2,
            max_size=max_connections,
            max_waiting=MAX_WAITING,
            timeout=WAIT_SECONDS,
            reconnect_timeout=5,
            max_idle=60,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "options": LIMITS,
                "connect_timeout": 3,
                "application_name": "movierec_web",
            },
            open=False,
        )

    async def open(self) -> None:
        """Start to connect; a database that is down is waited for by each request, not here."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def rows(self, name: str, parameters: Parameters) -> list[Row]:
        """Run one statement, which is a snapshot by itself, and return its rows."""
        try:
            return await self._rows(name, parameters)
        except OperationalError as error:
            if error.sqlstate and not error.sqlstate.startswith(("57P", "08")):  # not the connection's end
                raise
            await self._pool.check()
            return await self._rows(name, parameters)

    async def row(self, name: str, parameters: Parameters) -> Row | None:
        """Run one statement and return its first row, None where there is none."""
        return next(iter(await self.rows(name, parameters)), None)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Let several statements see one moment."""
        async with self._pool.connection() as connection:
            await connection.execute("begin isolation level repeatable read read only")
            try:
                yield Snapshot(connection)
            finally:
                if not connection.broken:
                    await connection.execute("rollback")

    async def _rows(self, name: str, parameters: Parameters) -> list[Row]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_statement(name), parameters)
            return await cursor.fetchall()


def question_key(name: str, parameters: Parameters) -> Hashable:
    """Return what is equal for equal questions: a statement's name and its parameters."""
    return (name, *(tuple(value) if isinstance(value, list) else value for value in parameters.values()))


@cache
def _statement(name: str) -> Any:
    # psycopg wants a literal string; files under include/sql are part of the program, never of its input.
    return (SQL / "web" / f"{name}.sql").read_text(encoding="utf-8")
