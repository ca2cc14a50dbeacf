"""Feedback within the hour: new lists for those who gave some, and for nobody else."""

import pytest

from movierec.data.columns import LIKED_WEIGHT
from movierec.db import connect, run_sql
from movierec.errors import PublishError
from movierec.publishing import deltas, pointer, versions
from tests.publishing.conftest import write, write_and_go_live

VIEWER, OTHER = 1, 2


def give_feedback(conn, kind, movie_id, event_id, viewer=VIEWER, value=None):
    query = "select outcome from serving.give_feedback(%s, %s, %s, %s, %s)"
    assert conn.execute(query, [event_id, viewer, movie_id, kind, value]).fetchone() == ("accepted",)
    conn.commit()


def bring_live(conn, settings, run_id="hour"):
    delta_id = deltas.open_delta(conn, run_id)
    viewers = deltas.write_delta(conn, delta_id, settings)
    deltas.audit_delta(conn, delta_id)
    assert deltas.delta_go_live(conn, delta_id)
    return viewers


def places(conn, viewer=VIEWER):
    """Return the place of every movie that is ready for a viewer."""
    return dict(conn.execute("select movie_id, place from serving.arrangement(%s)", [viewer]).fetchall())


def lists(conn):
    return conn.execute("select * from serving.live_recommendation order by user_id, rank").fetchall()


def neighbours(conn, movie_id, among, k=5):
    similar = "select similar_movie_id from serving.live_similar_movie where movie_id = %s order by rank limit %s"
    return [movie for (movie,) in conn.execute(similar, [movie_id, k]).fetchall() if movie in among]


def test_a_dislike_takes_the_movie_out_at_once_and_moves_its_neighbours_down_within_the_hour(live, settings):
    before = places(live)
    disliked = min(before, key=before.get)
    near = neighbours(live, disliked, before)
    give_feedback(live, "dislike", disliked, "a")
    assert disliked not in [row[0] for row in live.execute("select movie_id from serving.recommend(1, 200)")]
    assert bring_live(live, settings) == 1
    after = places(live)
    assert disliked not in after
    fallen = [after[movie] - before[movie] for movie in near]
    assert min(fallen) >= 0
    assert sum(fallen) > 5 * len(near)


def test_a_like_moves_neighbours_up_within_the_hour(live, settings):
    before = places(live)
    liked = max(before, key=before.get)
    (weighed,) = live.execute("select movie_ids[1:5] from serving.item_weight where movie_id = %s", [liked]).fetchone()
    near = [movie for movie in weighed if movie in before]
    give_feedback(live, "like", liked, "a")
    assert bring_live(live, settings) == 1
    after = places(live)
    assert liked not in after
    assert sum(before[movie] - after[movie] for movie in near) > 0
    because = "select count(*) from serving.live_recommendation where user_id = 1 and because_movie_id = %s"
    assert live.execute(because, [liked]).fetchone() > (0,)


def test_only_lists_of_those_who_gave_feedback_change(live, settings):
    before = lists(live)
    give_feedback(live, "like", next(iter(places(live))), "a")
    bring_live(live, settings)
    after = lists(live)
    assert [row for row in before if row[0] != VIEWER] == [row for row in after if row[0] != VIEWER]
    assert [row for row in before if row[0] == VIEWER] != [row for row in after if row[0] == VIEWER]


def test_a_delta_takes_up_where_the_last_one_ended(live, settings):
    movies = list(places(live))
    give_feedback(live, "like", movies[5], "a")
    assert bring_live(live, settings, "first hour") == 1
    give_feedback(live, "dislike", movies[0], "b", viewer=OTHER)
    assert bring_live(live, settings, "second hour") == 1
    assert bring_live(live, settings, "third hour") == 0
    assert movies[5] not in places(live)
    (delta_id,) = live.execute("select delta_id from serving.freshness").fetchone()
    assert delta_id == 2  # the third changed no list


def test_a_run_that_starts_over_leaves_the_same_rows(live, settings):
    give_feedback(live, "like", next(iter(places(live))), "a")
    written = []
    for _ in range(2):
        delta_id = deltas.open_delta(live, "hour")
        deltas.write_delta(live, delta_id, settings)
        rows = "select * from serving.delta_recommendation order by delta_id, user_id, rank"
        named = "select * from serving.delta_viewer"
        written.append((delta_id, live.execute(rows).fetchall(), live.execute(named).fetchall()))
    assert written[0] == written[1]


