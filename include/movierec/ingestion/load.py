"""Rows of one piece on their way to `raw.<table>`: COPY with slice and position, and the rows that are gone."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import numpy as np
from psycopg import sql

from movierec.db import Connection
from movierec.sources.source import Chunk, Piece

ABSENCE = ("rated_at", "tagged_at", "created_at")
_NEWLINE = ord("\n")


class Loading:
    """Rows of one piece on their way to `raw.<table>`, in the open transaction.

    Attributes:
        rows: how many have been loaded.
    """

    def __init__(self, conn: Connection, piece: Piece, slice_id: int) -> None:
        """Prepare to load a piece as the slice `slice_id`."""
        self.rows = 0
        self._conn = conn
        self._piece = piece
        self._slice_id = slice_id
        self._table = sql.Identifier("raw", piece.contract.table)
        self._digest = hashlib.sha256()

    @property
    def fingerprint(self) -> str:
        """The fingerprint of what was loaded, where the piece does not bring one."""
        return self._digest.hexdigest()

    def copy(self, chunks: Iterable[Chunk]) -> None:
        """COPY the chunks, one statement for each run of chunks with the same columns."""
        # Numbering lines and COPY take turns on one core; on two they go side by side.
        with ThreadPoolExecutor(1) as worker:
            for columns, run in groupby(chunks, key=lambda chunk: chunk.columns):
                statement = sql.SQL("copy {} (slice_id, position, {}) from stdin").format(self._table, _list(columns))
                with self._conn.cursor() as cursor, cursor.copy(statement) as copy:
                    for data in _ahead(worker, (chunk.data for chunk in run), self._numbered):
                        copy.write(data)

    def delete_absent(self, keys: Iterable[Chunk], lineage: Sequence[int]) -> bool:
        """Add a deleted row for each key that the lineage holds and the source no longer has.

        Returns whether the source has a key that has never been read: a row that came later than the overlap allows.
        """
        key = _list(self._piece.contract.key)
        self._conn.execute(
            sql.SQL("create temp table present on commit drop as select {} from {} with no data").format(
                key, self._table
            )
        )
        with self._conn.cursor() as cursor, cursor.copy(sql.SQL("copy present ({}) from stdin").format(key)) as copy:
            for chunk in keys:
                copy.write(chunk.data)
        self.rows += self._conn.execute(self._deletion(), {"slices": list(lineage), **self._place()}).rowcount
        late = self._conn.execute(self._late(), {"slices": [*lineage, self._slice_id]}).fetchone()
        self._conn.execute("drop table present")
        return bool(late and late[0])

    def take_back(self) -> None:
        """Remove the rows again: they were there before."""
        for table in (self._table, sql.Identifier("ops", "slice")):
            self._conn.execute(sql.SQL("delete from {} where slice_id = %(slice_id)s").format(table), self._place())

    def _place(self) -> dict[str, int]:
        return {"slice_id": self._slice_id, "rows": self.rows}

    def _numbered(self, data: bytes) -> bytes:
        if self._piece.fingerprint is None:
            self._digest.update(data)
        numbered, count = number_lines(data, f"{self._slice_id}\t".encode(), self.rows + 1)
        self.rows += count
        return numbered

    def _late(self) -> sql.Composed:
        return sql.SQL(
            "select exists (select 1 from present where not exists ("
            "select 1 from {} as held where held.slice_id = any(%(slices)s) and {}))"
        ).format(self._table, _same(self._piece.contract.key, "present", "held"))

    def _deletion(self) -> sql.Composed:
        """Return the statement that compares keys: the last word on a key is its latest row."""
        names = self._piece.contract.key
        when = [name for name in ABSENCE if name in self._piece.contract.names]
        # A night sees what happened before its moment: that includes what it finds gone.
        moment = sql.SQL(
            "(select (as_of - interval '1 microsecond')::text "
            "from ops.slice inner join ops.batch using (batch_id) where slice_id = {})"
        )
        return sql.SQL(
            "insert into {table} (slice_id, position, is_deleted, {key}{time}) "
            "select %(slice_id)s, %(rows)s + row_number() over (order by {known_key}), true, {known_key}{moment} from ("
            "select distinct on ({held_key}) held.* from {table} as held "
            "where held.slice_id = any(%(slices)s) and not exists (select 1 from present where {same}) "
            "order by {held_key}, held.slice_id desc, held.position desc) as known "
            "where not known.is_deleted and not exists ("
            "select 1 from {table} as fresh where fresh.slice_id = %(slice_id)s and {same_fresh})"
        ).format(
            table=self._table,
            key=_list(names),
            time=sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier(name)) for name in when),
            moment=sql.SQL("").join(sql.SQL(", {}").format(moment.format(sql.Literal(self._slice_id))) for _ in when),
            known_key=_list(names, "known"),
            held_key=_list(names, "held"),
            same=_same(names, "present", "held"),
            same_fresh=_same(names, "fresh", "known"),
        )


def _list(names: Sequence[str], table: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table, name) if table else sql.Identifier(name) for name in names)


def _same(names: Sequence[str], left: str, right: str) -> sql.Composed:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, name), sql.Identifier(right, name)) for name in names
    )


def number_lines(data: bytes, start: bytes, first: int) -> tuple[bytes, int]:
    """Put `start`, a number and a tab in front of every line, all of the same width, and return how many lines it were.

    Whole arrays at a time: line by line, numbering would take as long as COPY itself.
    """
    text = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(text == _NEWLINE)
    lines = len(ends)
    digits = len(str(first + lines - 1))
    width = len(start) + digits + 1
    prefixes = np.empty((lines, width), dtype=np.uint8)
    prefixes[:, : len(start)] = np.frombuffer(start, dtype=np.uint8)
    numbers = np.arange(first, first + lines, dtype=np.int64)
    for place in range(len(start) + digits - 1, len(start) - 1, -1):
        numbers, digit = np.divmod(numbers, 10)
        prefixes[:, place] = digit + ord("0")
    prefixes[:, -1] = ord("\t")
    starts = np.concatenate([[0], ends[:-1] + 1]) + np.arange(lines) * width
    is_prefix = np.zeros(len(text) + lines * width, dtype=bool)
    is_prefix[starts[:, np.newaxis] + np.arange(width)] = True
    numbered = np.empty(len(is_prefix), dtype=np.uint8)
    numbered[is_prefix] = prefixes.ravel()
    numbered[~is_prefix] = text
    return numbered.tobytes(), lines


def _ahead(worker: ThreadPoolExecutor, items: Iterator[bytes], work: Any) -> Iterator[bytes]:
    """Yield `work(item)` for each item, the next one being made while the caller is busy with the last."""
    missing = object()

    def step() -> Any:
        item = next(items, missing)
        return missing if item is missing else work(item)

    coming = worker.submit(step)
    while (done := coming.result()) is not missing:
        coming = worker.submit(step)
        yield done
