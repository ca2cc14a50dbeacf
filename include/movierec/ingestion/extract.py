"""sources → raw: load each piece of a source as one slice, in one transaction, together with its watermark.

Content that was loaded before is not loaded again: the batch refers to the existing slice. If a source fails, the batch
uses what the source delivered last; whether that is good enough is for the raw gate to decide.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from movierec.db import Connection, fetch, lock_step, run_sql
from movierec.errors import MovierecError
from movierec.ingestion.batch import find_batch
from movierec.ingestion.load import load_piece
from movierec.sources.registry import SOURCES
from movierec.sources.source import Origin, Source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WarehouseState:
    """What the warehouse holds of one source, so that the source can tell what is new."""

    conn: Connection
    source: str
    is_full: bool

    def watermark(self, table: str, piece: str) -> str | None:
        """Return up to where a piece has been read, or None where it has to be read from the start."""
        if self.is_full:
            return None
        lineage = self._lineage(table, piece)
        return next((row["watermark"] for row in reversed(lineage) if row["watermark"] is not None), None) or None

    def has_piece(self, table: str, piece: str) -> bool:
        """Tell whether a piece has ever been loaded."""
        return bool(self._lineage(table, piece))

    def has_fingerprint(self, table: str, fingerprint: str) -> bool:
        """Tell whether this content has ever been loaded."""
        parameters = {"source": self.source, "table_name": table, "fingerprint": fingerprint}
        return bool(fetch(self.conn, "extract/has_fingerprint", parameters)[0]["is_loaded"])

    def imdb_ids(self) -> frozenset[str]:
        """Return the IMDb ids of the known movies."""
        return frozenset(row["imdb_id"] for row in fetch(self.conn, "extract/imdb_ids"))

    def _lineage(self, table: str, piece: str) -> list[dict[str, Any]]:
        parameters = {"source": self.source, "table_name": table, "piece": piece}
        return fetch(self.conn, "extract/lineage", parameters)


def extract(conn: Connection, batch_id: int, name: str, source: Source, is_full: bool = False) -> dict[str, int]:
    """Load a source into a batch, in one transaction, and return how many rows were loaded per table.

    Raises:
        SourceError: the source is missing, unreadable or breaks a contract; the batch uses what it delivered last.
    """
    started = time.monotonic()
    # This is what remains if the task is killed; otherwise the outcome below replaces it.
    _record_outcome(conn, batch_id, name, "failed", "the extraction did not finish")
    try:
        lock_step(conn, name)
        run_sql(conn, "extract/remove_source", {"batch_id": batch_id, "source": name})
        counts: dict[str, int] = {}
        for piece in source.pieces(WarehouseState(conn, name, is_full)):
            rows = load_piece(conn, batch_id, name, piece)
            counts[piece.contract.table] = counts.get(piece.contract.table, 0) + rows
        run_sql(conn, "extract/add_growing_slices", {"batch_id": batch_id, "source": name})
        _record_outcome(conn, batch_id, name, "delivered", None)
    except Exception as error:
        conn.rollback()
        _record_outcome(conn, batch_id, name, "failed", str(error) or type(error).__name__)
        raise
    log.info("extract %s: %s in %.1f s", name, _summary(counts), time.monotonic() - started)
    return counts


def extract_source(
    conn: Connection, batch_id: int, name: str, origin: Callable[[Mapping[str, Any]], Origin]
) -> dict[str, int]:
    """Load one of the registered sources into a batch; `origin` tells from the batch's row where the sources are."""
    batch = find_batch(conn, batch_id)
    conn.commit()
    try:
        source = SOURCES.create(name, origin(batch))
    except MovierecError as error:
        _record_outcome(conn, batch_id, name, "failed", str(error))
        raise
    return extract(conn, batch_id, name, source, is_full=batch["is_full"])


def _record_outcome(conn: Connection, batch_id: int, source: str, status: str, message: str | None) -> None:
    parameters = {"batch_id": batch_id, "source": source, "status": status, "message": message}
    run_sql(conn, "extract/record_source", parameters)
    conn.commit()


def _summary(counts: dict[str, int]) -> str:
    return ", ".join(f"{rows:,} {table}" for table, rows in counts.items()) or "nothing"
