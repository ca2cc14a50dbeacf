"""The pointer: what it may show, who moved it and why, and what a rollback means for the nights after it."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from movierec.db import connect, run_sql
from movierec.errors import PublishError
from movierec.promotion import champion as promotion
from movierec.publishing import pointer, versions
from movierec.publishing.publish_again import publish_again
from movierec.training.data import TrainingData
from tests.publishing.conftest import LENGTH, write_and_go_live

FIRST_NIGHT = datetime(2026, 3, 1, 2, tzinfo=UTC)
MOVES = "select direction, from_version_id, to_version_id, moved_by, reason from ops.pointer_move order by move_id"


@pytest.fixture
def night(conn):
    """Return what makes a night, a training of it with a champion, and where asked for a version of it."""

    def night(day, ranker="ease", status="audited"):
        as_of = FIRST_NIGHT + timedelta(days=day)
        run_id = conn.execute("select gen_random_uuid()::text").fetchone()[0]
        (batch_id,) = conn.execute(
            "insert into ops.batch (run_id, dataset, as_of, status) values (%s, 'folder', %s, 'accepted')"
            " returning batch_id",
            [run_id, as_of],
        ).fetchone()
        (training_id,) = conn.execute(
            "insert into ml.training (run_id, batch_id, seed) values (%s, %s, 1) returning training_id",
            [run_id, batch_id],
        ).fetchone()
        conn.execute("insert into ml.champion values (%s, %s, 'the best')", [training_id, ranker])
        if status is None:
            return training_id
        (version_id,) = conn.execute(
            "insert into serving.version (run_id, training_id, ranker, list_length, status)"
            " values (%s, %s, %s, 2, %s) returning version_id",
            [run_id, training_id, ranker, status],
        ).fetchone()
        conn.commit()
        return version_id

    return night


def live_nights(conn, night, *rankers):
    """Make nights by these rankers one after the other live, and return their versions."""
    made = [night(day, ranker) for day, ranker in enumerate(rankers)]
    for version_id in made:
        assert pointer.go_live(conn, version_id) == version_id
    return made


@pytest.mark.parametrize("status", ["building", "rejected", "audited"])
def test_no_statement_points_to_a_version_that_is_not_published(conn, night, status):
    (live,) = live_nights(conn, night, "ease")
    unfinished = night(1, status=status)
    for statement in (
        "update serving.live set version_id = %s",
        "insert into serving.live (version_id) values (%s) on conflict (only_row) do update"
        " set version_id = excluded.version_id",
    ):
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="live_is_published"):
            conn.execute(statement, [unfinished])
        conn.rollback()
    with pytest.raises(psycopg.errors.CheckViolation):
        conn.execute("update serving.live set version_id = %s, version_status = %s", [unfinished, status])
    conn.rollback()
    assert pointer.live_version(conn) == live


def test_a_live_version_cannot_become_unpublished(conn, night):
    live_nights(conn, night, "ease")
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="live_is_published"):
        conn.execute("update serving.version set status = 'building'")


def test_the_champion_of_the_newest_night_is_published_though_a_past_one_was_trained_since(conn, night):
    newest = night(5, "hybrid", status=None)
    past = night(2, "ease", status=None)
    conn.commit()
    version_id = versions.open_version(conn, "by hand", 5)
    assert conn.execute("select training_id, ranker from serving.version").fetchall() == [(newest, "hybrid")]
    assert versions.open_version(conn, "by hand", 5, [past]) == version_id
    assert conn.execute("select training_id, ranker from serving.version").fetchall() == [(past, "ease")]
    versions.open_version(conn, "by hand", 5, [past, newest])  # of two that triggered one run
    assert conn.execute("select training_id from serving.version").fetchall() == [(newest,)]


def test_a_night_that_was_refused_since_does_not_count(conn, night):
    accepted = night(1, status=None)
    night(2, status=None)
    conn.execute("update ops.batch set status = 'refused' where as_of > %s", [FIRST_NIGHT + timedelta(days=1)])
    versions.open_version(conn, "by hand", 5)
    assert conn.execute("select training_id from serving.version").fetchall() == [(accepted,)]


def test_a_training_without_a_champion_is_named(conn):
    with pytest.raises(PublishError, match="training 7 has chosen no champion"):
        versions.open_version(conn, "by hand", 5, [7])


def test_challengers_meet_the_champion_of_their_own_time(conn, night):
    night(4, "hybrid", status=None)
    past = night(2, "ease", status=None)
    tonight = night(5, "slim", status=None)
    assert promotion.reigning_champion(conn, tonight) == "hybrid"
    assert promotion.reigning_champion(conn, past) == "hybrid"  # of no earlier night there is one
    assert promotion.reigning_champion(conn, night(3, "slim", status=None)) == "ease"


def test_every_move_stands_in_the_book_with_who_and_why(conn, night):
    first, second = live_nights(conn, night, "ease", "hybrid")
    pointer.go_live(conn, second)  # a task that is run again moves nothing
    assert pointer.move_pointer(conn, first, "ada", " lists are stale ") == second
    assert pointer.move_pointer(conn, second, "bob", "they were not") == first
    conn.execute("update serving.live set version_id = %s, since = now()", [first])
    (user,) = conn.execute("select session_user").fetchone()
    champion = "{} is the champion of training {}".format
    assert conn.execute(MOVES).fetchall() == [
        ("first", None, first, "movierec_publish", champion("ease", 1)),
        ("forward", first, second, "movierec_publish", champion("hybrid", 2)),
        ("back", second, first, "ada", "lists are stale"),
        ("forward", first, second, "bob", "they were not"),
        ("back", second, first, user, "moved by SQL, without a word"),
    ]
    shown = conn.execute(
        "select to_version_id, to_ranker, to_as_of, shown_for >= interval '0' from ops.pointer_history order by move_id"
    ).fetchall()
    assert shown[:2] == [
        (first, "ease", FIRST_NIGHT, True),
        (second, "hybrid", FIRST_NIGHT + timedelta(days=1), True),
    ]


def test_a_move_that_is_taken_back_leaves_nothing_in_the_book(conn, night):
    first, _ = live_nights(conn, night, "ease", "hybrid")
    conn.execute("update serving.live set version_id = %s", [first])
    conn.rollback()
    assert len(conn.execute(MOVES).fetchall()) == 2


def test_only_complete_versions_can_be_chosen_and_only_with_a_reason(conn, night):
    first, second = live_nights(conn, night, "ease", "hybrid")
    building = night(2, status="building")
    for version_id, cause in ((building, "is building"), (second, "is live already"), (99, "does not exist")):
        with pytest.raises(PublishError, match=f"version {version_id} {cause}; allowed are {first}$"):
            pointer.move_pointer(conn, version_id, "ada", "because")
    with pytest.raises(PublishError, match="needs a reason"):
        pointer.move_pointer(conn, first, "ada", "  ")
    assert pointer.live_version(conn) == second


def test_the_next_night_by_a_ranker_that_was_taken_back_is_held_and_says_so(conn, night):
    good, bad = live_nights(conn, night, "ease", "hybrid")
    pointer.move_pointer(conn, good, "ada", "too many sequels")
    tonight = night(2, "hybrid")
    with pytest.raises(
        PublishError,
        match=rf"version {tonight} is by hybrid, whose version {bad} ada took back on .* \(too many sequels\), "
        rf"so it stays beside the live version {good}; movierec_rollback",
    ):
        pointer.go_live(conn, tonight)
    assert pointer.live_version(conn) == good
    pointer.move_pointer(conn, tonight, "ada", "sequels are gone")
    tomorrow = night(3, "hybrid")
    assert pointer.go_live(conn, tomorrow) == tomorrow


def test_after_two_steps_back_both_rankers_are_held_and_a_third_is_not(conn, night):
    first, second, third = live_nights(conn, night, "ease", "slim", "hybrid")
    for version_id in (second, first):
        pointer.move_pointer(conn, version_id, "ada", "no better")
    for day, ranker, taken in ((3, "hybrid", third), (4, "slim", second)):
        with pytest.raises(PublishError, match=f"by {ranker}, whose version {taken} ada took back"):
            pointer.go_live(conn, night(day, ranker))
    other = night(5, "blend")
    assert pointer.go_live(conn, other) == other


def test_a_reason_brings_an_earlier_night_live_and_without_one_it_is_kept_beside(conn, night):
    live = night(5)
    past = night(2)
    pointer.go_live(conn, live)
    assert pointer.bring_live(conn, past, "ada", None) == live
    assert pointer.bring_live(conn, past, "ada", "only this one is whole") == past
    assert pointer.bring_live(conn, past, "ada", "only this one is whole") == past  # a task that is run again
    assert pointer.live_version(conn) == past
    assert conn.execute(MOVES).fetchall()[1:] == [("back", live, past, "ada", "only this one is whole")]


def test_going_back_brings_the_feedback_that_was_live(conn, night):
    first, second = live_nights(conn, night, "ease", "hybrid")
    for status in ("published", "audited"):
        conn.execute("insert into serving.delta (version_id, run_id, status) values (%s, 'run', %s)", [first, status])
    conn.execute("insert into serving.delta_viewer select version_id, 1, delta_id, '{}' from serving.delta")
    conn.commit()
    pointer.move_pointer(conn, first, "ada", "because")
    assert conn.execute("select version_id, delta_id from serving.live").fetchall() == [(first, 1)]
    pointer.move_pointer(conn, second, "ada", "because")
    assert conn.execute("select version_id, delta_id, delta_since from serving.live").fetchall() == [
        (second, None, None)
    ]


DELTA = "insert into serving.delta (version_id, run_id, status, published_at) values (%s, 'run', %s, %s::timestamptz)"
VIEWER = "insert into serving.delta_viewer (version_id, user_id, delta_id, candidate_ids) values (%s, 7, %s, '{}')"
RENEWED = "select delta_id, delta_since from serving.live"


def test_lists_were_renewed_when_a_delta_changed_some_whenever_the_pointer_moves(conn, night):
    """Of an earlier version not when it comes back, and not by a delta that found nothing to renew."""
    first, second = live_nights(conn, night, "ease", "hybrid")
    at = datetime(2026, 3, 1, 5, tzinfo=UTC)
    for hour in (0, 1):
        conn.execute(DELTA, [first, "published", at + timedelta(hours=hour)])
    conn.commit()
    pointer.move_pointer(conn, first, "ada", "because")
    assert conn.execute(RENEWED).fetchall() == [(None, None)]  # neither has a viewer
    conn.execute(VIEWER, [first, 1])
    conn.commit()
    pointer.move_pointer(conn, second, "ada", "because")
    pointer.move_pointer(conn, first, "ada", "because")
    assert conn.execute(RENEWED).fetchall() == [(1, at)]
    with_feedback = night(3, "slim")
    conn.execute(DELTA, [with_feedback, "audited", None])
    conn.execute(VIEWER, [with_feedback, 3])
    conn.commit()
    pointer.go_live(conn, with_feedback)
    assert conn.execute("select delta_id, delta_since is not null from serving.live").fetchall() == [(3, True)]


def test_versions_that_are_kept_beside_outlive_the_next_publications(conn, night, settings):
    beside = [night(day) for day in range(3)]
    live = []
    for day in range(10, 13):
        live.append(night(day))
        pointer.go_live(conn, live[-1])
        versions.prune(conn, replace(settings, keep_nights=2))
    kept = [row[0] for row in conn.execute("select version_id from serving.version order by 1").fetchall()]
    assert kept == [*beside[1:], *live[1:]]


def test_a_live_version_is_never_pruned_however_old_it_is(conn, night, settings):
    oldest, *others = live_nights(conn, night, "ease", "slim", "hybrid", "blend")
    pointer.move_pointer(conn, oldest, "ada", "because")
    assert versions.prune(conn, replace(settings, keep_nights=2))["versions"] == 1
    kept = [row[0] for row in conn.execute("select version_id from serving.version order by 1").fetchall()]
    assert kept == [oldest, *others[1:]]


def do_when_it_waits(warehouse, blocker, deed, conn, *arguments):
    """Do something over a connection; once that waits for what another one has done, commit that."""
    pid = conn.info.backend_pid
    with connect(warehouse) as watcher, ThreadPoolExecutor(1) as pool:
        watcher.autocommit = True
        done = pool.submit(deed, conn, *arguments)
        while not done.done() and watcher.execute("select pg_blocking_pids(%s)", [pid]).fetchone() == ([],):
            time.sleep(0.01)
        blocker.commit()
        return done.result(30)


def test_a_version_that_is_pruned_while_somebody_chooses_it_is_named_with_those_that_are_left(conn, warehouse, night):
    oldest, kept, _ = live_nights(conn, night, "ease", "slim", "hybrid")
    run_sql(conn, "serving/prune_versions", {"keep_nights": 2})
    with connect(warehouse) as mover, pytest.raises(PublishError) as refused:
        do_when_it_waits(warehouse, conn, pointer.move_pointer, mover, oldest, "ada", "because")
    assert str(refused.value) == f"version {oldest} does not exist; allowed are {kept}"


def test_a_version_that_somebody_makes_live_while_old_ones_are_pruned_stays(conn, warehouse, night, settings):
    oldest, *_ = live_nights(conn, night, "ease", "slim", "hybrid")
    sparing = replace(settings, keep_nights=2)
    with connect(warehouse) as mover:
        pointer.sign_move(mover, "ada", "because")
        pointer.point_to(mover, oldest, takes_audited=False)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):  # a reason to try again
            do_when_it_waits(warehouse, mover, versions.prune, conn, sparing)
    conn.rollback()
    versions.prune(conn, sparing)
    assert pointer.live_version(conn) == oldest
    assert len(pointer.kept_versions(conn)) == 3


def test_who_goes_back_while_a_move_hangs_is_told_who_holds_the_pointer(conn, warehouse, night, monkeypatch):
    first, second = live_nights(conn, night, "ease", "slim")
    conn.rollback()
    monkeypatch.setattr(pointer, "HELD_SECONDS", 1)
    with connect(warehouse) as holder, connect(warehouse) as mover:
        pointer.lock_live(holder)
        with pytest.raises(PublishError) as refused:
            pointer.move_pointer(mover, first, "ada", "because")
        assert str(refused.value) == (
            f"the pointer cannot be moved: process {holder.info.backend_pid} of the database server has held it for "
            f"more than 1 s, and a move takes milliseconds; live stays {second}; end that process, or try again"
        )
        assert pointer.live_version(conn) == second
        holder.rollback()
        assert pointer.move_pointer(mover, first, "ada", "because") == second
        assert mover.execute("show lock_timeout").fetchone() == ("0",)


def test_of_two_who_go_back_at_once_the_second_is_told_where_it_came_from(conn, warehouse, night):
    first, second, third = live_nights(conn, night, "ease", "slim", "hybrid")
    conn.rollback()
    with connect(warehouse) as ada, connect(warehouse) as bob, connect(warehouse) as carl:
        pointer.lock_live(conn)
        pointer.sign_move(conn, "ada", "too old")
        pointer.point_to(conn, second, takes_audited=False)
        with pytest.raises(PublishError, match=rf"^version {second} is live already; allowed are {third}, {first}$"):
            do_when_it_waits(warehouse, conn, pointer.move_pointer, bob, second, "bob", "too old")
        assert pointer.move_pointer(carl, first, "carl", "too new") == second
        moves = ada.execute(MOVES).fetchall()[-2:]
    assert moves == [("back", third, second, "ada", "too old"), ("back", second, first, "carl", "too new")]


def test_a_night_that_is_about_to_go_live_while_somebody_goes_back_is_held(conn, warehouse, night):
    first, second = live_nights(conn, night, "slim", "ease")
    tonight = night(5, "ease")
    conn.rollback()
    with connect(warehouse) as mover, connect(warehouse) as publisher:
        pointer.lock_live(mover)
        pointer.sign_move(mover, "ada", "nonsense")
        pointer.point_to(mover, first, takes_audited=False)
        with pytest.raises(PublishError, match=rf"version {second} ada took back on .* stays beside the live version"):
            do_when_it_waits(warehouse, mover, pointer.go_live, publisher, tonight)
    assert pointer.live_version(conn) == first


def test_kept_versions_are_listed_with_what_speaks_for_and_against_them(conn, night):
    first, second = live_nights(conn, night, "ease", "hybrid")
    beside = night(0, "slim")
    night(4, status="building")
    for version_id, movies in ((first, (1, 2)), (second, (1, 3)), (beside, (4, 5))):
        for rank, movie_id in enumerate(movies, start=1):
            conn.execute(
                "insert into serving.recommendation (version_id, user_id, rank, movie_id, title, score, reason)"
                " values (%s, 1, %s, %s, 'Movie', 0, 'Because')",
                [version_id, rank, movie_id],
            )
    conn.execute(
        "insert into ml.evaluation values (2, 'hybrid', 10, 5, .1, .1, .1, .25, .5, 1, 1), "
        "(2, 'hybrid', 20, 5, .1, .1, .1, .35, .6, 1, 1)"
    )
    pointer.move_pointer(conn, first, "ada", "too many sequels")
    rows = pointer.kept_versions(conn)
    shown = ("version", "status", "ranker", "as_of", "ndcg", "coverage", "churn", "taken_back")
    assert [tuple(row[name] for name in shown) for row in rows] == [
        (beside, "audited", "slim", "2026-03-01 02:00", None, None, 1.0, None),
        (second, "published", "hybrid", "2026-03-02 02:00", 0.25, 0.5, 0.5, "ada: too many sequels"),
        (first, "live", "ease", "2026-03-01 02:00", None, None, 0.0, None),
    ]


LISTS = "select user_id, rank, movie_id from serving.live_recommendation order by 1, 2"


def test_a_stored_model_is_published_again_as_it_was(conn, settings, champion, monkeypatch):
    settings = replace(settings, top_n=LENGTH)
    first = write_and_go_live(conn, settings)
    shown = conn.execute(LISTS).fetchall()

    def refuse(*_):
        raise AssertionError("fitted again")

    monkeypatch.setattr(TrainingData, "fit_on", refuse)
    again = publish_again(conn, champion, settings, "ada", "once more")
    assert again > first
    assert pointer.live_version(conn) == again
    assert conn.execute(LISTS).fetchall() == shown
    assert conn.execute(MOVES).fetchall()[-1] == ("forward", first, again, "ada", "once more")
    parameters = conn.execute("select parameters from serving.version order by version_id").fetchall()
    assert parameters[-1] == parameters[0] != (None,)


def test_nothing_is_written_for_a_publication_without_a_reason(conn, settings):
    with pytest.raises(PublishError, match="needs a reason"):
        publish_again(conn, 1, settings, "ada", " ")
