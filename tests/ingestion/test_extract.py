from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from movierec.db import run_sql
from movierec.errors import ConfigError, SourceError
from movierec.ingestion.batch import open_batch
from movierec.ingestion.extract import WarehouseState, extract, extract_source
from movierec.ingestion.line_numbers import number_lines
from movierec.ingestion.slice_loader import SliceLoader
from movierec.sources.source import Chunk, Endpoint, Notes, Origin, Piece
from movierec.sources.table_contracts import LINKS, RATINGS

KEY = ("user_id", "movie_id")
COLUMNS = (*KEY, "rating", "rated_at")


@dataclass
class Shop:
    """A database with one table, as a source offers it."""

    rows: list[str]
    mode: str = "changes"
    watermark: str | None = "1"
    keys: list[str] | None = None
    broken: bool = False
    told: list[str | None] = field(default_factory=list)

    def pieces(self, state) -> Iterator[Piece]:
        self.told.append(state.watermark("ratings", "table ratings"))
        keys = self.keys
        yield Piece(
            RATINGS,
            "table ratings",
            self.mode if self.told[-1] else "whole",
            self.read,
            keys=(lambda: iter([Chunk(KEY, "".join(f"{key}\n" for key in keys).encode())])) if keys else None,
        )

    def read(self, notes: Notes) -> Iterator[Chunk]:
        notes.watermark = self.watermark
        if self.rows:
            yield Chunk(COLUMNS, "".join(f"{row}\n" for row in self.rows).encode())
        if self.broken:
            raise SourceError("table ratings: the connection was cut")


def night(conn, shop, name):
    batch_id = open_batch(conn, name, "folder")
    extract(conn, batch_id, "shop", shop)
    return batch_id


def ratings_of_batch(conn, batch_id):
    rows = conn.execute(
        "select user_id, movie_id, rating, is_deleted from raw.ratings join ops.batch_slice using (slice_id)"
        " where batch_id = %s order by slice_id, position",
        [batch_id],
    )
    return rows.fetchall()


def test_rows_and_watermark_are_kept_together_or_not_at_all(conn):
    shop = Shop(["1\t1\t5\t881250949"], watermark="10")
    night(conn, shop, "first")
    with pytest.raises(SourceError, match="the connection was cut"):
        night(conn, Shop(["1\t2\t4\t881250950"], watermark="20", broken=True), "second")
    assert conn.execute("select count(*) from raw.ratings").fetchone() == (1,)
    assert WarehouseState(conn, "shop", is_full=False).watermark("ratings", "table ratings") == "10"
    assert WarehouseState(conn, "shop", is_full=True).watermark("ratings", "table ratings") is None
    told = conn.execute("select status, message from ops.batch_source order by batch_id").fetchall()
    assert told == [("delivered", None), ("failed", "table ratings: the connection was cut")]


def test_changes_come_on_top_of_what_the_table_held(conn):
    night(conn, Shop(["1\t1\t5\t881250949"]), "first")
    second = night(conn, Shop(["1\t2\t4\t881250950"], keys=["1\t1", "1\t2"]), "second")
    assert ratings_of_batch(conn, second) == [("1", "1", "5", False), ("1", "2", "4", False)]


def test_a_row_that_is_gone_at_the_source_is_deleted_once(conn):
    night(conn, Shop(["1\t1\t5\t881250949", "1\t2\t4\t881250949"]), "first")
    for name in ("second", "third"):
        batch_id = night(conn, Shop([], keys=["1\t1"]), name)
    assert ratings_of_batch(conn, batch_id)[2:] == [("1", "2", None, True)]


def test_a_row_that_came_later_than_the_overlap_makes_the_next_night_read_everything(conn, caplog):
    night(conn, Shop(["1\t1\t5\t881250949"]), "first")
    night(conn, Shop([], keys=["1\t1", "1\t9"]), "second")
    assert "has rows that came late" in caplog.text
    shop = Shop(["1\t1\t5\t881250949", "1\t9\t3\t881250949"])
    third = night(conn, shop, "third")
    assert shop.told == [None]
    assert [row[1] for row in ratings_of_batch(conn, third)] == ["1", "9"]


def slices_of_batch(conn, batch_id):
    rows = conn.execute(
        "select raw_rows, skipped_rows from ops.slice join ops.batch_slice using (slice_id)"
        " where batch_slice.batch_id = %s order by slice_id",
        [batch_id],
    )
    return rows.fetchall()


def test_a_table_filled_at_one_moment_counts_once_however_often_it_is_read(conn, caplog):
    rows = [f"{user}\t1\t5\t881250949" for user in range(1, 31)]
    keys = [f"{user}\t1" for user in range(1, 32)]
    caplog.set_level("INFO")
    for name in ("first", "second", "third"):
        batch_id = night(conn, Shop(rows, keys=keys[:30]), name)
        assert len(ratings_of_batch(conn, batch_id)) == 30
        assert slices_of_batch(conn, batch_id) == [(30, 0)]
    assert caplog.text.count("table ratings: 30 rows were read again and are loaded already") == 2
    later = night(conn, Shop([*rows, "31\t1\t2\t881250950"], watermark="2", keys=keys), "fourth")
    assert slices_of_batch(conn, later) == [(30, 0), (1, 30)]
    assert conn.execute("select count(*) from raw.ratings").fetchone() == (31,)
    tallied = conn.execute("select value, rows from ops.rating_tally order by slice_id, value").fetchall()
    assert tallied == [(5, 30), (2, 1)]


