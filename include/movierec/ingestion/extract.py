"""sources → raw: each piece of a source as one slice, in one transaction, together with its watermark.

What has been loaded before is not loaded again: the night refers to the slice that exists. A source that fails leaves
the night with what it brought last; whether that will do is for the gate to say.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from movierec.db import Connection, fetch, run_sql
from movierec.errors import MovierecError
from movierec.ingestion.batch import find_batch
from movierec.ingestion.load import Loading
from movierec.sources.registry import SOURCES
from movierec.sources.source import Notes, Origin, Piece, Source

log = logging.getLogger(__name__)


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


def _sentence(counts: dict[str, int]) -> str:
    return ", ".join(f"{rows:,} {table}" for table, rows in counts.items()) or "nothing"
