"""sources → raw: load each piece of a source as one slice, in one transaction, together with its watermark.

Content that was loaded before is not loaded again: the batch refers to the existing slice. If a source fails, the batch
uses what the source delivered last; whether that is good enough is for the raw gate to decide.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from movierec.db import Connection, copy_rows, fetch, lock_step, run_sql
from movierec.errors import MovierecError
from movierec.ingestion.batch import find_batch
from movierec.ingestion.date_orders import settle_date_orders
from movierec.ingestion.load import load_piece
from movierec.ingestion.part_conflicts import check_parts
from movierec.ingestion.source_scale import settle_scale
from movierec.rating_scale import RatingScale
from movierec.sources.registry import SOURCES
from movierec.sources.source import Origin, Source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WarehouseState:
    """What the warehouse holds of one source, so that the source can tell what is new."""

    conn: Connection
    source: str
    is_full: bool
    remarks: list[str] = field(default_factory=list)

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

    def remark(self, sentence: str) -> None:
        """Keep a sentence for the night's summary."""
        log.warning("%s", sentence)
        self.remarks.append(sentence)

    def _lineage(self, table: str, piece: str) -> list[dict[str, Any]]:
        parameters = {"source": self.source, "table_name": table, "piece": piece}
        return fetch(self.conn, "extract/lineage", parameters)


def extract(
    conn: Connection,
    batch_id: int,
    name: str,
    source: Source,
    is_full: bool = False,
    declared: RatingScale | None = None,
) -> dict[str, int]:
    """Load a source into a batch, in one transaction, and return how many rows were loaded per table.

    `declared` is the scale of its ratings where a setting says so; otherwise they tell it.

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
        state = WarehouseState(conn, name, is_full)
        for piece in source.pieces(state):
            rows = load_piece(conn, batch_id, name, piece)
            declared = declared or piece.scale
            counts[piece.contract.table] = counts.get(piece.contract.table, 0) + rows
        run_sql(conn, "extract/add_growing_slices", {"batch_id": batch_id, "source": name})
        state.remarks.extend(settle_date_orders(conn, batch_id, name))
        state.remarks.extend(check_parts(conn, batch_id, name))
        state.remarks.extend(settle_scale(conn, batch_id, name, declared))
        _keep_remarks(conn, batch_id, name, state.remarks)
        _record_outcome(conn, batch_id, name, "delivered", None)
    except Exception as error:
        conn.rollback()
        _record_outcome(conn, batch_id, name, "failed", str(error) or type(error).__name__)
        raise
    log.info("extract %s: %s in %.1f s", name, _summary(counts), time.monotonic() - started)
    return counts


def extract_source(
    conn: Connection, batch_id: int, name: str, origin_of: Callable[[Mapping[str, Any]], Origin]
) -> dict[str, int]:
    """Load one of the registered sources into a batch; `origin_of` tells from the batch's row where the sources are."""
    batch = find_batch(conn, batch_id)
    conn.commit()
    try:
        origin = origin_of(batch)
        source = SOURCES.create(name, origin)
    except MovierecError as error:
        _record_outcome(conn, batch_id, name, "failed", str(error))
        raise
    return extract(conn, batch_id, name, source, is_full=batch["is_full"], declared=origin.scales.get(name))


def _keep_remarks(conn: Connection, batch_id: int, source: str, sentences: Iterable[str]) -> None:
    run_sql(conn, "extract/clear_remarks", {"batch_id": batch_id, "source": source})
    rows = ((batch_id, source, position, sentence) for position, sentence in enumerate(sentences, start=1))
    copy_rows(conn, "ops.remark", ("batch_id", "source", "position", "sentence"), rows)


def _record_outcome(conn: Connection, batch_id: int, source: str, status: str, message: str | None) -> None:
    parameters = {"batch_id": batch_id, "source": source, "status": status, "message": message}
    run_sql(conn, "extract/record_source", parameters)
    conn.commit()


def _summary(counts: dict[str, int]) -> str:
    return ", ".join(f"{rows:,} {table}" for table, rows in counts.items()) or "nothing"
