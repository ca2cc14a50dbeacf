"""What the role of the web application may do, and what not."""

import psycopg
import pytest

from movierec.db import connect
from movierec.local.postgres import embedded_server
from movierec.local.postgres.roles import WEB_ROLE


@pytest.fixture
def web(server, night_states):
    """Open a warehouse with one movie as the web application does; whatever is done there is taken back."""

    def fill(conn, app, settings):
        conn.execute("insert into core.movies (movie_id, title) values (1, 'Heat')")

    name = night_states.get("one_movie", fill).warehouse
    with connect(embedded_server.conninfo(server, name, WEB_ROLE)) as connection:
        yield connection
        connection.rollback()


READING = [
    "select * from serving.recommend(1, 5)",
    "select * from serving.recommend(viewer => 1, k => 5, genres_in => array['Drama'], after => 3)",
    "select * from serving.shelves(1, 5)",
    "select * from serving.search('heat')",
    "select * from serving.movie(1)",
    "select * from serving.genres()",
    "select serving.unknown_genres(array['Drama'])",
    "select * from serving.similar(1, 5, 1)",
    "select * from serving.newcomer(array[1], 5)",
    "select * from serving.feedback_of(1)",
    "select * from serving.liked(1)",
    "select serving.etag(1)",
    "select serving.shelves_etag(1)",
    "select * from serving.live_recommendation",
    "select * from serving.live_similar_movie",
    "select * from serving.live_fallback",
    "select * from serving.freshness",
]


@pytest.mark.parametrize("question", READING)
def test_it_may_ask(web, question):
    web.execute(question)


def test_it_may_give_feedback_and_take_it_back(web):
    given = web.execute("select outcome from serving.give_feedback('a', 1, 1, 'like')").fetchone()
    assert given == ("accepted",)
    assert web.execute("select serving.undo_feedback('a', 1)").fetchone() == (True,)


FORBIDDEN = [
    "select * from core.ratings",
    "select * from core.users",
    "select * from core.events",
    "select * from ops.batch",
    "select * from ml.training",
    "select * from serving.recommendation",
    "select * from serving.viewer_event",
    "select * from serving.placement",
    "insert into serving.placement (movie_id, action) values (1, 'hide')",
    "insert into serving.viewer_event values ('a', 1, 1, 'like', null, now())",
    "update serving.viewer_event set kind = 'like'",
    "delete from serving.viewer_event",
    "update serving.live set version_id = 1",
    "delete from serving.version",
    "select * from serving.opinion(array[1])",
    "select * from serving.arrangement(1)",
    "create table serving.mine (id integer)",
    "create table public.mine (id integer)",
    "create role mine",
    "set role postgres",
    "copy (select 1) to program 'true'",
]


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_it_must_not(web, deed):
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidSchemaName)):
        web.execute(deed)


def test_functions_that_read_for_their_caller_are_not_for_everybody(conn):
    public = conn.execute(
        "select proname from pg_proc where pronamespace = 'serving'::regnamespace"
        " and prosecdef and has_function_privilege('public', oid, 'execute')"
    ).fetchall()
    assert public == []


def test_names_that_a_caller_makes_are_not_those_that_functions_read(conn):
    settings = conn.execute(
        "select proname, proconfig from pg_proc where pronamespace = 'serving'::regnamespace and prosecdef"
    ).fetchall()
    assert settings
    assert all("search_path=pg_catalog, pg_temp" in (config or []) for _, config in settings)
