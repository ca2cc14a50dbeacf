"""What an application's database does to its rows arrives in core the next night."""

import pytest

from movierec.db import connect
from movierec.ingestion import core
from tests.faults.datasets import Rows, write_csv
from tests.night import ingest

DAY = "2020-05-0{} 12:00:00+00"


@pytest.fixture
def folder(tmp_path):
    """Two movies and one rating of each."""
    return write_csv(
        tmp_path,
        Rows(
            movies=[("1", "Heat (1995)", "Action"), ("2", "Gigi (1958)", "Musical")],
            ratings=[("10", "1", "3", "1000000000"), ("10", "2", "4", "1000000000")],
        ),
    )


def change(app, *statements):
    with connect(app) as other:
        for statement in statements:
            other.execute(statement)


def ratings(conn):
    return conn.execute("select user_id, movie_id, rating from core.ratings order by 1, 2").fetchall()


EVENT = "insert into feedback_event (event_id, user_id, movie_id, kind, value, created_at) values "


def test_a_deleted_event_takes_its_rating_along_the_same_night(conn, app, folder):
    change(app, EVENT + "(1, 10, 1, 'rating', 5, '2020-05-01')")
    ingest(conn, app, folder, "first")
    assert ratings(conn) == [(10, 1, 5.0), (10, 2, 4.0)]
    change(app, "delete from feedback_event")
    ingest(conn, app, folder, "second")
    assert ratings(conn) == [(10, 1, 3.0), (10, 2, 4.0)]
    assert conn.execute("select count(*) from core.events").fetchone() == (0,)


def test_an_event_that_names_another_movie_moves_its_rating(conn, app, folder):
    change(app, EVENT + "(1, 10, 1, 'rating', 5, '2020-05-01')")
    ingest(conn, app, folder, "first")
    change(app, "update feedback_event set movie_id = 2, value = 1")
    ingest(conn, app, folder, "second")
    assert ratings(conn) == [(10, 1, 3.0), (10, 2, 1.0)]


def test_a_rating_table_is_followed_through_updates_and_deletes(conn, app, folder):
    change(
        app,
        "create table ratings (user_id bigint, movie_id bigint, rating numeric, rated_at timestamptz)",
        "insert into ratings values (11, 1, 2, '2020-05-01'), (11, 2, 2, '2020-05-01'), "
        "(10, 1, 1, '2001-09-09 01:46:40+00')",
    )
    ingest(conn, app, folder, "first")
    assert ratings(conn) == [(10, 1, 1.0), (10, 2, 4.0), (11, 1, 2.0), (11, 2, 2.0)]
    change(
        app,
        "update ratings set rating = 4 where movie_id = 1 and user_id = 11",
        "delete from ratings where movie_id = 2",
    )
    ingest(conn, app, folder, "second")
    assert ratings(conn) == [(10, 1, 1.0), (10, 2, 4.0), (11, 1, 4.0)]


@pytest.mark.parametrize("key", ["'abc'", "'99999999999999999999'", "'-1'", "''"])
def test_a_row_with_a_broken_key_that_vanishes_stops_no_night(conn, app, folder, key):
    change(app, f"insert into user_profile values ({key}, '30', 'M', 'writer', '12345'), ('7', '30', 'M', 'a', '1')")
    ingest(conn, app, folder, "first")
    assert conn.execute("select broken_rules from quarantine.row").fetchall() == [(["user_id"],)]
    change(app, f"delete from user_profile where user_id = {key}")
    ingest(conn, app, folder, "second")
    assert conn.execute("select count(*) from core.users").fetchone() == (2,)


def test_profiles_are_followed_through_updates_and_deletes(conn, app, folder):
    change(app, "insert into user_profile values ('10', '30', 'M', 'writer', '12345'), ('7', '31', 'F', 'a', '1')")
    ingest(conn, app, folder, "first")
    change(
        app, "update user_profile set age = '31' where user_id = '10'", "delete from user_profile where user_id = '7'"
    )
    ingest(conn, app, folder, "second")
    assert conn.execute("select user_id, age from core.users").fetchall() == [(10, 31)]


def test_a_row_that_the_source_marks_as_deleted_may_be_broken_otherwise(conn, app, folder):
    change(
        app,
        "create table ratings (user_id text, movie_id text, rating text, rated_at text, is_deleted boolean)",
        "insert into ratings values ('11', '1', '2', '1000000000', false), ('12', '1', null, null, true), "
        "('x', '1', '9', '5', true), ('13', '1', '9', '1000000000', true)",
    )
    ingest(conn, app, folder, "first")
    assert ratings(conn) == [(10, 1, 3.0), (10, 2, 4.0), (11, 1, 2.0)]
    raw, staging, quarantine = conn.execute(
        "select sum(raw_rows), sum(staging_rows), sum(quarantine_rows) from ops.slice"
    ).fetchone()
    assert raw == staging + quarantine


def test_a_past_night_knows_which_of_two_words_came_last(conn, app, folder):
    change(
        app,
        "create table ratings (user_id bigint, movie_id bigint, rating numeric, rated_at timestamptz, "
        "updated_at timestamptz)",
        "insert into ratings values (11, 1, 3, '2020-05-01', now())",
    )
    said = {ingest(conn, app, folder, "first"): 3.0}
    for night, rating, is_full in (("second", 4, False), ("third", 4, True), ("fourth", 3, False), ("fifth", 3, False)):
        change(app, f"update ratings set rating = {rating}, updated_at = clock_timestamp() where rating <> {rating}")
        said[ingest(conn, app, folder, night, is_full=is_full)] = float(rating)
    for batch_id in sorted(said, key=lambda batch_id: batch_id % 2):
        with core.core_as_of(conn, batch_id) as schema:
            shown = conn.execute(f"select rating from {schema}.ratings where user_id = 11").fetchone()
            assert shown == (said[batch_id],), f"batch {batch_id}"
