"""What readers are shown and what the audit lets pass, on a handful of rows."""

from datetime import UTC, datetime

import pytest

from movierec.db import fetch, run_sql
from movierec.evaluation.protocols import CUTOFF

VIEWER = 1
AUDIT = {"version_id": 1, "similar_length": 1, "relevant_from": 4.0, "liked_weight": 0.5}
EVIDENCE = "the evidence is not a movie that the viewer liked"


@pytest.fixture
def live(conn):
    """Publish a version: movies 1 to 3 for the viewer because of movie 9, movies 7 and 8 for everybody else."""
    conn.execute("insert into ml.training (run_id, batch_id, seed) values ('run', 1, 1)")
    conn.execute(
        "insert into serving.version (run_id, training_id, ranker, list_length, status)"
        " values ('run', 1, 'ease', 3, 'published')"
    )
    conn.execute("insert into serving.live (version_id) values (1)")
    conn.execute("insert into core.movies (movie_id, title) select id, 'Movie ' || id from generate_series(1, 9) as id")
    conn.execute(
        "insert into serving.recommendation"
        " (version_id, user_id, rank, movie_id, title, score, because_movie_id, reason)"
        " select 1, 1, id, id, 'Movie ' || id, -id, 9, 'Because' from generate_series(1, 3) as id"
    )
    conn.execute(
        "insert into serving.fallback (version_id, rank, movie_id, title, score, reason)"
        " values (1, 1, 7, 'Movie 7', 2, 'Popular'), (1, 2, 8, 'Movie 8', 1, 'Popular')"
    )
    return conn


def respond(conn, kind, movie_id, number=1, minute=0):
    conn.execute(
        "insert into core.events values ('app', %s, %s, %s, %s, null, %s)",
        [str(number), VIEWER, movie_id, kind, datetime(2020, 1, 1, 12, minute, tzinfo=UTC)],
    )


def recommended(conn, viewer=VIEWER, k=CUTOFF):
    found = conn.execute("select rank, movie_id from serving.recommend(%s, %s) order by rank", [viewer, k]).fetchall()
    assert [rank for rank, _ in found] == list(range(1, len(found) + 1))
    return [movie_id for _, movie_id in found]


@pytest.mark.parametrize("kind", ["like", "dislike", "view", "click"])
def test_what_a_viewer_responded_to_is_recommended_no_more(live, kind):
    assert recommended(live) == [1, 2, 3]
    respond(live, kind, 2)
    assert recommended(live) == [1, 3]
    assert recommended(live, k=1) == [1]


def test_a_movie_that_was_rated_is_recommended_no_more(live):
    live.execute("insert into core.ratings values (1, 1, 4, now())")
    assert recommended(live) == [2, 3]


def test_a_kind_of_feedback_without_a_weight_changes_nothing(live):
    live.execute("delete from ml.feedback_weight where kind = 'click'")
    respond(live, "click", 2)
    assert recommended(live) == [1, 2, 3]


def test_a_viewer_without_a_list_gets_the_fallback_with_its_reason(live):
    assert recommended(live, viewer=5) == [7, 8]
    assert live.execute("select distinct reason from serving.recommend(5)").fetchall() == [("Popular",)]


def failed_checks(conn):
    conn.execute("set search_path to core")
    return {row["failed_check"]: row["failures"] for row in fetch(conn, "serving/audit", AUDIT)}


def test_a_like_is_evidence(live):
    respond(live, "like", 9)
    assert EVIDENCE not in failed_checks(live)


def test_a_like_that_was_taken_back_is_no_evidence(live):
    respond(live, "like", 9)
    respond(live, "dislike", 9, number=2, minute=5)
    assert failed_checks(live)[EVIDENCE] == 3


def test_a_dislike_that_was_taken_back_leaves_evidence(live):
    respond(live, "dislike", 9)
    respond(live, "like", 9, number=2, minute=5)
    assert EVIDENCE not in failed_checks(live)


def test_a_training_learns_the_same_from_feedback_as_the_audit_accepts(live):
    respond(live, "like", 9)
    respond(live, "dislike", 9, number=2, minute=5)
    respond(live, "view", 4, number=3, minute=6)
    live.execute("insert into core.ratings values (1, 5, 4, now())")
    respond(live, "dislike", 5, number=4, minute=7)
    live.execute("set search_path to core")
    learned = [(row["movie_id"], row["rating"], row["weight"]) for row in fetch(live, "snapshot/ratings")]
    assert learned == [(4, None, pytest.approx(0.3)), (5, 4, None), (9, None, 0)]


def test_lists_of_an_earlier_version_get_the_reason_that_they_were_shown_with(live):
    live.execute("drop view serving.live_fallback cascade")
    live.execute("alter table serving.fallback drop column reason")
    run_sql(live, "ddl/serving")
    assert live.execute("select distinct reason from serving.recommend(5)").fetchall() == [("Popular with everyone",)]