def test_what_is_undone_counts_no_more(live, settings):
    before = places(live)
    disliked = min(before, key=before.get)
    give_feedback(live, "dislike", disliked, "a")
    bring_live(live, settings, "first hour")
    assert live.execute("select serving.undo_feedback('a', 1)").fetchone() == (True,)
    live.commit()
    assert bring_live(live, settings, "second hour") == 1
    assert places(live) == before
    assert live.execute("select serving.undo_feedback('a', 1)").fetchone() == (True,)
    live.commit()
    assert bring_live(live, settings, "third hour") == 0
    nobodys = "select serving.undo_feedback('a', 2), serving.undo_feedback('b', 1)"
    assert live.execute(nobodys).fetchone() == (False, False)


def test_somebody_new_has_a_list_within_the_hour(live, settings):
    give_feedback(live, "like", 3, "a", viewer=5000)
    bring_live(live, settings)
    reasons = live.execute("select origin, because_movie_id from serving.recommend(5000, 10)").fetchall()
    assert len(reasons) == 10
    assert ("list", 3) in reasons


def test_readers_see_the_lists_of_before_until_the_delta_is_live(live, settings):
    before = lists(live)
    give_feedback(live, "like", next(iter(places(live))), "a")
    delta_id = deltas.open_delta(live, "hour")
    deltas.write_delta(live, delta_id, settings)
    assert lists(live) == before
    deltas.audit_delta(live, delta_id)
    assert lists(live) == before
    deltas.delta_go_live(live, delta_id)
    assert lists(live) != before


def test_a_delta_that_fails_its_audit_stays_unseen_and_the_next_one_makes_up_for_it(live, settings):
    before = lists(live)
    give_feedback(live, "like", next(iter(places(live))), "a")
    delta_id = deltas.open_delta(live, "hour")
    deltas.write_delta(live, delta_id, settings)
    live.execute("delete from serving.delta_recommendation where rank = 3")
    live.commit()
    message = r"delta 1 is rejected .*does not have the expected number of movies: 1 times"
    with pytest.raises(PublishError, match=message):
        deltas.audit_delta(live, delta_id)
    with pytest.raises(PublishError, match="delta 1 has not passed its audit"):
        deltas.delta_go_live(live, delta_id)
    assert lists(live) == before
    assert bring_live(live, settings, "next hour") == 1
    assert lists(live) != before


DAMAGES = [  # what happens to a delta, and what its audit says
    ("update serving.delta_recommendation set movie_id = 99999 where rank = 2", "not in the catalogue"),
    ("update serving.delta_recommendation set score = 'NaN' where rank = 2", "not finite or rises"),
    ("update serving.delta_recommendation set rank = 999 where rank = 20", "other ranks than"),
    ("update serving.delta_recommendation set reason = ' ' where rank = 2", "a reason is empty"),
    ("update serving.delta_recommendation set because_movie_id = 99999 where rank = 2", "evidence is not"),
    ("update serving.delta_recommendation set user_id = 777", "whom the delta does not name"),
    ("update serving.delta_viewer set candidate_ids = candidate_ids[2:]", "expected number"),
    ("update serving.delta_viewer set candidate_ids[2] = candidate_ids[1]", "a movie twice"),
    (
        "update serving.delta_viewer set candidate_ids[1] ="
        " (select movie_id from core.ratings where user_id = 1 limit 1)",
        "already seen",
    ),
]


def test_the_audit_of_a_delta_finds_every_kind_of_damage(live, settings):
    give_feedback(live, "like", next(iter(places(live))), "a")
    delta_id = deltas.open_delta(live, "hour")
    deltas.write_delta(live, delta_id, settings)
    for damage, message in DAMAGES:
        assert live.execute(damage).rowcount >= 1, damage
        assert any(message in check for check in deltas.failed_checks(live, delta_id)), damage
        live.rollback()
    assert deltas.failed_checks(live, delta_id) == {}


