"""The tables of an application's database, in PostgreSQL or MySQL, read by what changed since the last night.

Everything is read in one transaction, so all tables show one moment. A night reads the rows that changed since the
watermark less an overlap, because a row may be committed long after the time that it bears. The whole table is read
where nothing tells of changes, where its columns differ from last time, and where rows too old to be read again have
changed under a column that does not follow updates (`rated_at`). A row that vanished is missing among the keys.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from movierec.errors import ConfigError, SourceError
from movierec.sources.contract import Contract
from movierec.sources.databases.foreign import ForeignDatabase
from movierec.sources.databases.layout import TableLayout
from movierec.sources.databases.mysql import open_mysql
from movierec.sources.databases.postgres import open_postgres
from movierec.sources.databases.watermark import Watermark
from movierec.sources.source import Chunk, Endpoint, Notes, Piece, SourceState
from movierec.sources.table_contracts import CREDITS, FEEDBACK_EVENT, LINKS, MOVIES, RATINGS, TAGS, USER_PROFILE

log = logging.getLogger(__name__)

OVERLAP_SECONDS = 3_600  # how long a row may be committed after the time that it bears
ALLOWED = (MOVIES, LINKS, CREDITS, USER_PROFILE, RATINGS, TAGS, FEEDBACK_EVENT)
OPENERS: dict[str, Callable[[Endpoint], AbstractContextManager[ForeignDatabase]]] = {
    "postgres": open_postgres,
    "postgresql": open_postgres,
    "mysql": open_mysql,
    "mariadb": open_mysql,
}


@dataclass(frozen=True)
class DatabaseTables:
    """The tables of a database that bear the name of a contract.

    Attributes:
        endpoint: the server.
        is_full: read every table from the start.
        overlap: seconds before the watermark from which rows are read again.
        contracts: the tables that are read where they are there.
    """

    endpoint: Endpoint
    is_full: bool = False
    overlap: int = OVERLAP_SECONDS
    contracts: tuple[Contract, ...] = ALLOWED

    def pieces(self, state: SourceState) -> Iterator[Piece]:
        """Yield one piece per table; the connection stays open until the last has been read.

        Raises:
            ConfigError: the connection is of another kind.
            SourceError: no table, or one that was there before is gone or breaks its contract.
        """
        if self.endpoint.kind not in OPENERS:
            raise ConfigError(f"a database of kind '{self.endpoint.kind}' is unknown; allowed: {', '.join(OPENERS)}")
        with OPENERS[self.endpoint.kind](self.endpoint) as database:
            for layout in _layouts(database, state, self.contracts):
                yield self._piece(database, layout, state)

    def _piece(self, database: ForeignDatabase, layout: TableLayout, state: SourceState) -> Piece:
        name = piece_name(layout.contract)
        last = state.watermark(layout.table, name)
        since = None if self.is_full else self._start_of_reading(database, layout, last)
        read = partial(self._read, database, layout, since, None if since is None else last)
        if since is None:
            return Piece(layout.contract, name, "whole", read)
        return Piece(layout.contract, name, "changes", read, keys=partial(database.keys, layout))

    def _start_of_reading(self, database: ForeignDatabase, layout: TableLayout, text: str | None) -> str | None:
        """Return the moment to read from, or None where only the whole table will do."""
        mark, column = Watermark.parse(text), _column(database, layout)
        if not mark or not column:
            return None
        if mark.shape != layout.shape:
            log.info("%s: the columns differ from last time; read whole", layout.where)
            return None
        since = database.start_of_reading(layout, column, mark.value, self.overlap)
        if mark.settled is not None and mark.settled != database.digest_before(layout, column, since):
            log.info("%s: rows changed whose %s did not; read whole", layout.where, column)
            return None
        return since

    def _read(
        self, database: ForeignDatabase, layout: TableLayout, since: str | None, last: str | None, notes: Notes
    ) -> Iterator[Chunk]:
        notes.new_columns.extend(layout.unknown_columns)
        notes.watermark = last
        column = _column(database, layout)
        name = database.quote(column or "")
        yield from database.rows(layout, f"({name} >= {since} or {name} is null)" if since else "")
        value = database.latest_change(layout, column) if column else None
        if column and value:
            notes.watermark = self._mark(database, layout, column, value).to_json()

    def _mark(self, database: ForeignDatabase, layout: TableLayout, column: str, value: str) -> Watermark:
        if layout.follows_updates:
            return Watermark(value, layout.shape)
        since = database.start_of_reading(layout, column, value, self.overlap)
        return Watermark(value, layout.shape, database.digest_before(layout, column, since))


def piece_name(contract: Contract) -> str:
    """Return what the piece of a table is called."""
    return f"table {contract.table}"


def _column(database: ForeignDatabase, layout: TableLayout) -> str | None:
    """Return the column to read by, where its type has an order that can be trusted: text has none."""
    column = layout.changed_at
    return column if column and layout.types[column] in database.times | database.numbers else None


def _layouts(database: ForeignDatabase, state: SourceState, contracts: tuple[Contract, ...]) -> list[TableLayout]:
    names = database.tables()
    allowed = ", ".join(contract.table for contract in contracts)
    gone = [
        each.table for each in contracts if each.table not in names and state.has_piece(each.table, piece_name(each))
    ]
    if gone:
        raise SourceError(f"{database.name}: table {', '.join(gone)} is gone; seen: {', '.join(names) or 'none'}")
    if readable := [contract for contract in contracts if contract.table in names]:
        return [_layout(database, contract) for contract in readable]
    raise SourceError(f"{database.name} has no table to read; seen: {', '.join(names) or 'none'}; allowed: {allowed}")


def _layout(database: ForeignDatabase, contract: Contract) -> TableLayout:
    where, types = f"{database.name}, table {contract.table}", database.types(contract.table)
    layout = TableLayout(contract, where, types, dict(zip(types, contract.match(where, list(types)), strict=True)))
    contract.require_types(where, database.sample(layout))
    return layout
