"""sources → raw: each piece of a source as one slice, in one transaction, together with its watermark.

What has been loaded before is not loaded again: the night refers to the slice that exists. A source that fails leaves
the night with what it brought last; whether that will do is for the gate to say.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from psycopg import sql

from movierec.batch import find_batch
from movierec.db import Connection, fetch, run_sql
from movierec.errors import MovierecError
from movierec.sources import Chunk, Notes, Origin, Piece, Source
from movierec.sources.registry import SOURCES

log = logging.getLogger(__name__)

_NEWLINE = ord("\n")
ABSENCE = ("rated_at", "tagged_at", "created_at")


@dataclass(frozen=True)
class WarehouseMemory:
    """What the warehouse holds of one source; read by the source to find what is new."""

    conn: Connection
    source: str
    is_full: bool

    def watermark(self, table: str, piece: str) -> str | None:
        """Return up to where a piece has been read, or None where it has to be read from the start."""
        if self.is_full:
            return None
        lineage = self._lineage(table, piece)
        return next((row["watermark"] for row in reversed(lineage) if row["watermark"] is not None), None) or None

    def is_known(self, table: str, piece: str) -> bool:
        """Tell whether a piece has been loaded on an earlier night."""
        return bool(self._lineage(table, piece))

    def has(self, table: str, fingerprint: str) -> bool:
        """Tell whether content has been loaded on any night."""
        parameters = {"source": self.source, "table_name": table, "fingerprint": fingerprint}
        return bool(fetch(self.conn, "extract/has_fingerprint", parameters)[0]["is_loaded"])

    def imdb_ids(self) -> frozenset[str]:
        """Return the IMDb ids of the known movies."""
        return frozenset(row["imdb_id"] for row in fetch(self.conn, "extract/imdb_ids"))

    def _lineage(self, table: str, piece: str) -> list[dict[str, Any]]:
        parameters = {"source": self.source, "table_name": table, "piece": piece}
        return fetch(self.conn, "extract/lineage", parameters)


def extract(conn: Connection, batch_id: int, name: str, source: Source, is_full: bool = False) -> dict[str, int]:
    """Bring a source into a night, in one transaction, and return the rows that were loaded per table.

    Raises:
        SourceError: the source is missing, unreadable or breaks a contract; the night holds what it brought last.
    """
    started = time.monotonic()
    # What a killed task leaves behind; whoever goes on says otherwise.
    _note(conn, batch_id, name, "failed", "the extraction did not finish")
    try:
        run_sql(conn, "extract/lock_source", {"source": name})
        run_sql(conn, "extract/clear_source", {"batch_id": batch_id, "source": name})
        counts: dict[str, int] = {}
        for piece in source.pieces(WarehouseMemory(conn, name, is_full)):
            loaded = _bring(conn, batch_id, name, piece)
            counts[piece.contract.table] = counts.get(piece.contract.table, 0) + loaded
        run_sql(conn, "extract/see_grown", {"batch_id": batch_id, "source": name})
        _note(conn, batch_id, name, "delivered", None)
    except Exception as error:
        conn.rollback()
        _note(conn, batch_id, name, "failed", str(error) or type(error).__name__)
        raise
    log.info("extract %s: %s in %.1f s", name, _sentence(counts), time.monotonic() - started)
    return counts


def extract_source(
    conn: Connection, batch_id: int, name: str, origin: Callable[[Mapping[str, Any]], Origin]
) -> dict[str, int]:
    """Bring one of the registered sources into a night, from where `origin` says the night finds it."""
    night = find_batch(conn, batch_id)
    conn.commit()
    try:
        source = SOURCES.create(name, origin(night))
    except MovierecError as error:
        _note(conn, batch_id, name, "failed", str(error))
        raise
    return extract(conn, batch_id, name, source, is_full=night["is_full"])


def _note(conn: Connection, batch_id: int, source: str, status: str, message: str | None) -> None:
    parameters = {"batch_id": batch_id, "source": source, "status": status, "message": message}
    run_sql(conn, "extract/note_source", parameters)
    conn.commit()


def _bring(conn: Connection, batch_id: int, source: str, piece: Piece) -> int:
    """Let the night see a piece, loading it where that is needed, and return how many rows that took."""
    slice_of = {"source": source, "table_name": piece.contract.table, "piece": piece.name}
    scale = dict(zip(("scale_low", "scale_high"), piece.scale, strict=True))
    lineage = fetch(conn, "extract/lineage", slice_of)
    if piece.fingerprint is not None:
        found = fetch(conn, "extract/find_slice", {**slice_of, **scale, "fingerprint": piece.fingerprint})
        if found:
            _see(conn, batch_id, [found[0]["slice_id"]])
            return 0
    opened = {**slice_of, **scale, "batch_id": batch_id, "mode": piece.mode, "fingerprint": piece.fingerprint or ""}
    slice_id = int(fetch(conn, "extract/open_slice", opened)[0]["slice_id"])
    notes = Notes()
    loading = Loading(conn, piece, slice_id)
    loading.copy(piece.read(notes))
    earlier = [row["slice_id"] for row in lineage] if piece.mode == "changes" else []
    if piece.keys and earlier and loading.delete_absent(piece.keys(), earlier):
        log.warning("extract %s: %s has rows that came late; the next night reads it whole", source, piece.name)
        notes.watermark = ""
    fingerprint = piece.fingerprint or loading.fingerprint
    if piece.mode == "whole" and len(lineage) == 1 and lineage[0]["fingerprint"] == fingerprint:
        loading.take_back()
        _see(conn, batch_id, [lineage[0]["slice_id"]])
        return 0
    if loading.rows == 0 and earlier and notes.watermark in (None, lineage[-1]["watermark"]):
        loading.take_back()
        _see(conn, batch_id, earlier)
        return 0
    closed = {"slice_id": slice_id, "fingerprint": fingerprint, "raw_rows": loading.rows, **vars(notes)}
    run_sql(conn, "extract/close_slice", closed)
    _see(conn, batch_id, [*earlier, slice_id])
    if notes.new_columns:
        log.warning("extract %s: %s brings new columns %s", source, piece.name, ", ".join(notes.new_columns))
    return loading.rows


def _see(conn: Connection, batch_id: int, slices: Iterable[int]) -> None:
    for slice_id in slices:
        run_sql(conn, "extract/see_slice", {"batch_id": batch_id, "slice_id": slice_id})


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


def _sentence(counts: dict[str, int]) -> str:
    return ", ".join(f"{rows:,} {table}" for table, rows in counts.items()) or "nothing"