def test_feedback_while_a_delta_is_written_is_not_held_against_it_and_comes_with_the_next(live, settings):
    give_feedback(live, "like", next(iter(places(live))), "a")
    delta_id = deltas.open_delta(live, "hour")
    deltas.write_delta(live, delta_id, settings)
    listed = live.execute("select movie_id from serving.delta_recommendation where rank = 1").fetchone()[0]
    give_feedback(live, "dislike", listed, "b")
    deltas.audit_delta(live, delta_id)
    assert deltas.delta_go_live(live, delta_id)
    assert listed not in [row[0] for row in live.execute("select movie_id from serving.recommend(1, 200)")]
    assert bring_live(live, settings, "next hour") == 1
    assert listed not in places(live)


def test_what_was_committed_late_is_not_lost(live, warehouse, settings):
    movies = list(places(live))
    with connect(warehouse) as slow:
        slow.execute("select serving.give_feedback('slow', 2, %s, 'like')", [movies[0]])
        give_feedback(live, "like", movies[1], "fast")
        assert bring_live(live, settings, "first hour") == 1
        slow.commit()
    assert bring_live(live, settings, "second hour") == 1


def test_a_new_version_goes_live_with_what_was_said_since_its_snapshot(live, settings):
    before = places(live)
    disliked = min(before, key=before.get)
    near = neighbours(live, disliked, before)
    give_feedback(live, "dislike", disliked, "a")
    version_id = write(live, settings, "next night")
    versions.audit_version(live, version_id)
    assert deltas.cover_feedback(live, "next night", version_id, settings) == 1
    assert places(live) == before
    assert pointer.go_live(live, version_id) == version_id
    after = places(live)
    assert disliked not in after
    assert sum(after[movie] - before[movie] for movie in near) > 5 * len(near)
    assert bring_live(live, settings) == 0


def learn(conn, *event_ids):
    """Bring events into core, as a night does."""
    conn.execute(
        "insert into core.events select 'serving', event_id, user_id, movie_id, kind, value, created_at"
        " from serving.viewer_event where event_id = any(%s)",
        [list(event_ids)],
    )
    conn.commit()


def test_what_a_night_did_not_take_in_is_in_the_first_delta_however_long_ago_it_was_said(live, settings):
    movies = list(places(live))
    give_feedback(live, "like", movies[5], "learned")
    give_feedback(live, "dislike", movies[0], "left out", viewer=OTHER)
    live.execute("update serving.viewer_event set updated_at = '2020-01-01'")  # long before the batch's moment
    learn(live, "learned")
    assert live.execute("select event_id from serving.unlearned_event").fetchall() == [("left out",)]
    covered = [first_delta(live, settings, "first night")]
    # core goes back to an earlier night, which did not have the event
    live.execute("delete from core.events where source = 'serving'")
    covered.append(first_delta(live, settings, "second night"))
    # and comes forward again, with both
    learn(live, "learned", "left out")
    covered.append(first_delta(live, settings, "third night"))
    assert covered == [1, 2, 0]


def test_what_was_taken_back_does_not_wait_for_a_night_for_good(live, settings):
    movies = list(places(live))
    for number, event_id in enumerate(("before the night", "after the night", "stays")):
        give_feedback(live, "like", movies[number], event_id)
    learn(live, "after the night")
    for event_id in ("before the night", "after the night"):
        assert live.execute("select serving.undo_feedback(%s, 1)", [event_id]).fetchone() == (True,)
    live.execute("delete from core.events where event_id = 'after the night'")  # as the next night does
    versions.prune(live, settings)
    assert live.execute("select event_id from serving.unlearned_event").fetchall() == [("stays",)]


def test_what_was_read_of_a_source_goes_with_it(live, settings):
    movies = list(places(live))
    for source, movie_id in zip(("app", "shop"), movies, strict=False):
        live.execute(
            "insert into serving.incoming_event (source, event_id, user_id, movie_id, kind, created_at, updated_at)"
            " values (%s, 'a', 1, %s, 'dismiss', '2020-01-01', '2020-01-01')",
            [source, movie_id],
        )
    waiting = "select array_agg(source order by source) from serving.incoming_event"
    for named, left in ((None, ["app", "shop"]), (["movielens", "app", "serving"], ["app"])):
        live.execute("update ops.batch set sources = %s", [named])
        versions.prune(live, settings)
        assert live.execute(waiting).fetchone() == (left,)


