"""One piece of a source into a batch: as a new slice, or as the slices that hold its content already."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from movierec.db import Connection, fetch, run_sql
from movierec.ingestion.rating_tallies import record_tally
from movierec.ingestion.slice_loader import SliceLoader
from movierec.sources.source import Notes, Piece

log = logging.getLogger(__name__)


def load_piece(conn: Connection, batch_id: int, source: str, piece: Piece) -> int:
    """Make a piece part of a batch, loading it unless its content is there already; return how many rows that took."""
    key = {"source": source, "table_name": piece.contract.table, "piece": piece.name}
    if piece.fingerprint is not None:
        existing = fetch(conn, "extract/find_slice", {**key, "fingerprint": piece.fingerprint})
        if existing:
            add_slices_to_batch(conn, batch_id, [existing[0]["slice_id"]])
            return 0
    lineage = fetch(conn, "extract/lineage", key)
    new_slice = {**key, "batch_id": batch_id, "mode": piece.mode, "fingerprint": piece.fingerprint or ""}
    slice_id = int(fetch(conn, "extract/open_slice", new_slice)[0]["slice_id"])
    loader = SliceLoader(conn, piece, slice_id)
    earlier = [row["slice_id"] for row in lineage]
    notes = _copy(loader, piece, source, lineage)
    if _is_unchanged(loader, piece, lineage, notes):
        loader.discard()
        add_slices_to_batch(conn, batch_id, earlier)
        return 0
    counts = {"raw_rows": loader.rows, "refused_rows": loader.refused}
    outcome = {"slice_id": slice_id, "fingerprint": loader.fingerprint, **counts, **vars(notes)}
    run_sql(conn, "extract/close_slice", outcome)
    if ratings := loader.ratings:
        record_tally(conn, slice_id, piece.contract.table, ratings)
    add_slices_to_batch(conn, batch_id, [*(earlier if piece.mode == "changes" else []), slice_id])
    if loader.refused:
        log.info("extract %s: %s: %d rows of forgotten viewers refused", source, piece.name, loader.refused)
    if notes.new_columns:
        log.warning("extract %s: %s brings new columns %s", source, piece.name, ", ".join(notes.new_columns))
    return loader.rows


def add_slices_to_batch(conn: Connection, batch_id: int, slice_ids: Iterable[int]) -> None:
    """Make slices part of a batch; one that is part of it already stays."""
    for slice_id in slice_ids:
        run_sql(conn, "extract/add_slice", {"batch_id": batch_id, "slice_id": slice_id})


def _copy(loader: SliceLoader, piece: Piece, source: str, lineage: Sequence[Mapping[str, Any]]) -> Notes:
    """Load a piece's rows and a deletion for each key that is gone; return what the reader noted.

    Changes are read from some time before the last one that is known on, or from its page: what lies there comes every
    night, and is loaded once.
    """
    notes = Notes()
    loader.copy(piece.read(notes))
    if piece.mode == "whole" or not lineage:
        return notes
    if loader.rows and piece.fingerprint is None:
        loaded = [row for row in lineage if not row["is_replayed"]]
        if piece.keys and loaded[-1]["fingerprint"] == loader.fingerprint:  # of a table, whose columns have not changed
            loader.drop_all()
        else:
            loader.drop_repeats([row["slice_id"] for row in loaded])
        notes.skipped_rows += loader.repeated
    if loader.repeated:
        log.info("extract %s: %s: %d rows were read again and are loaded already", source, piece.name, loader.repeated)
    if piece.keys and loader.delete_absent(piece.keys(), [row["slice_id"] for row in lineage]):
        log.warning("extract %s: %s has rows that came late; the next night reads it whole", source, piece.name)
        notes.watermark = ""
    return notes


def _is_unchanged(loader: SliceLoader, piece: Piece, lineage: Sequence[Mapping[str, Any]], notes: Notes) -> bool:
    """Tell whether a piece brought nothing beyond what its lineage holds."""
    if piece.mode == "whole":
        return len(lineage) == 1 and lineage[0]["fingerprint"] == loader.fingerprint
    return loader.rows == 0 and bool(lineage) and notes.watermark in (None, lineage[-1]["watermark"])
