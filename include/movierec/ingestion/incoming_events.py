"""Events of a source, read ahead of the night so that they count within the hour.

A night reads them again, by its own watermark, through raw, rules and core: what stands here is a preview and brings
nothing into core.
"""

import logging
import time
from dataclasses import replace

from psycopg import sql

from movierec.db import Connection, run_sql
from movierec.ingestion.extract import WarehouseState
from movierec.sources.databases.tables import DatabaseTables
from movierec.sources.source import Notes, Piece, Source
from movierec.sources.table_contracts import FEEDBACK_EVENT

log = logging.getLogger(__name__)


def read_incoming(conn: Connection, name: str, source: Source) -> int:
    """Read the events that a source has beyond the last night's, and return how many are new or have changed.

    Raises:
        SourceError: the source is missing, unreadable or breaks the contract.
    """
    started = time.monotonic()
    if isinstance(source, DatabaseTables):
        source = replace(source, contracts=(FEEDBACK_EVENT,))
    pieces = source.pieces(WarehouseState(conn, name, is_full=False))
    run_sql(conn, "serving/incoming_text")
    for piece in pieces:
        _copy(conn, piece)
    taken = run_sql(conn, "serving/take_incoming", {"source": name})
    conn.commit()
    log.info("incoming %s: %d events, %.1f s", name, taken, time.monotonic() - started)
    return taken


def _copy(conn: Connection, piece: Piece) -> None:
    with conn.cursor() as cursor:
        for chunk in piece.read(Notes()):
            columns = sql.SQL(", ").join(map(sql.Identifier, chunk.columns))
            with cursor.copy(sql.SQL("copy incoming_text ({}) from stdin").format(columns)) as copy:
                copy.write(chunk.data)
