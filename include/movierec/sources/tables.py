"""Tables of an operational PostgreSQL database, read through a server-side cursor in constant memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from psycopg import sql

from movierec.db import Connection, connect, fetch
from movierec.errors import SourceError
from movierec.sources import Record
from movierec.sources.contract import FEEDBACK_EVENT, USER_PROFILE, Contract

BLOCK = 10_000


@dataclass(frozen=True)
class DatabaseTables:
    """The application's tables, found on the search path of the connection."""

    conninfo: str

    def known(self) -> Iterable[Contract]:
        """Profiles and feedback."""
        return (USER_PROFILE, FEEDBACK_EVENT)

    def contracts(self) -> Iterable[Contract]:
        """Both, every night."""
        return self.known()

    def read(self, contract: Contract) -> Iterator[Record]:
        """Yield the table in the order of its key, every value as PostgreSQL writes it.

        Raises:
            SourceError: the table or a required column is missing.
        """
        with connect(self.conninfo) as conn, conn.cursor(name=f"extract_{contract.table}") as cursor:
            extras = [name for name in _columns(conn, contract) if name not in contract.columns]
            cursor.itersize = BLOCK
            cursor.execute(_select(contract, [*contract.columns, *extras]))
            for row in cursor:
                yield _record(contract, extras, row)


def _columns(conn: Connection, contract: Contract) -> list[str]:
    names = [row["name"] for row in fetch(conn, "app/columns", {"table_name": contract.table})]
    where = f"database {conn.info.dbname}, table {contract.table}"
    if not names:
        raise SourceError(f"{where}: the table does not exist")
    contract.check(where, names)
    return names


def _select(contract: Contract, columns: list[str]) -> sql.Composed:
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns)
    # A bare name would mean the text in the result, which sorts 11 before 2.
    key = sql.SQL(", ").join(sql.Identifier(contract.table, column) for column in contract.key)
    return sql.SQL("select {} from {} order by {}").format(texts, sql.Identifier(contract.table), key)


def _record(contract: Contract, extras: list[str], row: tuple[str | None, ...]) -> Record:
    width = len(contract.columns)
    return list(row[:width]), dict(zip(extras, row[width:], strict=True)) or None
