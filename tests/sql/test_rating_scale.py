"""The scale of ratings and what was liked: the same in SQL and in Python."""

import pytest

from movierec.comparison.common_scale import SEEN_WEIGHT
from movierec.data.columns import LIKED_WEIGHT, RELEVANT_FROM
from movierec.rating_scale import STARS, RatingScale

SCALES = [(0.5, 5), (1, 5), (1, 10), (0, 10), (0, 100), (-1, 1)]


def test_the_scale_of_ratings_is_the_same_in_sql_and_python(conn):
    assert conn.execute("select ops.lowest_rating(), ops.highest_rating()").fetchone() == (STARS.low, STARS.high)


def test_a_slice_of_which_nothing_is_said_has_that_scale(conn):
    (low, high) = conn.execute(
        "insert into ops.slice (batch_id, source, table_name, piece, mode, fingerprint, raw_rows)"
        " values (1, 'movielens', 'tags', 'tags', 'whole', 'tags', 1) returning scale_low, scale_high"
    ).fetchone()
    assert (low, high) == (STARS.low, STARS.high)


@pytest.mark.parametrize("scale", SCALES)
def test_another_scale_is_stretched_alike_in_sql_and_python(conn, scale):
    values = [scale[0] + (scale[1] - scale[0]) * step / 20 for step in range(21)]
    stretched = conn.execute(
        "select array_agg(ops.as_stars(value, %s, %s) order by place)"
        " from unnest(%s::double precision[]) with ordinality as values (value, place)",
        [*scale, values],
    ).fetchone()[0]
    assert stretched == pytest.approx([RatingScale(*scale).stars(value) for value in values], rel=1e-6)


def test_what_was_liked_is_the_same_in_sql_and_python(conn):
    assert conn.execute("select ops.relevant_from(), ops.liked_weight()").fetchone() == (RELEVANT_FROM, LIKED_WEIGHT)


@pytest.mark.parametrize(
    ("rating", "weight", "is_liked"),
    [(4, None, True), (3.5, None, False), (None, 0.5, True), (None, 0.25, False)],
)
def test_liked_is_told_by_the_rating_or_by_other_feedback(conn, rating, weight, is_liked):
    told = conn.execute("select coalesce(ops.is_liked(%s, %s), false)", [rating, weight]).fetchone()
    assert told == (is_liked,)


def test_a_movie_that_was_seen_weighs_in_a_comparison_what_it_weighs_in_a_night(conn):
    (weight,) = conn.execute("select weight from ml.feedback_weight where kind = 'view'").fetchone()
    assert weight == pytest.approx(SEEN_WEIGHT)


@pytest.mark.parametrize(
    ("value", "scale", "stars"),
    [
        (3, (0.5, 5), 3),
        (0, (0.5, 5), None),
        (5, (1, 5), 5),
        (6, (1, 5), None),
        (1, (1, 10), 0.5),
        (10, (1, 10), 5),
        (50, (0, 100), 2.75),
        (101, (0, 100), None),
        (None, (0, 100), None),
    ],
)
def test_a_rating_on_another_scale_is_stretched_and_one_off_its_scale_is_none(conn, value, scale, stars):
    assert conn.execute("select ops.as_stars(%s, %s, %s)", [value, *scale]).fetchone() == (stars,)
