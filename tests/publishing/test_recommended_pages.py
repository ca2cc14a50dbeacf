"""The short way to a page of a list answers as the long one does, whatever has been placed, said and published."""

import itertools
import random

import psycopg
import pytest

from tests.web import small_warehouse

from .test_serving_functions import place_movie

LISTED = small_warehouse.LIST_LENGTH
VIEWERS = (1, 2, 3, 4, 999_999, None)  # the last two have no list
LENGTHS = (0, 1, 5, LISTED, 1000, None)
AFTERS = (0, 4, LISTED - 1, 1_000_003, None)
RECOMMEND = "select * from serving.recommend(%(viewer)s, %(k)s, leave_out => %(leave_out)s, after => %(after)s)"
# a filter that every movie passes: what is filtered is arranged
ARRANGED = (
    "select * from serving.recommend("
    "%(viewer)s, %(k)s, leave_out => %(leave_out)s, genre_cap => 1000, after => %(after)s)"
)
CANDIDATES = """
insert into serving.candidate (version_id, user_id, movie_ids)
select 1, users.user_id, array_agg(movies.movie_id order by movies.movie_id desc)
from core.users cross join core.movies
where not exists (
    select 1 from serving.recommendation
    where recommendation.user_id = users.user_id and recommendation.movie_id = movies.movie_id
)
group by users.user_id
"""
DELTA = """
with delta as (
    insert into serving.delta (version_id, run_id, status) values (1, 'hour', %(status)s) returning delta_id
), viewer as (
    insert into serving.delta_viewer (version_id, user_id, delta_id, candidate_ids)
    select 1, viewer.user_id, delta.delta_id, array[1, 2, 3, 4, 5, 6]
    from delta, unnest(%(viewers)s) as viewer (user_id)
)
insert into serving.delta_recommendation
(delta_id, user_id, rank, movie_id, title, release_year, score, because_movie_id, reason)
select delta.delta_id, user_id, row_number() over (partition by user_id order by hashtext(run_id || delta.delta_id ||
movie_id)), movie_id, title, release_year, 1.0 / rank, null, 'Because of a delta'
from delta cross join serving.recommendation cross join serving.version
where user_id = any(%(viewers)s) and movie_id > %(movies_from)s
returning delta_id
"""


@pytest.fixture
def shown(conn):
    """A small published warehouse, in which candidates follow every list."""
    small_warehouse.fill(conn)
    conn.execute(CANDIDATES)
    conn.commit()
    return conn


def assert_same_pages(conn):
    """Ask for pages of every kind in both ways."""
    rows = 0
    for viewer, k, after in itertools.product(VIEWERS, LENGTHS, AFTERS):
        for leave_out in (None, [2, None, 5, 12]) if after == 0 else (None,):
            parameters = {"viewer": viewer, "k": k, "after": after, "leave_out": leave_out}
            page = conn.execute(RECOMMEND, parameters).fetchall()
            assert page == conn.execute(ARRANGED, parameters).fetchall(), parameters
            rows += len(page)
    assert rows > 200


def respond(conn, seed):
    """Let viewers answer to movies here and elsewhere, and take some of it back."""
    draw = random.Random(seed)  # noqa: S311 (who says what)
    for viewer in VIEWERS[:3]:
        for movie in draw.sample(sorted(small_warehouse.GENRES), 12):
            event, kind = f"{seed} {viewer} {movie}", draw.choice(("like", "dislike", "view", "dismiss", "click"))
            conn.execute("select serving.give_feedback(%s, %s, %s, %s)", [event, viewer, movie, kind])
            if draw.random() < 0.3:
                conn.execute("select serving.undo_feedback(%s, %s)", [event, viewer])
        conn.execute(
            "insert into serving.incoming_event (source, event_id, user_id, movie_id, kind, created_at)"
            " values ('shop', %s, %s, %s, 'like', now())",
            [f"{seed} {viewer}", viewer, draw.choice(sorted(small_warehouse.GENRES))],
        )


def replace_lists(conn, viewers, status="published", movies_from=0):
    parameters = {"viewers": list(viewers), "status": status, "movies_from": movies_from}
    return conn.execute(DELTA, parameters).fetchone()[0]


def test_both_ways_show_the_same_page_whatever_is_said(shown):
    assert_same_pages(shown)
    for seed in (1, 2):
        respond(shown, seed)
        assert_same_pages(shown)


def test_both_ways_show_the_same_page_of_deltas(shown):
    first, second = replace_lists(shown, [1, 2]), replace_lists(shown, [2, 3], movies_from=20)
    replace_lists(shown, [1, 2, 3], status="building")
    replace_lists(shown, [1, 2, 3])  # is not live yet
    for delta_id in (first, second):
        shown.execute("update serving.live set delta_id = %s", [delta_id])
        assert_same_pages(shown)
        respond(shown, delta_id)
        assert_same_pages(shown)
    of_delta = "select count(*) from serving.recommend(%s, 1) where reason = 'Because of a delta'"
    assert [shown.execute(of_delta, [viewer]).fetchone() for viewer in (1, 2, 3, 4)] == [(1,), (1,), (1,), (0,)]


@pytest.mark.parametrize("user_id", [None, 3])
def test_both_ways_show_the_same_page_whatever_is_placed(shown, user_id):
    listed = [movie for (movie,) in shown.execute("select movie_id from serving.recommend(3, 8)")]
    placements = [
        ("hide", {}),
        ("pin", {"valid_from": "2999-01-01"}),
        ("boost", {"valid_from": "2000-01-01", "valid_until": "2001-01-01", "strength": 9}),
        ("boost", {"strength": 3}),
        ("boost", {"strength": 0.2}),
        ("pin", {}),
        ("pin", {"strength": 5}),
    ]
    for movie, (action, values) in zip(listed, placements, strict=False):
        place_movie(shown, movie, action, user_id=user_id, **values)
        assert_same_pages(shown)
    place_movie(shown, 999_999, "pin", user_id=user_id)  # is in no catalogue
    assert_same_pages(shown)


def test_where_the_list_fills_the_page_nothing_is_arranged(shown):
    shown.execute(
        "create or replace function serving.arrangement(viewer bigint) returns table (place bigint, movie_id bigint,"
        " title text, release_year integer, score double precision, because_movie_id bigint, reason text, origin text)"
        " language plpgsql stable as $$ begin raise exception 'arranged'; end $$"
    )
    assert shown.execute("select rank, origin, is_complete from serving.recommend(1, 3, after => 2)").fetchall() == [
        (rank, "list", True) for rank in (1, 2, 3)
    ]
    for asked in ("1, 1000", "1, 3, genre_cap => 2", "1, 3, array['Drama']", "999999, 3", f"1, 3, after => {LISTED}"):
        with pytest.raises(psycopg.errors.RaiseException, match="arranged"), shown.transaction():
            shown.execute(f"select * from serving.recommend({asked})")
    place_movie(shown, 3, "pin")
    with pytest.raises(psycopg.errors.RaiseException, match="arranged"):
        shown.execute("select * from serving.recommend(1, 3)")