def test_a_table_that_reads_as_it_did_the_last_time_is_not_compared_row_by_row(conn, monkeypatch):
    compared = []
    drop_repeats = SliceLoader.drop_repeats
    monkeypatch.setattr(SliceLoader, "drop_repeats", lambda *given: compared.append(given) or drop_repeats(*given))
    keys = [f"{user}\t1" for user in range(1, 32)]
    rows = [f"{key}\t5\t881250949" for key in keys]
    for name, count in {"first": 30, "the same": 30, "more": 31, "the same as that": 31}.items():
        batch_id = night(conn, Shop(rows[:count], keys=keys[:count]), name)
    assert len(compared) == 1
    assert slices_of_batch(conn, batch_id) == [(30, 0), (1, 30)]


def test_a_table_some_of_whose_rows_were_refused_is_read_whole_whatever_came_on_top_of_it(conn):
    night(conn, Shop(["1\t1\t5\t881250949"], watermark="1"), "first")
    night(conn, Shop(["2\t1\t5\t881250949"], watermark="2"), "second")
    conn.execute("update ops.slice set refused_rows = 1 where batch_id = 1")
    run_sql(conn, "forgetting/read_refused_again")
    shop = Shop(["1\t1\t5\t881250949", "2\t1\t5\t881250949"])
    third = night(conn, shop, "third")
    assert shop.told == [None]
    assert [row[0] for row in ratings_of_batch(conn, third)] == ["1", "2"]


def test_what_was_said_in_between_is_not_taken_for_what_is_said_now(conn):
    five, four, other = "1\t1\t5\t881250949", "1\t1\t4\t881250949", "2\t1\t3\t881250949"
    for name, row in (("first", five), ("second", four), ("third", five), ("fourth", five)):
        batch_id = night(conn, Shop([other, row], keys=["1\t1", "2\t1"]), name)
    assert [row[2] for row in ratings_of_batch(conn, batch_id)] == ["3", "5", "4", "5"]
    night(conn, Shop([other], keys=["2\t1"]), "gone")
    back = night(conn, Shop([other, five], keys=["1\t1", "2\t1"]), "back")
    assert [row[2:] for row in ratings_of_batch(conn, back)][4:] == [(None, True), ("5", False)]


def test_several_rows_of_a_key_are_loaded_again_where_one_of_them_differs_or_comes_at_another_place(conn):
    nights = {
        "first": ["5", "4"],
        "the same": ["5", "4"],
        "another order": ["4", "5"],
        "one more": ["4", "5", "5"],
        "the same as that": ["4", "5", "5"],
    }
    for name, stars in nights.items():
        batch_id = night(conn, Shop([f"1\t1\t{each}\t881250949" for each in stars], keys=["1\t1"]), name)
    assert [row[2] for row in ratings_of_batch(conn, batch_id)] == ["5", "4", "4", "5", "4", "5", "5"]


def test_rows_without_a_key_are_not_taken_for_one_another(conn):
    for name in ("first", "second"):
        batch_id = night(conn, Shop(["\\N\t1\t5\t881250949"]), name)
    assert len(ratings_of_batch(conn, batch_id)) == 2


def test_a_table_that_is_read_whole_and_has_not_changed_is_not_kept_twice(conn):
    for name in ("first", "second"):
        batch_id = night(conn, Shop(["1\t1\t5\t881250949"], mode="whole", watermark=None), name)
    assert conn.execute("select count(*) from raw.ratings").fetchone() == (1,)
    assert ratings_of_batch(conn, batch_id) == [("1", "1", "5", False)]


def test_extracting_again_in_the_same_night_leaves_the_same_rows(conn):
    for _ in range(2):
        batch_id = night(conn, Shop(["1\t1\t5\t881250949"], mode="whole", watermark=None), "night")
    assert ratings_of_batch(conn, batch_id) == [("1", "1", "5", False)]


def test_lines_are_numbered_in_order():
    numbered, lines = number_lines(b"a\tb\n\nc\td\n", b"17\t", 9)
    assert lines == 3
    fields = [line.split(b"\t") for line in numbered.splitlines()]
    assert [(int(line[0]), int(line[1]), *line[2:]) for line in fields] == [
        (17, 9, b"a", b"b"),
        (17, 10, b""),
        (17, 11, b"c", b"d"),
    ]


def test_known_imdb_ids_are_spelt_as_imdb_spells_them(conn):
    conn.execute(
        "insert into raw.links (slice_id, position, movie_id, imdb_id)"
        " values (1, 1, '1', '114709'), (1, 2, '2', 'tt0113497'), (1, 3, '3', ''), (1, 4, '4', 'none')"
    )
    assert WarehouseState(conn, "imdb", is_full=False).imdb_ids() == {"tt0114709", "tt0113497"}
    assert LINKS.table == "links"


def test_a_source_without_a_location_fails_alone_and_is_noted(conn, tmp_path):
    batch_id = open_batch(conn, "night", str(tmp_path))

    def origin(batch):
        return Origin(batch["dataset"], tmp_path, {}, {}, lambda conn_id: Endpoint("postgres", conn_id))

    with pytest.raises(ConfigError, match="source 'imdb' has no location; set MOVIEREC_IMDB"):
        extract_source(conn, batch_id, "imdb", origin)
    with pytest.raises(ConfigError, match="source 'shop' is unknown; allowed: credits, events, imdb, movielens"):
        extract_source(conn, batch_id, "shop", origin)
    assert conn.execute("select source, status from ops.batch_source order by 1").fetchall() == [
        ("imdb", "failed"),
        ("shop", "failed"),
    ]


def test_a_dataset_url_with_a_password_is_refused_before_it_is_kept(conn):
    with pytest.raises(ConfigError, match="the dataset's URL holds a password") as refused:
        open_batch(conn, "night", "https://joe:secret@example.org/x.zip")
    assert "secret" not in str(refused.value)
