"""A foreign MySQL or MariaDB database, read row by row: PyMySQL holds one row at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pymysql

from movierec.db import read_sql
from movierec.errors import SourceError
from movierec.sources.databases import mysql_lines
from movierec.sources.databases.foreign import ForeignDatabase
from movierec.sources.databases.layout import TableLayout
from movierec.sources.databases.mysql_connection import give_up, open_connection, plain_refusals
from movierec.sources.source import Chunk, Endpoint
from movierec.sources.text import copytext


@contextmanager
def open_mysql(endpoint: Endpoint) -> Iterator[ForeignDatabase]:
    """Open the database as of now, for reading; pymysql.OperationalError where it does not answer.

    Raises:
        SourceError: the server refuses the user or does not have the database.
    """
    with open_connection(endpoint) as connection:
        yield MysqlDatabase(connection, endpoint.database)


class MysqlDatabase(ForeignDatabase):
    """The tables of a connection's database; the protocol sends every value as the text that a person would see."""

    times = frozenset({"timestamp", "datetime", "date"})
    numbers = frozenset({"int", "bigint", "decimal", "double"})
    now = "now(6)"
    epoch = "unix_timestamp(now(6))"

    def __init__(self, connection: "pymysql.connections.Connection[Any]", name: str) -> None:
        """Ask over this connection."""
        self._connection = connection
        self.name = f"database {name}"

    def tables(self) -> list[str]:
        """Return the names of the tables and views."""
        return [str(name) for (name,) in self.fetch(read_sql("source/mysql_tables"))]

    def types(self, table: str) -> dict[str, str]:
        """Return the columns of a table, in order, with their declared types."""
        statement = read_sql("source/mysql_columns") % {"table_name": self.literal(table)}
        return {str(name): str(declared).lower() for name, declared in self.fetch(statement)}

    def rows(self, layout: TableLayout, condition: str) -> Iterator[Chunk]:
        """Yield the rows, written by the server where the types allow it, otherwise value by value."""
        kinds, extras = layout.types, {column: self.field(layout, column) for column in layout.extras}
        known = layout.known.values()
        if mysql_lines.is_possible((kinds[column] for column in known), (kinds[column] for column in extras)):
            fields = [mysql_lines.field(self.field(layout, column), kinds[column]) for column in known]
            marks = [f"if({self.deleted(layout)}, 't', 'f')"] if layout.deleted else []
            objects = [mysql_lines.members(extras)] if extras else []
            return self._lines(layout, layout.columns, [*fields, *marks, *objects], condition)
        return self._rows_by_value(layout, condition)

    def _rows_by_value(self, layout: TableLayout, condition: str) -> Iterator[Chunk]:
        known, marks = len(layout.known), 1 if layout.deleted else 0
        fields = [self.field(layout, column) for column in (*layout.known.values(), *layout.extras)]
        fields[known:known] = [f"if({self.deleted(layout)}, 't', 'f')"] * marks
        rows = self._stream(layout.where, self.select(fields, layout, condition))
        split = known + marks
        records = ((row[:split], dict(zip(layout.extras, row[split:], strict=True))) for row in rows)
        return _chunks(layout.columns, records)

    def keys(self, layout: TableLayout) -> Iterator[Chunk]:
        """Yield the keys, like the rows."""
        columns = [layout.known[name] for name in layout.contract.identity]
        if mysql_lines.is_possible((layout.types[column] for column in columns), ()):
            lines = [mysql_lines.field(self.field(layout, column), layout.types[column]) for column in columns]
            return self._lines(layout, layout.contract.identity, lines, self.alive(layout))
        fields = [self.field(layout, column) for column in columns]
        rows = self._stream(layout.where, self.select(fields, layout, self.alive(layout)))
        return _chunks(layout.contract.identity, ((row, None) for row in rows))

    def fetch(self, statement: str) -> list[tuple[str | None, ...]]:
        """Return the rows of a short answer as text."""
        return list(self._stream(self.name, statement))

    def quote(self, identifier: str) -> str:
        """Return a name in backticks."""
        return "`" + identifier.replace("`", "``") + "`"

    def literal(self, value: str) -> str:
        """Return a value in quotes."""
        return str(self._connection.escape(value))

    def text(self, expression: str, declared: str) -> str:
        """Return the value as it is: the protocol sends text, except for bits."""
        return f"({expression} + 0)" if declared == "bit" else expression

    def before(self, value: str, declared: str, seconds: int) -> str:
        """Return the moment less an interval."""
        return f"(cast({self.literal(value)} as datetime(6)) - interval {seconds} second)"

    def digest(self, layout: TableLayout) -> str:
        """Return the sum of the rows' check sums."""
        texts = [f"coalesce(cast({self.field(layout, column)} as binary), x'5c4e')" for column in layout.types]
        return f"coalesce(sum(crc32(concat_ws(x'09', {', '.join(texts)}))), 0)"

    def _lines(
        self, layout: TableLayout, columns: tuple[str, ...], fields: list[str], condition: str
    ) -> Iterator[Chunk]:
        rows = self._receive(layout.where, self.select([mysql_lines.line(fields)], layout, condition))
        while block := list(islice(rows, copytext.ROWS_PER_CHUNK)):
            if (None,) in block:  # what the server returns in place of more than max_allowed_packet
                raise SourceError(f"{layout.where}: a row is longer than the server can send")
            yield Chunk(columns, b"\n".join(line for (line,) in block) + b"\n")

    def _stream(self, where: str, statement: str) -> Iterator[tuple[str | None, ...]]:
        for row in self._receive(where, statement):
            yield tuple(map(_as_text, row)) if any(isinstance(value, bytes) for value in row) else row

    def _receive(self, where: str, statement: str) -> Iterator[tuple[Any, ...]]:
        with plain_refusals(where):
            cursor = self._connection.cursor()
            try:
                cursor.execute(statement)
                yield from cursor
            except pymysql.OperationalError:
                give_up(cursor._result)
                raise


def _chunks(columns: tuple[str, ...], records: Iterable[copytext.Record]) -> Iterator[Chunk]:
    """Yield chunks with the column of extras only where there are any."""
    for chunk in copytext.chunks([name for name in columns if name != "extra"], records):
        yield chunk if "extra" in columns else Chunk(columns, chunk.data.replace(b"\t\\N\n", b"\n"))


def _as_text(value: str | bytes | None) -> str | None:
    """Return bytes as the text that they are, or as PostgreSQL writes bytes."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"\\x{value.hex()}"