def first_delta(conn, settings, run_id):
    delta_id = deltas.open_delta(conn, run_id, write(conn, settings, run_id))
    return deltas.write_delta(conn, delta_id, settings)


def cover_next_version(conn, settings, run_id):
    version_id = write(conn, settings, run_id)
    versions.audit_version(conn, version_id)
    return deltas.cover_feedback(conn, run_id, version_id, settings)


def freshness(conn):
    return conn.execute("select version_id, delta_id, delta_since from serving.freshness").fetchone()


def test_lists_are_renewed_only_where_feedback_renewed_one(live, settings):
    """No feedback ever, feedback before the version, a run that changes nothing, and a rollback."""
    write_and_go_live(live, settings, "no feedback")
    assert cover_next_version(live, settings, "still none") == 0
    assert pointer.go_live(live, 3) == 3
    assert freshness(live) == (3, None, None)
    assert bring_live(live, settings, "an hour of silence") == 0
    assert freshness(live) == (3, None, None)
    assert live.execute("select serving.renewed(1)").fetchone() == (None,)

    give_feedback(live, "like", next(iter(places(live))), "a")
    assert bring_live(live, settings, "an hour later") == 1
    renewed = freshness(live)
    assert renewed[:2] == (3, 3)
    assert live.execute("select serving.renewed(1), serving.renewed(2)").fetchone() == (renewed[2], None)
    assert bring_live(live, settings, "silence again") == 0
    assert freshness(live) == renewed

    assert cover_next_version(live, settings, "next night") == 1
    assert pointer.go_live(live, 4) == 4
    covered = freshness(live)
    assert covered[:2] == (4, 5)
    assert covered[2] > renewed[2]
    pointer.move_pointer(live, 3, "ada", "too many sequels")
    assert freshness(live) == renewed  # the lists of then, which were renewed then
    pointer.move_pointer(live, 2, "ada", "none at all")
    assert freshness(live) == (2, None, None)


def merge_movie(conn, movie_id, into):
    """Let an ingestion find out that two ids are one movie."""
    conn.execute("delete from core.movie_genre where movie_id = %s", [movie_id])
    conn.execute("delete from core.movies where movie_id = %s", [movie_id])
    conn.execute("insert into core.movie_alias (alias_id, movie_id) values (%s, %s)", [movie_id, into])
    conn.commit()


def test_feedback_on_a_movie_that_was_merged_meanwhile_counts_for_the_one_it_became(live, settings):
    shown, kept = sorted(places(live), key=places(live).get)[:2]
    merge_movie(live, shown, into=kept)
    assert shown in places(live)  # readers still see the version from before
    give_feedback(live, "dislike", shown, "a")
    offered = [movie for (movie,) in live.execute("select movie_id from serving.recommend(1, 200)")]
    assert not {shown, kept} & set(offered)
    opinion = "select movie_id, weight from serving.opinion(array[1]::bigint[]) where rating is null"
    ((movie_id, weight),) = live.execute(opinion).fetchall()
    assert (movie_id, weight < LIKED_WEIGHT) == (kept, True)
    said = "select movie_id, title = (select title from core.movies where movie_id = %s) from serving.feedback_of(1)"
    assert live.execute(said, [kept]).fetchall() == [(shown, True)]  # the page of then leads to what it shows
    assert live.execute("select event_kinds from ops.why_movie(1, %s)", [shown]).fetchone() == (["dislike"],)
    assert bring_live(live, settings) == 1
    assert kept not in places(live)


def test_feedback_from_before_a_merge_counts_for_the_one_it_became_and_can_be_undone(live, settings):
    shown, kept = sorted(places(live), key=places(live).get)[:2]
    give_feedback(live, "like", shown, "a")
    merge_movie(live, shown, into=kept)
    live.execute("delete from serving.catalogue where movie_id = %s", [shown])  # as of the version after
    live.commit()
    assert kept not in [movie for (movie,) in live.execute("select movie_id from serving.recommend(1, 200)")]
    assert live.execute("select movie_id from serving.feedback_of(1)").fetchall() == [(kept,)]
    assert (kept,) in live.execute("select movie_id from serving.liked(1)").fetchall()
    assert live.execute("select serving.undo_feedback('a', 1)").fetchone() == (True,)
    assert live.execute("select movie_id from serving.feedback_of(1)").fetchall() == []
    assert kept in [movie for (movie,) in live.execute("select movie_id from serving.recommend(1, 200)")]


