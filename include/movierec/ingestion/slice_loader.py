"""The rows of one slice: copied into `raw.<table>`, and a deletion for each row that is gone at the source."""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from psycopg import sql

from movierec.db import Connection
from movierec.ingestion.forgotten_viewers import copy_condition
from movierec.ingestion.line_numbers import number_lines, prefetch
from movierec.ingestion.text_counts import TextCounts
from movierec.sources.source import Chunk, Piece
from movierec.sources.table_contracts import RATINGS

# Columns that say when a row came to be: its deletion carries a time there, too.
TIME_COLUMNS = ("rated_at", "tagged_at", "created_at")


class SliceLoader:
    """Loads the rows of one piece into `raw.<table>`, in the open transaction.

    Attributes:
        rows: how many have been loaded so far, deletions included.
        refused: how many were refused so far, because their viewers have been forgotten.
        repeated: how many were removed again, because an earlier slice holds them.
    """

    def __init__(self, conn: Connection, piece: Piece, slice_id: int) -> None:
        """Load a piece as the slice `slice_id`."""
        self.rows = self.refused = self.repeated = 0
        self._conn = conn
        self._piece = piece
        self._slice_id = slice_id
        self._table = sql.Identifier("raw", piece.contract.table)
        self._digest = hashlib.sha256()
        self._lines = 0  # positions count what is refused, too
        self._ratings = TextCounts("rating") if piece.contract is RATINGS else None

    @property
    def fingerprint(self) -> str:
        """The piece's own fingerprint, or else the digest of the rows that were loaded."""
        return self._piece.fingerprint or self._digest.hexdigest()

    @property
    def ratings(self) -> dict[str, int] | None:
        """How often each rating was loaded, as it is written; None where that was not counted on the way."""
        return self._ratings.texts() if self._ratings and not self.refused and not self.repeated else None

    def copy(self, chunks: Iterable[Chunk]) -> None:
        """COPY the chunks, one statement for each run of chunks with the same columns."""
        # On two cores, one chunk is numbered while COPY takes the one before.
        with ThreadPoolExecutor(1) as worker:
            for columns, run in groupby(chunks, key=lambda chunk: chunk.columns):
                statement = sql.SQL("copy {} (slice_id, position, {}) from stdin{}").format(
                    self._table, _identifiers(columns), copy_condition(self._conn, columns)
                )
                with self._conn.cursor() as cursor:
                    with cursor.copy(statement) as copy:
                        for data in prefetch(worker, run, self._numbered):
                            copy.write(data)
                    self.rows += cursor.rowcount
        self.refused = self._lines - self.rows

    def drop_all(self) -> None:
        """Remove every row that has a key: the last slice was made of just what was read, and holds all of them."""
        statement = sql.SQL("delete from {} where slice_id = %(slice_id)s and ({}) is not null").format(
            self._table, _identifiers(self._piece.contract.key)
        )
        self.repeated = self._conn.execute(statement, self._key()).rowcount
        self.rows -= self.repeated

    def drop_repeats(self, lineage: Sequence[int]) -> None:
        """Remove what was loaded of a key again where the last slice of `lineage` that has the key holds the same.

        Several rows of a key are compared together and in order, since the last of them may be the one that counts.
        Rows without a key stay: nobody can tell whether one of them has been read before.
        """
        names = self._piece.contract.key
        contents = sql.SQL(", ").join(map(sql.Identifier, (*self._piece.contract.names, "is_deleted", "extra")))
        self._conn.execute(
            sql.SQL(
                "create temp table read_again on commit drop as select distinct {} from {} where slice_id = {}"
            ).format(_identifiers(names), self._table, sql.Literal(self._slice_id))
        )
        self._conn.execute("analyze read_again")  # without statistics each key might be compared with each row of raw
        statement = sql.SQL(
            "with content as ("
            "select slice_id, {key}, array_agg(md5(row({contents})::text)::uuid order by position) as digests,"
            " array_agg(ctid) as lines from {table} as loaded "
            "where slice_id = any(%(slices)s) and exists (select 1 from read_again where {same}) "
            "group by slice_id, {key}), "
            "compared as ("
            "select slice_id, lines, digests = lag(digests) over (partition by {key} order by slice_id) as is_repeated "
            "from content) "
            "delete from {table} where ctid in ("
            "select unnest(lines) from compared where slice_id = %(slice_id)s and is_repeated)"
        ).format(
            table=self._table,
            key=_identifiers(names),
            contents=contents,
            same=_equal_keys(names, "read_again", "loaded"),
        )
        slices = {"slices": [*lineage, self._slice_id], "slice_id": self._slice_id}
        self.repeated = self._conn.execute(statement, slices).rowcount
        self.rows -= self.repeated
        self._conn.execute("drop table read_again")

    def delete_absent(self, keys: Iterable[Chunk], lineage: Sequence[int]) -> bool:
        """Add a deletion for each key that the slices of `lineage` hold and the source no longer has.

        Return whether the source has a key that was never read: its row was committed later than the overlap allows.
        """
        names = self._piece.contract.identity
        key = _identifiers(names)
        self._conn.execute(
            sql.SQL("create temp table present on commit drop as select {} from {} with no data").format(
                key, self._table
            )
        )
        statement = sql.SQL("copy present ({}) from stdin{}").format(key, copy_condition(self._conn, names))
        with self._conn.cursor() as cursor, cursor.copy(statement) as copy:
            for chunk in keys:
                copy.write(chunk.data)
        self.rows += self._conn.execute(self._deletion(), {"slices": list(lineage), **self._key()}).rowcount
        late = self._conn.execute(self._late_keys(), {"slices": [*lineage, self._slice_id]}).fetchone()
        self._conn.execute("drop table present")
        return bool(late and late[0])

    def discard(self) -> None:
        """Remove the slice and its rows again, because an earlier slice holds the same."""
        for table in (self._table, sql.Identifier("ops", "slice")):
            self._conn.execute(sql.SQL("delete from {} where slice_id = %(slice_id)s").format(table), self._key())

    def _key(self) -> dict[str, int]:
        return {"slice_id": self._slice_id, "rows": self._lines}

    def _numbered(self, chunk: Chunk) -> bytes:
        if self._piece.fingerprint is None:
            self._digest.update(chunk.data)
        if self._ratings:
            self._ratings.add(chunk.data, chunk.columns)
        numbered, count = number_lines(chunk.data, f"{self._slice_id}\t".encode(), self._lines + 1)
        self._lines += count
        return numbered

    def _late_keys(self) -> sql.Composed:
        """Return the statement that tells whether there is a key that was never read.

        As a difference of sets, which hashes: for `exists` in place of it the planner expects a hit soon, and compares
        each key with each row of raw where there is none.
        """
        names = self._piece.contract.key
        return sql.SQL(
            "select exists (select {present_key} from present except "
            "select {loaded_key} from {table} as loaded where loaded.slice_id = any(%(slices)s))"
        ).format(
            present_key=_identifiers(names, "present"), loaded_key=_identifiers(names, "loaded"), table=self._table
        )

    def _deletion(self) -> sql.Composed:
        """Return the statement that inserts deletions; whether a key is alive is what its latest row says."""
        names = self._piece.contract.key
        times = [name for name in TIME_COLUMNS if name in self._piece.contract.names]
        # A batch contains what happened before its `as_of`, so a deletion must bear an earlier time to be part of it.
        deleted_at = sql.SQL(
            "(select (as_of - interval '1 microsecond')::text "
            "from ops.slice inner join ops.batch using (batch_id) where slice_id = {})"
        )
        return sql.SQL(
            "insert into {table} (slice_id, position, is_deleted, {key}{time}) "
            "select %(slice_id)s, %(rows)s + row_number() over (order by {latest_key}), true, {latest_key}{deleted_at} "
            "from ("
            "select distinct on ({loaded_key}) loaded.* from {table} as loaded "
            "where loaded.slice_id = any(%(slices)s) and not exists (select 1 from present where {same}) "
            "order by {loaded_key}, loaded.slice_id desc, loaded.position desc) as latest "
            "where not latest.is_deleted and not exists ("
            "select 1 from {table} as new_row where new_row.slice_id = %(slice_id)s and {same_new})"
        ).format(
            table=self._table,
            key=_identifiers(names),
            time=sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier(name)) for name in times),
            deleted_at=sql.SQL("").join(
                sql.SQL(", {}").format(deleted_at.format(sql.Literal(self._slice_id))) for _ in times
            ),
            latest_key=_identifiers(names, "latest"),
            loaded_key=_identifiers(names, "loaded"),
            same=_equal_keys(names, "present", "loaded"),
            same_new=_equal_keys(names, "new_row", "latest"),
        )


def _identifiers(names: Sequence[str], table: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table, name) if table else sql.Identifier(name) for name in names)


def _equal_keys(names: Sequence[str], left: str, right: str) -> sql.Composed:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, name), sql.Identifier(right, name)) for name in names
    )
