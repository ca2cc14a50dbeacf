"""How fast rows reach raw, compared with a bare COPY of the same file in the same minute."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from movierec.bench.origin import origin_of_files
from movierec.db import Connection, connect
from movierec.ingestion.extract import extract
from movierec.sources.movielens import MovieLens
from movierec.sources.source import Piece, SourceState
from movierec.sources.table_contracts import RATINGS

BLOCK = 1 << 20
MAX_REPEATS = 5


class RatingsAlone:
    """The rating files of a folder without its other files."""

    def __init__(self, folder: Path) -> None:
        """Read the rating files of a folder."""
        self._files = MovieLens(str(origin_of_files(folder).dataset), folder)

    def pieces(self, state: SourceState) -> list[Piece]:
        """Offer the ratings only."""
        return [piece for piece in self._files.pieces(state) if piece.contract is RATINGS]


def copy_ratio(warehouse: str, folder: Path, rows: int) -> float:
    """Return the rate of the raw load as a share of a bare COPY's: medians of loads that took turns.

    What the raw load does beside COPY is counted: checksum, recognition, numbering and the bookkeeping of the slice.
    """
    bare: list[float] = []
    ours: list[float] = []
    with connect(warehouse) as conn:
        conn.execute("create table public.bare (user_id text, movie_id text, rating text, rated_at text)")
        conn.commit()
        for _ in range(max(2, min(MAX_REPEATS, 5_000_000 // rows))):
            bare.append(_seconds(lambda: _copy(conn, folder / "ratings.csv")))
            ours.append(_seconds(lambda: _load(conn, folder)))
            conn.execute("truncate public.bare, raw.ratings, ops.slice cascade")
            conn.commit()
        conn.execute("drop table public.bare")
    return statistics.median(bare) / statistics.median(ours)


def _seconds(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _copy(conn: Connection, path: Path) -> None:
    statement = "copy public.bare from stdin (format csv, header true)"
    with path.open("rb") as file, conn.cursor() as cursor, cursor.copy(statement) as copy:
        while block := file.read(BLOCK):
            copy.write(block)
    conn.commit()


def _load(conn: Connection, folder: Path) -> None:
    batch_id = conn.execute(
        "insert into ops.batch (run_id, dataset, as_of) values (gen_random_uuid(), 'bench', now()) returning batch_id"
    ).fetchone()
    assert batch_id is not None  # noqa: S101 - an insert returns what it inserted
    extract(conn, int(batch_id[0]), "movielens", RatingsAlone(folder))
