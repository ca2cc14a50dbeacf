"""A foreign PostgreSQL database: COPY to COPY, the server writes the very lines that the warehouse reads."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any

import psycopg
from psycopg import sql

from movierec.db import read_sql
from movierec.errors import SourceError
from movierec.sources.databases.foreign import ForeignDatabase
from movierec.sources.databases.layout import TableLayout
from movierec.sources.source import Chunk, Endpoint
from movierec.sources.text.encoding import is_utf8

BLOCK_BYTES = 1 << 20  # bytes of a chunk; the server sends every row by itself
PAIRS_PER_CALL = 50  # names and values that jsonb_build_object takes: 100 arguments
CONNECT_TIMEOUT_SECONDS = 15
_LATIN = {0xDC80 + byte: chr(0x80 + byte) for byte in range(128)}  # bytes that are not UTF-8 are read as latin-1
OPTIONS = ("ssl", "keepalives", "connect_timeout", "options", "target_session_attrs", "channel_binding", "gssencmode")
SESSION = """
    set timezone to 'UTC';
    set datestyle to 'ISO, YMD';
    set bytea_output to 'hex';
    set idle_in_transaction_session_timeout to 0;
    select set_config(name, case vartype when 'bool' then 'off' else '0' end, false)
    from pg_settings
    -- in the order in which the table has them, so that a table which has not changed reads as it did the last time
    where name in ('synchronize_seqscans', 'max_parallel_workers_per_gather')
"""


@contextmanager
def open_postgres(endpoint: Endpoint) -> Iterator[ForeignDatabase]:
    """Open the database as of now, for reading; psycopg.OperationalError where it does not answer."""
    with closing(psycopg.connect(**_parameters(endpoint), cursor_factory=psycopg.ClientCursor)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute(SESSION)
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            connection.execute("set client_encoding to 'SQL_ASCII'")  # otherwise it refuses what is not UTF-8
        yield PostgresDatabase(connection)


def _parameters(endpoint: Endpoint) -> dict[str, Any]:
    options = {name: value for name, value in endpoint.extra.items() if name.startswith(OPTIONS)}
    address = {"host": endpoint.host, "port": endpoint.port, "dbname": endpoint.database}
    login = {"user": endpoint.login, "password": endpoint.password}
    parameters = {name: value for name, value in (address | login | options).items() if value not in (None, "")}
    defaults = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": "movierec",
        "client_encoding": "UTF8",
    }
    return defaults | parameters


class PostgresDatabase(ForeignDatabase):
    """The tables on the search path of a connection."""

    times = frozenset({"timestamp with time zone", "timestamp without time zone", "date"})
    numbers = frozenset({"smallint", "integer", "bigint", "numeric", "double precision"})
    now = "now()"
    epoch = "extract(epoch from now())"

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        """Ask over this connection."""
        self._connection = connection
        self.name = f"database {connection.info.dbname}"

    def tables(self) -> list[str]:
        """Return the names of the tables and views on the search path."""
        return [str(name) for (name,) in self.fetch(read_sql("source/postgres_tables"))]

    def types(self, table: str) -> dict[str, str]:
        """Return the columns of a table, in order, with their declared types."""
        statement = read_sql("source/postgres_columns") % {"table_name": self.literal(table)}
        return {str(name): str(declared) for name, declared in self.fetch(statement)}

    def rows(self, layout: TableLayout, condition: str) -> Iterator[Chunk]:
        """Yield the rows as the server's COPY writes them."""
        fields = [self.field(layout, column) for column in layout.known.values()]
        marks = [self.deleted(layout)] if layout.deleted else []
        extras = [self._extra(layout)] if layout.extras else []
        return self._copy(layout, layout.columns, self.select([*fields, *marks, *extras], layout, condition))

    def keys(self, layout: TableLayout) -> Iterator[Chunk]:
        """Yield the keys as the server's COPY writes them."""
        fields = [self.field(layout, layout.known[name]) for name in layout.contract.identity]
        return self._copy(layout, layout.contract.identity, self.select(fields, layout, self.alive(layout)))

    def fetch(self, statement: str) -> list[tuple[str | None, ...]]:
        """Return the rows of a short answer as text."""
        with plain_refusals(self.name):
            rows = self._connection.execute(_trusted(statement)).fetchall()
        return [tuple(map(_as_text, row)) for row in rows]

    def quote(self, identifier: str) -> str:
        """Return a name in double quotes."""
        return sql.Identifier(identifier).as_string(self._connection)

    def literal(self, value: str) -> str:
        """Return a value in quotes."""
        return sql.Literal(value).as_string(self._connection)

    def text(self, expression: str, declared: str) -> str:
        """Return the cast to text."""
        return f"{expression}::text"

    def before(self, value: str, declared: str, seconds: int) -> str:
        """Return the moment less an interval."""
        return f"({self.literal(value)}::{declared} - interval '{seconds} seconds')"

    def digest(self, layout: TableLayout) -> str:
        """Return the sum of the rows' hashes."""
        row = ", ".join(self.field(layout, column) for column in layout.types)
        return f"coalesce(sum(hashtextextended(row({row})::text, 0)), 0)"

    def _extra(self, layout: TableLayout) -> str:
        pairs = [(self.literal(column), self.field(layout, column)) for column in layout.extras]
        parts = (pairs[start : start + PAIRS_PER_CALL] for start in range(0, len(pairs), PAIRS_PER_CALL))
        return " || ".join(f"jsonb_build_object({', '.join(chain.from_iterable(part))})" for part in parts)

    def _copy(self, layout: TableLayout, columns: tuple[str, ...], statement: str) -> Iterator[Chunk]:
        copying = _trusted(f"copy ({statement}) to stdout")
        with plain_refusals(layout.where), self._connection.cursor() as cursor, cursor.copy(copying) as copy:
            buffer = bytearray()
            for line in copy:
                buffer += line
                if len(buffer) >= BLOCK_BYTES:
                    yield Chunk(columns, _utf8(bytes(buffer)))
                    buffer.clear()
            if buffer:
                yield Chunk(columns, _utf8(bytes(buffer)))


def _utf8(lines: bytes) -> bytes:
    """Return lines as UTF-8: a database without an encoding sends whatever it was given."""
    return lines if is_utf8(lines) else lines.decode("utf-8", "surrogateescape").translate(_LATIN).encode()


def _as_text(value: object) -> str | None:
    return _utf8(value).decode() if isinstance(value, bytes) else None if value is None else str(value)


@contextmanager
def plain_refusals(where: str) -> Iterator[None]:
    """Turn what trying again cannot mend (a missing permission, a view that fails) into a sentence."""
    try:
        yield
    except (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError) as error:
        raise SourceError(f"{where}: {error.diag.message_primary or error}") from error


def _trusted(text: str) -> sql.SQL:
    # Names and values are quoted above; psycopg wants to be told.
    return sql.SQL(text)
