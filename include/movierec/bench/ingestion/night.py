"""One night of ingestion in this process: the seconds of each stage, the rows it changed, and Python's peak memory."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from movierec.bench.origin import origin_of_files
from movierec.comparison.memory import peak_bytes
from movierec.db import CORE, Connection, connect, fetch
from movierec.ingestion.batch import accept_batch, open_batch
from movierec.ingestion.core import build_core, move_core
from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.sources.registry import SOURCES

STAGES = ("raw", "gate raw", "stage", "gate staging", "core", "gate core")
KEEP_NIGHTS = 14


@dataclass
class Figures:
    """What was measured of a night.

    Attributes:
        rows: rows that its rating file brought.
        seconds: by stage, in their order.
        changed_rows: rows of `core.ratings` that came, changed or went.
        peak_bytes: most memory that this process had.
        hashes: number and hash of the rows of each table of core.
    """

    rows: int
    seconds: dict[str, float] = field(default_factory=dict)
    changed_rows: int = 0
    peak_bytes: int = 0
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def total_seconds(self) -> float:
        """Seconds of all stages."""
        return sum(self.seconds.values())

    @contextmanager
    def clock(self, name: str) -> Iterator[None]:
        """Note how long a stage takes."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


def measure(warehouse: str, folder: Path, rows: int, quality: Path | None = None) -> Figures:
    """Take a folder through one night, from its files to accepted core; the gates write to the folder `quality`."""
    figures = Figures(rows)
    with connect(warehouse) as conn:
        batch_id = open_batch(conn, f"bench {time.time_ns()}", str(folder))
        check = _gate_checks(conn, batch_id, figures, quality) if quality else _no_check
        with figures.clock("raw"):
            extract(conn, batch_id, "movielens", SOURCES.create("movielens", origin_of_files(folder)))
        check("raw")
        with figures.clock("stage"):
            stage(conn, batch_id)
        check("staging")
        with figures.clock("core"):
            figures.changed_rows = build_core(conn, batch_id)["ratings"]
        check("core")
        accept_batch(conn, batch_id, KEEP_NIGHTS)
    figures.peak_bytes = peak_bytes()
    return figures


def rebuild(warehouse: str) -> tuple[Figures, Figures]:
    """Build the newest night anew from staging and return core's hashes before and after."""
    before, after = Figures(0), Figures(0)
    with connect(warehouse) as conn:
        (batch,) = fetch(conn, "ops/newest_accepted")
        before.hashes = hashes(conn)
        with after.clock("core"):
            move_core(conn, CORE, batch["batch_id"], is_rebuild=True)
        after.hashes = hashes(conn)
    return before, after


def hashes(conn: Connection) -> dict[str, str]:
    """Return for each table of core how many rows it has, and a hash that does not depend on their order."""
    tables = conn.execute("select tablename from pg_tables where schemaname = 'core' order by tablename").fetchall()
    rows_and_hash = {}
    for (table,) in tables:
        statement = (
            f"select count(*) || ' ' || coalesce(sum(hash_record_extended(t, 0)::numeric), 0) from core.{table} t"  # noqa: S608
        )
        rows_and_hash[table] = str((conn.execute(statement.encode()).fetchone() or ("",))[0])
    conn.commit()
    return rows_and_hash


def _gate_checks(conn: Connection, batch_id: int, figures: Figures, folder: Path) -> Callable[[str], None]:
    from movierec.quality import gate  # noqa: PLC0415 - Great Expectations takes seconds to import

    def check(layer: str) -> None:
        with figures.clock(f"gate {layer}"):
            gate.check(conn, layer, batch_id, folder)

    return check


def _no_check(gate: str) -> None:
    """Leave a gate out."""
