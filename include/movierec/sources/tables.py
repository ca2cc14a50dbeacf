"""Tables of an operational PostgreSQL database, read in one snapshot through a server-side cursor."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from psycopg import sql

from movierec.db import Connection
from movierec.errors import SourceError
from movierec.sources import Record
from movierec.sources.contract import FEEDBACK_EVENT, USER_PROFILE, Contract

BLOCK = 10_000


@dataclass(frozen=True)
class DatabaseTables:
    """The application's tables, found on the search path of the connection."""

    conn: Connection

    def contracts(self) -> Iterable[Contract]:
        """Profiles and feedback."""
        return (USER_PROFILE, FEEDBACK_EVENT)

    def read(self, contract: Contract) -> Iterator[Record]:
        """Yield the table in the order of its key, every value as PostgreSQL writes it.

        Raises:
            SourceError: the table or a required column is missing.
        """
        names = self._columns(contract)
        extras = [name for name in names if name not in contract.columns]
        with self.conn.cursor(name=f"extract_{contract.table}") as cursor:
            cursor.itersize = BLOCK
            cursor.execute(_select(contract, [*contract.columns, *extras]))
            for row in cursor:
                yield _record(contract, extras, row)

    def _columns(self, contract: Contract) -> list[str]:
        found = self.conn.execute(
            "select attname::text from pg_attribute"
            " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
            [contract.table],
        )
        names = [name for (name,) in found]
        where = f"database {self.conn.info.dbname}, table {contract.table}"
        if not names:
            raise SourceError(f"{where}: the table does not exist")
        contract.check(where, names)
        return names


def _select(contract: Contract, columns: list[str]) -> sql.Composed:
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns)
    key = sql.SQL(", ").join(map(sql.Identifier, contract.key))
    return sql.SQL("select {} from {} order by {}").format(texts, sql.Identifier(contract.table), key)


def _record(contract: Contract, extras: list[str], row: tuple[str | None, ...]) -> Record:
    width = len(contract.columns)
    return list(row[:width]), dict(zip(extras, row[width:], strict=True)) or None