def test_what_was_said_elsewhere_of_a_movie_that_was_merged_meanwhile_takes_it_out_under_every_id(live, settings):
    """A rating, and events of other sources: of the night, and read since; of the movie that the other one became."""
    shown = sorted(places(live), key=places(live).get)[:6]
    for movie_id, into in zip(shown[:3], shown[3:], strict=True):
        merge_movie(live, movie_id, into=into)
    live.execute("insert into core.ratings values (1, %s, 5, now())", [shown[3]])
    live.execute("insert into core.events values ('app', 'a', 1, %s, 'view', null, now())", [shown[4]])
    incoming = "insert into serving.incoming_event (source, event_id, user_id, movie_id, kind, created_at)"
    live.execute(f"{incoming} values ('app', 'b', 1, %s, 'dismiss', now())", [shown[2]])  # read before it was merged
    for offered in (
        "select movie_id from serving.recommend(1, 200)",
        "select movie_id from serving.recommend(1, 200, genre_cap => 1000)",
        "select movie_id from serving.shelves(1, 100)",
        "select movie_id from serving.newcomer('{}', 200, 1)",
    ):
        assert not set(shown) & {movie for (movie,) in live.execute(offered)}, offered
    for movie_id in shown:
        similar = live.execute("select movie_id from serving.similar(%s, 100, 1)", [movie_id])
        assert not set(shown) & {movie for (movie,) in similar}


def test_what_versions_show_under_an_id_of_before_is_noted_and_nothing_else(live, settings):
    def renamed():
        return live.execute("select alias_id, movie_id from serving.renamed_movie").fetchall()

    shown, kept, other = sorted(places(live), key=places(live).get)[:3]
    live.execute("insert into core.movie_alias values (999999, %s)", [kept])  # in no version
    merge_movie(live, shown, into=kept)
    assert renamed() == [(shown, kept)]
    live.execute("update core.movie_alias set movie_id = %s where alias_id = %s", [other, shown])
    assert renamed() == [(shown, other)]
    live.execute("delete from core.movie_alias where alias_id = %s", [shown])  # core goes back
    assert renamed() == []

    merge_movie(live, shown, into=kept)
    live.execute("delete from serving.renamed_movie")
    run_sql(live, "serving/note_renamed", {"version_id": 1})  # as of a version that is made of an earlier batch
    assert renamed() == [(shown, kept)]
    assert write(live, settings, "next night") == 2  # whose catalogue has the movie under one id
    assert renamed() == [(shown, kept)]
    assert live.execute("select distinct version_id from serving.renamed_movie").fetchall() == [(1,)]


def test_what_was_liked_is_called_as_readers_see_it(live, settings):
    shown, kept = sorted(places(live), key=places(live).get)[:2]
    give_feedback(live, "like", shown, "a")
    merge_movie(live, shown, into=kept)
    liked = "select movie_id from serving.liked(1) where movie_id in (%s, %s)"
    assert live.execute(liked, [shown, kept]).fetchall() == [(kept,)]
    live.execute("delete from serving.catalogue where movie_id = %s", [kept])  # as of an id that is new tonight
    assert live.execute(liked, [shown, kept]).fetchall() == [(shown,)]


def test_a_delta_of_a_version_that_is_live_no_more_is_left_unused(live, settings):
    give_feedback(live, "like", next(iter(places(live))), "a")
    delta_id = deltas.open_delta(live, "hour")
    deltas.write_delta(live, delta_id, settings)
    deltas.audit_delta(live, delta_id)
    write_and_go_live(live, settings, "next night")
    before = lists(live)
    assert not deltas.delta_go_live(live, delta_id)
    assert lists(live) == before
    assert bring_live(live, settings, "next hour") == 1


def test_a_published_delta_never_changes(live, settings):
    give_feedback(live, "like", next(iter(places(live))), "a")
    bring_live(live, settings)
    with pytest.raises(PublishError, match="delta 1 is published and never changes; run movierec_feedback again"):
        deltas.write_delta(live, 1, settings)


def test_without_a_live_version_there_is_no_delta(conn):
    assert deltas.open_delta(conn, "hour") is None
