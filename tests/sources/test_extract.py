import threading

import pytest

from movierec.batch import open_batch
from movierec.db import connect
from movierec.errors import ConfigError, SourceError
from movierec.sources.registry import extract_source
from tests import movielens


def test_extracting_again_replaces_the_rows_of_the_batch_alone(conn, tmp_path):
    folder = movielens.write(tmp_path)
    first = open_batch(conn, "first", str(folder), False)
    second = open_batch(conn, "second", str(folder), False)
    for batch_id in (first, second, second):
        extract_source(conn, batch_id, "movielens", str)
    assert conn.execute("select batch_id, count(*) from raw.ratings group by 1 order by 1").fetchall() == [
        (first, 3),
        (second, 3),
    ]


def test_positions_number_the_rows_of_a_table(conn, tmp_path):
    batch_id = open_batch(conn, "night", str(movielens.write(tmp_path)), False)
    assert extract_source(conn, batch_id, "movielens", str)["ratings"] == 3
    assert conn.execute("select position, user_id, item_id from raw.ratings order by 1").fetchall() == [
        (1, "10", "1"),
        (2, "10", "2"),
        (3, "11", "1"),
    ]


def test_a_source_that_stops_half_way_leaves_what_was_there(conn, tmp_path):
    folder = movielens.write(tmp_path)
    batch_id = open_batch(conn, "night", str(folder), False)
    extract_source(conn, batch_id, "movielens", str)
    (folder / "tiny.inter").write_text("nothing\n")
    with pytest.raises(SourceError):
        extract_source(conn, batch_id, "movielens", str)
    conn.rollback()
    assert conn.execute("select count(*) from raw.movies").fetchone() == (3,)


def test_an_unknown_source_is_named_with_the_known_ones(conn, tmp_path):
    batch_id = open_batch(conn, "night", str(tmp_path), False)
    with pytest.raises(ConfigError, match="source 'imdb' is unknown; allowed: app, movielens"):
        extract_source(conn, batch_id, "imdb", str)


def test_a_table_that_is_no_longer_offered_leaves_no_rows_of_the_try_before(conn, tmp_path):
    folder = movielens.write(tmp_path)
    batch_id = open_batch(conn, "night", str(folder), False)
    extract_source(conn, batch_id, "movielens", str)
    (folder / "tiny.kg").unlink()
    extract_source(conn, batch_id, "movielens", str)
    assert conn.execute("select count(*) from raw.graph").fetchone() == (0,)


def test_two_tries_at_the_same_moment_leave_the_rows_of_one(conn, warehouse, tmp_path):
    batch_id = open_batch(conn, "night", str(movielens.write(tmp_path)), False)
    conn.execute("select 1 from ops.batch for update")  # both tries wait here
    tries = [threading.Thread(target=extract_alone, args=(warehouse, batch_id)) for _ in range(2)]
    for one in tries:
        one.start()
    conn.rollback()
    for one in tries:
        one.join()
    assert conn.execute("select position from raw.ratings order by 1").fetchall() == [(1,), (2,), (3,)]


def extract_alone(warehouse, batch_id):
    with connect(warehouse) as other:
        extract_source(other, batch_id, "movielens", str)
