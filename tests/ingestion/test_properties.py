"""Ratings in every dialect, scale, form of id and form of number that is claimed to be read: the same rows of core."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from movierec.db import connect
from movierec.ingestion.batch import open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.local import postgres
from movierec.sources.movielens import MovieLens
from tests.written_tables import ARCHIVES, FORMS, put, rating_rows, writings

MOVIES = (0, 1, 2, 3, 7, 10, 12, 345, 1_234, 56_789, 1_234_567, 98_765_432)
ROWS = rating_rows((0, 3, 1_234, 7_654_321), MOVIES)
PLAIN_MOVIES = ("movieId,title,genres\n" + "".join(f"{movie},Film {movie},Drama\n" for movie in MOVIES)).encode()

few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
many = settings(few, max_examples=600)


@pytest.fixture(scope="module")
def database(server):
    """One warehouse for all examples: each is a night of its own on files of its own."""
    with psycopg.connect(postgres.conninfo(server, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("create database properties template warehouse owner movierec_etl"))
    yield postgres.conninfo(server, "properties")
    with psycopg.connect(postgres.conninfo(server, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("drop database properties with (force)"))


def core_after(database, folder, files, archive, query, scale=None):
    """Return what a query finds in core after a night on these files that knows of no earlier one."""
    with connect(database) as conn:
        conn.execute("delete from ops.batch_scale")
        batch_id = open_batch(conn, folder.name, str(folder))
        path = put(folder, files, archive)
        extract(conn, batch_id, "movielens", MovieLens(str(path), folder), declared=scale)
        stage(conn, batch_id)
        build_core(conn, batch_id)
        found = conn.execute(query).fetchall()
        conn.commit()
    return found


def check_ratings(database, folder, writing, archive, order, is_declared):
    rows = list(ROWS)
    order.shuffle(rows)
    files = {f"ratings.{writing.suffix}": writing.content(rows), "movies.csv": PLAIN_MOVIES}
    declared = writing.scale if is_declared or writing.scale.low < 0 else None
    found = core_after(
        *(database, folder, files, archive),
        "select user_id, movie_id, round(rating::numeric * 2, 3)::real, extract(epoch from rated_at)::bigint "
        "from core.ratings order by 1, 2",
        declared,
    )
    assert found == sorted(ROWS)


in_every_form = given(
    writing=writings(forms=(*FORMS, "dat")),
    archive=st.sampled_from(["", *ARCHIVES]),
    order=st.randoms(use_true_random=False),
    is_declared=st.booleans(),
)


@few
@in_every_form
def test_the_same_ratings_in_every_form_give_the_same_core(
    database, tmp_path_factory, writing, archive, order, is_declared
):
    check_ratings(database, tmp_path_factory.mktemp("data"), writing, archive, order, is_declared)


@pytest.mark.slow
@many
@in_every_form
def test_the_same_ratings_in_many_forms_give_the_same_core(
    database, tmp_path_factory, writing, archive, order, is_declared
):
    check_ratings(database, tmp_path_factory.mktemp("data"), writing, archive, order, is_declared)
