"""What the warehouse would tell a source about earlier batches, and a small database to load chunks into."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from movierec.sources.source import Chunk, Notes, Piece, Source


@dataclass
class InMemoryState:
    """What was loaded before, as the test says."""

    watermarks: dict[tuple[str, str], str] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)
    fingerprints: set[tuple[str, str]] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)

    def watermark(self, table: str, piece: str) -> str | None:
        return self.watermarks.get((table, piece))

    def has_piece(self, table: str, piece: str) -> bool:
        return (table, piece) in self.known

    def has_fingerprint(self, table: str, fingerprint: str) -> bool:
        return (table, fingerprint) in self.fingerprints

    def imdb_ids(self) -> frozenset[str]:
        return frozenset()

    def remark(self, sentence: str) -> None:
        self.remarks.append(sentence)


@dataclass(frozen=True)
class Landed:
    """A piece that has been read: what it was, its rows by column, its notes and the keys at the source."""

    piece: Piece
    rows: list[dict[str, object]]
    notes: Notes
    keys: list[dict[str, object]] | None


def land(conninfo: str, source: Source, state: InMemoryState) -> dict[str, Landed]:
    """Read every piece as the landing does, COPY it into a table of its own, and remember it."""
    landed = {}
    for piece in source.pieces(state):
        notes = Notes()
        rows = copied(conninfo, piece, piece.read(notes))
        keys = None if piece.keys is None else copied(conninfo, piece, piece.keys())
        key = (piece.contract.table, piece.name)
        state.known.add(key)
        state.fingerprints.add((piece.contract.table, piece.fingerprint or ""))
        if notes.watermark is not None:
            state.watermarks[key] = notes.watermark
        landed[piece.contract.table] = Landed(piece, rows, notes, keys)
    return landed


def copied(conninfo: str, piece: Piece, chunks: Iterable[Chunk]) -> list[dict[str, object]]:
    """COPY chunks into a temporary table like the one in raw, and return its rows without what is null or false."""
    columns = [f"{name} text" for name in piece.contract.names]
    extra = ["is_deleted boolean not null default false", "extra jsonb", "n bigint generated always as identity"]
    with psycopg.connect(conninfo) as conn:
        conn.execute(f"create temporary table landed ({', '.join(columns + extra)}) on commit drop")
        for chunk in chunks:
            names = sql.SQL(", ").join(map(sql.Identifier, chunk.columns))
            with conn.cursor().copy(sql.SQL("copy landed ({}) from stdin").format(names)) as copy:
                copy.write(chunk.data)
        cursor = conn.cursor(row_factory=psycopg.rows.dict_row)
        rows = cursor.execute("select * from landed order by n").fetchall()
    return [{name: value for name, value in row.items() if value not in (None, False) and name != "n"} for row in rows]
