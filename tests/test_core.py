import pytest

from movierec.batch import accept_batch
from movierec.core import TABLES, build_core
from movierec.db import connect
from movierec.errors import ConfigError
from tests import movielens
from tests.night import ingest

FINGERPRINT = "select md5(string_agg(fact::text, '|' order by fact::text)) from core.{} as fact"


def fingerprints(conn):
    return {table: conn.execute(FINGERPRINT.format(table)).fetchone() for table in TABLES}


def test_the_article_goes_in_front_of_the_title(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select title, release_year from core.movies order by movie_id").fetchall() == [
        ("Toy Story", 1995),
        ("The Usual Suspects", 1995),
        ("unknown", None),
    ]


def test_people_get_their_role_and_inverse_relations_add_nobody(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select * from core.movie_person order by movie_id, role").fetchall() == [
        (1, "m.hanks", "actor"),
        (1, "m.lasseter", "director"),
        (2, "m.mcquarrie", "writer"),
    ]
    assert conn.execute("select * from core.movie_country").fetchall() == [(2, "m.usa")]


def test_genres_are_one_row_each_and_unknown_is_none(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    genres = conn.execute("select movie_id, genre from core.movie_genre order by 1, 2").fetchall()
    assert genres == [(1, "Animation"), (1, "Children's"), (1, "Comedy"), (2, "Crime"), (2, "Thriller")]


def test_the_latest_rating_of_a_viewer_wins(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path, inter=["10\t1\t5\t881250950", "10\t1\t2\t881250949"]))
    assert conn.execute("select rating from core.ratings").fetchall() == [(5.0,)]


def test_at_the_same_second_the_later_row_wins(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path, inter=["10\t1\t5\t881250949", "10\t1\t2\t881250949"]))
    assert conn.execute("select rating from core.ratings").fetchall() == [(2.0,)]


def test_a_rating_event_is_a_rating(conn, app, tmp_path):
    with connect(app) as other:
        other.execute("insert into feedback_event (user_id, movie_id, kind, value) values (12, 2, 'rating', 4.5)")
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select rating from core.ratings where user_id = 12 and movie_id = 2").fetchall() == [(4.5,)]
    assert conn.execute("select kind, value from core.events").fetchall() == [("rating", 4.5)]


def test_viewers_without_a_profile_are_viewers(conn, app, tmp_path):
    with connect(app) as other:
        other.execute("insert into user_profile values ('10', '24', 'm', 'Technician', 't8h 1n')")
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select * from core.users order by user_id").fetchall() == [
        (10, 24, "M", "technician", "T8H 1N"),
        (11, None, None, None, None),
    ]


def test_two_equal_nights_leave_equal_tables_and_touch_no_row(conn, app, tmp_path):
    folder = movielens.write(tmp_path)
    ingest(conn, app, folder, "first")
    before = fingerprints(conn)
    second = ingest(conn, app, folder, "second")
    assert fingerprints(conn) == before
    assert set(build_core(conn, second).values()) == {0}


def test_only_rows_that_changed_are_touched(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path), "first")
    second = ingest(
        conn, app, movielens.write(tmp_path, inter=["10\t1\t5\t881250949", "11\t1\t1\t881250951"]), "second"
    )
    assert conn.execute("select user_id, movie_id, rating from core.ratings order by 1, 2").fetchall() == [
        (10, 1, 5.0),
        (11, 1, 1.0),
    ]
    assert build_core(conn, second)["ratings"] == 0


def test_an_older_batch_never_overwrites_a_newer_one(conn, app, tmp_path):
    folder = movielens.write(tmp_path)
    first = ingest(conn, app, folder, "first")
    second = ingest(conn, app, folder, "second")
    with pytest.raises(ConfigError, match=f"batch {first} is not the latest one, which is {second}"):
        build_core(conn, first)


def test_old_batches_are_pruned_and_their_counts_stay(conn, app, tmp_path):
    folder = movielens.write(tmp_path, inter=["10\t1\t5\t881250949", "x"])
    batches = [ingest(conn, app, folder, f"night {number}") for number in range(3)]
    accept_batch(conn, batches[-1], keep_nights=2)
    for table in ("raw.ratings", "staging.ratings", "quarantine.row"):
        kept = conn.execute(f"select distinct batch_id from {table} order by 1").fetchall()
        assert kept == [(batch_id,) for batch_id in batches[1:]]
    assert conn.execute("select count(distinct batch_id) from ops.layer_count").fetchone() == (3,)
