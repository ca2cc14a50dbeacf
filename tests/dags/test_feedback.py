"""Feedback through the DAGs, from what a viewer says to the lists of the next hour and of the next night."""

import pytest

from movierec.db import connect
from tests.dags.test_nights import QUICK, run_chain, states

VIEWER = 1


@pytest.fixture
def live(night, first_night):
    """Return what feedback on a night is about: a movie to dislike and one to like, with their neighbours."""
    folder = first_night.settings.home / "data"
    with connect(night.warehouse) as conn:
        offered = [movie for (movie,) in conn.execute("select movie_id from serving.arrangement(1) order by place")]
        disliked, liked = offered[0], offered[-1]
        near_disliked = conn.execute(
            "select array_agg(movie_id) from serving.similar(%s, 6, 1) where movie_id = any(%s)", [disliked, offered]
        ).fetchone()[0]
        near_liked = conn.execute(
            "select array(select unnest(movie_ids[1:5]) intersect select unnest(%s::bigint[]))"
            " from serving.item_weight where movie_id = %s",
            [offered, liked],
        ).fetchone()[0]
    return folder, disliked, near_disliked, liked, near_liked


def places_now(night):
    with connect(night.warehouse) as conn:
        return dict(conn.execute("select movie_id, place from serving.arrangement(1)").fetchall())


def places_of_version(night):
    """Return the places in what the night itself wrote, without its delta."""
    with connect(night.warehouse) as conn:
        listed = conn.execute(
            "select movie_id from serving.recommendation join serving.live using (version_id)"
            " where user_id = 1 order by rank"
        ).fetchall()
        following = conn.execute(
            "select unnest(movie_ids) from serving.candidate join serving.live using (version_id) where user_id = 1"
        ).fetchall()
    return {movie: place for place, (movie,) in enumerate([*listed, *following], 1)}


def test_feedback_counts_at_once_within_the_hour_and_the_next_night(night, live):
    folder, disliked, near_disliked, liked, near_liked = live
    before = places_now(night)
    with connect(night.warehouse) as conn:
        conn.execute("select serving.give_feedback('a', 1, %s, 'dislike')", [disliked])
        conn.execute("select serving.give_feedback('b', 1, %s, 'like')", [liked])
        conn.commit()
        shown = {movie for (movie,) in conn.execute("select movie_id from serving.recommend(1, 200)")}
    assert {disliked, liked} & shown == set()

    hour = night.run("movierec_feedback")
    assert hour.state == "success", states(hour)
    within_the_hour = places_now(night)
    run_chain(night, folder, **QUICK)
    with connect(night.warehouse) as conn:
        learned = conn.execute("select kind, movie_id from core.events where source = 'serving' order by event_id")
        assert learned.fetchall() == [("dislike", disliked), ("like", liked)]
    next_night = places_of_version(night)

    for after in (within_the_hour, next_night, places_now(night)):
        assert {disliked, liked} & set(after) == set()
        assert sum(after[movie] - before[movie] for movie in near_disliked) > 0
        assert sum(after[movie] - before[movie] for movie in near_liked) < 0


def test_events_of_the_application_count_within_the_hour_and_a_source_that_is_down_stops_nobody(
    night, live, monkeypatch
):
    _, disliked, *_ = live
    with connect(night.app) as app:
        app.execute(
            "insert into feedback_event (user_id, movie_id, kind) values (1, %s, 'dislike'), (1, 999999, 'like')",
            [disliked],
        )
    monkeypatch.setenv("MOVIEREC_EVENTS", "/nowhere")
    night.run("movierec_feedback")
    assert disliked not in places_now(night)
    with connect(night.warehouse) as conn:
        assert conn.execute("select source, movie_id from serving.incoming_event").fetchall() == [("app", disliked)]
        assert conn.execute("select count(*) from core.events").fetchone() == (0,)


def test_an_hour_before_any_night_has_nothing_to_do(night):
    run = night.run("movierec_feedback")
    assert states(run)["open_delta"] == "skipped"
    assert states(run)["go_live"] == "skipped"
