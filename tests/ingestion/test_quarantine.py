"""Rejected rows: looked at, decided about, replayed once; on a real warehouse, through whole nights."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from movierec.db import connect, lock_step, run_sql
from movierec.errors import ConfigError
from movierec.ingestion.batch import carry_sources, open_batch
from movierec.ingestion.extract import extract
from movierec.ingestion.quarantine import decide, log_overview, overview, rows
from movierec.ingestion.quarantine_filters import Filters
from movierec.ingestion.stage import STEP, stage
from movierec.sources.registry import SOURCES
from movierec.sources.source import Origin
from tests import movielens
from tests.night import endpoint, ingest

GOOD = ["10\t1\t5\t881250949", "10\t2\t3\t881250950", "11\t1\t4\t881250951"]
HIGH = "11\t2\t9\t881250952"
STRANGER = "abc\t1\t3\t881250953"
ORPHAN = "10\t77\t2\t881250954"
RAGGED = "12\t1\t4\t881250955\tsurplus"
RATINGS = Filters(table="ratings")


@pytest.fixture
def night(conn, app, tmp_path):
    """Run a night over ratings, and check after it that every row of every slice is in staging or in quarantine."""
    numbers = iter(range(1, 100))

    def run(*ratings, **changes):
        batch_id = ingest(
            conn, app, movielens.write(tmp_path, inter=[*GOOD, *ratings], **changes), f"n{next(numbers)}", is_full=False
        )
        assert conn.execute("select * from ops.slice where raw_rows <> staging_rows + quarantine_rows").fetchall() == []
        assert layer_counts(conn) == recorded_counts(conn)
        return batch_id

    return run


def layer_counts(conn):
    return conn.execute(
        "select slice_id, c.* from ops.slice, ops.layer_rows(slice_id) as c order by slice_id"
    ).fetchall()


def recorded_counts(conn):
    return conn.execute(
        "select slice_id, raw_rows, staging_rows, quarantine_rows from ops.slice order by slice_id"
    ).fetchall()


def in_core(conn, user_id=11, movie_id=2):
    found = conn.execute(
        "select rating from core.ratings where (user_id, movie_id) = (%s, %s)", [user_id, movie_id]
    ).fetchall()
    return [rating for (rating,) in found]


def in_staging(conn, user_id=11, movie_id=2):
    """Return the ratings of a pair in the slices that the newest night consists of."""
    found = conn.execute(
        "select rating from staging.ratings join ops.batch_slice using (slice_id) where (user_id, movie_id) = (%s, %s)"
        " and batch_id = (select max(batch_id) from ops.batch)",
        [user_id, movie_id],
    ).fetchall()
    return [rating for (rating,) in found]


def statuses(conn):
    return [status for (status,) in conn.execute("select status from quarantine.row order by slice_id, position")]


def test_rejects_are_grouped_by_what_is_wrong_with_the_first_as_an_example(conn, night):
    batch_id = night(HIGH, "10\t1\t11\t881250960", STRANGER)
    first, second = overview(conn, Filters())
    assert (first["batch"], first["source"], first["table_name"], first["status"]) == (
        batch_id,
        "movielens",
        "ratings",
        "rejected",
    )
    assert (first["rows"], first["broken_rules"], first["example"]["rating"]) == (2, ["rating"], "9")
    assert first["allowed"].startswith("rating is a number on the scale of its source")
    assert (second["rows"], second["broken_rules"], second["example"]["user_id"]) == (1, ["user_id"], "abc")


def test_a_backfill_does_not_hide_what_the_newest_batch_rejected(conn, app, tmp_path):
    today = ingest(conn, app, movielens.write(tmp_path / "today", inter=[*GOOD, HIGH]), "today")
    past = movielens.write(tmp_path / "past", inter=[*GOOD, STRANGER])
    ingest(conn, app, past, "backfill", as_of=datetime(1998, 1, 1, tzinfo=UTC))
    assert [(row["batch"], row["broken_rules"]) for row in rows(conn, Filters())] == [(today, ["rating"])]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), 3),
        (Filters(table="ratings"), 3),
        (Filters(table="movies"), 0),
        (Filters(rule="user_id"), 1),
        (Filters(source="movielens"), 3),
        (Filters(source="app"), 0),
        (Filters(batch_id=1), 3),
        (Filters(batch_id=2), 0),
        (Filters(status="dismissed"), 0),
    ],
)
def test_filters_narrow_the_choice(conn, night, filters, found):
    night(HIGH, STRANGER, ORPHAN)
    assert len(rows(conn, filters)) == found


def test_rows_are_named_by_slice_and_position(conn, night):
    night(HIGH, STRANGER)
    wanted = rows(conn, Filters())[1]["id"]
    (row,) = rows(conn, Filters(ids=(wanted,)))
    assert row["record"]["user_id"] == "abc"


def test_an_edited_row_arrives_exactly_once(conn, night):
    night(HIGH)
    assert in_core(conn) == []
    assert decide(conn, Filters(rule="rating"), "edit", {"rating": 4}, "ada") == {"ratings": 1}
    assert [row["status"] for row in rows(conn, Filters())] == ["pending"]
    night(HIGH)
    assert in_core(conn) == [4]
    assert statuses(conn) == ["replayed"]
    night(HIGH)
    night(HIGH)
    assert in_core(conn) == [4]
    assert in_staging(conn) == [4]
    assert conn.execute("select count(*) from ops.slice where origin_slice_id is not null").fetchone() == (1,)
    assert overview(conn, Filters()) == []


def test_it_stays_replayed_when_the_file_comes_anew_with_another_bad_line(conn, night):
    night(HIGH)
    decide(conn, RATINGS, "edit", {"rating": 4}, "ada")
    night(HIGH)
    night(HIGH, STRANGER)
    assert [row["record"]["user_id"] for row in rows(conn, Filters())] == ["abc"]
    night(HIGH, STRANGER, ORPHAN)
    assert in_staging(conn) == [4]
    assert in_core(conn) == [4]


def test_a_file_that_comes_anew_before_the_replay_does_not_bring_the_row_twice(conn, night):
    night(HIGH)
    decide(conn, RATINGS, "edit", {"rating": 4}, "ada")
    night(HIGH, STRANGER)
    assert in_staging(conn) == [4]
    assert [row["record"]["user_id"] for row in rows(conn, Filters())] == ["abc"]


def test_decisions_about_the_same_line_of_two_loads_bring_it_once_and_the_last_one_holds(conn, night):
    night(HIGH)
    (before,) = rows(conn, Filters())
    night(HIGH, STRANGER)
    (after,) = rows(conn, Filters(rule="rating"))
    assert before["id"] != after["id"]
    decide(conn, Filters(ids=(after["id"],)), "edit", {"rating": 2}, "ada")
    decide(conn, Filters(ids=(before["id"],)), "edit", {"rating": 4}, "ada")
    night(HIGH, STRANGER)
    assert in_staging(conn) == [4]
    assert conn.execute("select count(*) from quarantine.decision").fetchone() == (0,)


def test_rows_that_a_newer_load_no_longer_has_are_not_offered(conn, night):
    first = night(HIGH)
    night(STRANGER)
    assert [row["record"]["user_id"] for row in rows(conn, Filters())] == ["abc"]
    assert [row["record"]["user_id"] for row in rows(conn, Filters(batch_id=first))] == ["11"]


def test_a_bad_edit_comes_back_as_a_row_of_its_own(conn, night):
    night(HIGH)
    decide(conn, RATINGS, "edit", {"rating": "7"}, "ada")
    night(HIGH)
    assert statuses(conn) == ["replayed", "rejected"]
    (again,) = rows(conn, Filters())
    assert again["record"]["rating"] == "7"
    replayed_as = conn.execute(
        "select replayed_slice_id || ':' || replayed_position from quarantine.row where status = 'replayed'"
    ).fetchone()
    assert replayed_as == (again["id"],)
    decide(conn, RATINGS, "edit", {"rating": "3"}, "ada")
    night(HIGH, STRANGER)
    assert in_core(conn) == in_staging(conn) == [3]


def test_a_row_replayed_as_it_was_in_vain_waits_again(conn, night):
    night(HIGH)
    decide(conn, RATINGS, "replay", by="ada")
    night(HIGH)
    assert statuses(conn) == ["replayed", "rejected"]
    night(HIGH, STRANGER)
    assert [row["record"]["rating"] for row in rows(conn, Filters(rule="rating"))] == ["9"]
    decide(conn, Filters(rule="rating"), "edit", {"rating": "3"}, "ada")
    night(HIGH, STRANGER)
    assert in_core(conn) == in_staging(conn) == [3]


def test_an_orphan_replayed_after_its_movie_came_arrives(conn, night):
    night(ORPHAN)
    decide(conn, RATINGS, "replay", by="ada")
    night(ORPHAN, item=[*movielens.FILES["item"], "77\tHeat\t1995\tCrime"])
    assert in_core(conn, 10, 77) == in_staging(conn, 10, 77) == [2]
    night(ORPHAN, item=[*movielens.FILES["item"], "77\tHeat\t1995\tCrime"])
    assert in_core(conn, 10, 77) == in_staging(conn, 10, 77) == [2]


def test_equal_lines_of_one_file_are_rows_of_their_own_and_one_rating(conn, night):
    night(HIGH, HIGH)
    assert decide(conn, RATINGS, "edit", {"rating": 4}, "ada") == {"ratings": 2}
    night(HIGH, HIGH)
    assert in_staging(conn) == [4, 4]
    assert in_core(conn) == [4]


def test_an_edit_adds_to_the_edit_before_and_replay_takes_it_back(conn, night):
    night("abc\t2\t9\t881250952")
    decide(conn, RATINGS, "edit", {"rating": 4}, "ada")
    decide(conn, RATINGS, "edit", {"user_id": 11}, "ada")
    (row,) = rows(conn, Filters())
    assert (row["edited"]["rating"], row["edited"]["user_id"]) == ("4", "11")
    decide(conn, RATINGS, "replay", by="ada")
    assert rows(conn, Filters())[0]["edited"] is None


def test_a_ragged_line_can_be_mended(conn, night):
    night(RAGGED)
    decide(conn, RATINGS, "edit", {"rating": "4"}, "ada")
    night(RAGGED)
    assert statuses(conn) == ["replayed", "rejected"]
    decide(conn, RATINGS, "edit", {"extra": ""}, "ada")
    night(RAGGED)
    assert in_core(conn, 12, 1) == [4]


def test_an_accepted_row_arrives_although_it_breaks_a_rule(conn, night):
    changes = {"item": [*movielens.FILES["item"], "4\thttps://example.org/heat\t1999\tDrama"]}
    night(**changes)
    movies = Filters(table="movies")
    assert [row["broken_rules"] for row in rows(conn, movies)] == [["aligned"]]
    assert decide(conn, movies, "accept", by="ada") == {"movies": 1}
    night(**changes)
    assert conn.execute("select count(*) from core.movies where movie_id = 4").fetchone() == (1,)
    night(**changes)
    assert conn.execute("select count(*) from staging.movies where movie_id = 4").fetchone() == (1,)


def test_a_rule_that_may_not_be_waived_is_named(conn, night):
    night(HIGH)
    with pytest.raises(ConfigError, match=r"accept may not waive ratings\.rating \(rating is .*\), which 1 of"):
        decide(conn, RATINGS, "accept", by="ada")
    assert conn.execute("select count(*) from quarantine.decision").fetchone() == (0,)


def test_a_dismissed_row_stays_out_and_can_be_taken_up_again(conn, night):
    night(HIGH)
    decide(conn, RATINGS, "dismiss", by="ada")
    assert rows(conn, Filters()) == []
    night(HIGH, STRANGER)
    assert [row["record"]["user_id"] for row in rows(conn, Filters())] == ["abc"]
    assert decide(conn, Filters(table="ratings", status="dismissed"), "undo", by="ada") == {"ratings": 1}
    night(HIGH, STRANGER, ORPHAN)
    assert len(rows(conn, Filters(rule="rating", status="rejected"))) == 1
    assert in_core(conn) == []


def test_a_pending_decision_can_be_taken_back(conn, night):
    night(HIGH)
    decide(conn, RATINGS, "edit", {"rating": 4}, "ada")
    decide(conn, RATINGS, "undo", by="ada")
    night(HIGH)
    assert statuses(conn) == ["rejected"]
    assert in_core(conn) == []


@pytest.mark.parametrize(
    ("filters", "action", "changes", "sentence"),
    [
        (Filters(), "replay", None, "replay needs to know which rows"),
        (RATINGS, "burn", None, "action is 'burn'; allowed is replay, edit, accept, dismiss, undo"),
        (Filters(table="films"), "replay", None, "table is 'films'; allowed is movies, "),
        (Filters(rule="colour"), "replay", None, "rule is 'colour'; allowed is "),
        (Filters(ids=("4",)), "replay", None, "row is '4'; allowed is slice:position"),
        (Filters(table="ratings", status="replayed"), "edit", {"rating": 1}, "edit is about rows that are rejected"),
        (Filters(table="movies"), "dismiss", None, r"no row of the quarantine is there to dismiss \(table movies\)"),
        (RATINGS, "edit", None, "edit needs changes"),
        (RATINGS, "replay", {"rating": 1}, "replay changes nothing"),
        (RATINGS, "edit", {"stars": 1}, "ratings has no column stars; allowed is user_id, movie_id, rating, rated_at"),
        (RATINGS, "edit", {"slice_id": 1}, "ratings has no column slice_id"),
        (RATINGS, "edit", {"rating": [1]}, r"rating is \[1\]; allowed is text without NUL, a number or nothing"),
        (RATINGS, "edit", {"rating": "4\0"}, "NUL"),
        (RATINGS, "edit", {"extra": "x"}, "extra may only be emptied"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(conn, night, filters, action, changes, sentence):
    night(HIGH)
    with pytest.raises(ConfigError, match=sentence):
        decide(conn, filters, action, changes, "ada")
    assert conn.execute("select count(*) from quarantine.decision").fetchone() == (0,)
    assert statuses(conn) == ["rejected"]


def test_a_decision_has_somebodys_name(conn, night):
    night(HIGH)
    with pytest.raises(ConfigError, match="needs the name of who decides"):
        decide(conn, RATINGS, "replay", by=" ")


def test_more_rows_than_the_limit_are_refused_unless_stated(conn, night):
    night(HIGH, STRANGER, ORPHAN)
    with pytest.raises(ConfigError, match=r"3 rows are meant \(table ratings\); allowed are 2 unless"):
        decide(conn, RATINGS, "dismiss", by="ada", limit=2)
    assert decide(conn, RATINGS, "dismiss", by="ada", limit=3) == {"ratings": 3}


def test_a_decision_leaves_one_line_in_the_log(conn, night, caplog):
    night(HIGH)
    caplog.set_level(logging.INFO, "movierec.ingestion.quarantine")
    caplog.clear()
    decide(conn, RATINGS, "dismiss", by="ada")
    assert caplog.messages == ["quarantine dismiss: 1 row of ratings, by ada"]


def test_a_look_logs_groups_and_examples_and_counts_them(conn, night, caplog):
    night(HIGH, STRANGER)
    caplog.set_level(logging.INFO, "movierec.ingestion.quarantine")
    caplog.clear()
    assert log_overview(conn, Filters()) == {"ratings": 2}
    assert any("broken rules" in line for line in caplog.messages)
    assert any("user_id=abc" in line for line in caplog.messages)


def test_two_people_who_decide_at_once_bring_a_row_once(conn, warehouse, night):
    night(HIGH)

    def choose(stars):
        with connect(warehouse) as mine:
            return decide(mine, RATINGS, "edit", {"rating": stars}, f"ada {stars}")

    with ThreadPoolExecutor(4) as people:
        assert list(people.map(choose, (1, 2, 3, 4))) == [{"ratings": 1}] * 4
    (chosen,) = conn.execute("select (record ->> 'rating')::real from quarantine.decision").fetchone()
    night(HIGH)
    assert in_core(conn) == in_staging(conn) == [chosen]


def test_two_nights_at_once_replay_a_row_once(conn, warehouse, app, tmp_path, night):
    night(HIGH)
    decide(conn, RATINGS, "edit", {"rating": 4}, "ada")
    origin = Origin(str(tmp_path), tmp_path / "cache", {}, {"app": "movierec_app"}, lambda _: endpoint(app), False)
    nights = [open_batch(conn, f"twin{number}", str(tmp_path)) for number in (1, 2)]

    def run(batch_id):
        with connect(warehouse) as mine:
            extract(mine, batch_id, "movielens", SOURCES.create("movielens", origin))
            stage(mine, batch_id)

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(run, nights))
    copies = "select count(*) from raw.ratings where (user_id, movie_id, rating) = ('11', '2', '4')"
    assert conn.execute(copies).fetchone() == (1,)
    night(HIGH)
    assert in_core(conn) == in_staging(conn) == [4]


def test_a_decision_during_staging_waits_and_finds_the_row_replayed(conn, warehouse, app, tmp_path, night):
    night(HIGH)
    decide(conn, RATINGS, "edit", {"rating": 4}, "ada")
    batch_id = open_batch(conn, "slow", str(tmp_path))
    with connect(warehouse) as slow, ThreadPoolExecutor(1) as person:
        lock_step(slow, STEP)
        carry_sources(slow, batch_id)
        run_sql(slow, "quarantine/replay", {"batch_id": batch_id})

        def change_my_mind():
            with connect(warehouse) as mine:
                return decide(mine, RATINGS, "edit", {"rating": 1}, "ada")

        late = person.submit(change_my_mind)
        while not conn.execute("select 1 from pg_locks where not granted").fetchone():
            conn.rollback()
        slow.commit()
        with pytest.raises(ConfigError, match="no row of the quarantine is there to edit"):
            late.result()
    assert conn.execute("select count(*) from quarantine.decision").fetchone() == (0,)


def test_a_replayed_row_stays_out_when_the_rules_would_let_it_pass_by_now(conn, app, tmp_path, night):
    night(HIGH, STRANGER)
    decide(conn, Filters(rule="rating"), "edit", {"rating": 4}, "ada")
    night(HIGH, STRANGER)
    conn.execute("alter table staging.ratings drop constraint ratings_check")
    conn.execute("update ops.row_rule set predicate = 'true' where table_name = 'ratings' and rule = 'rating'")
    conn.execute("call ops.build_rule_views()")
    conn.commit()
    ingest(conn, app, tmp_path, "judged-again", is_full=True)
    assert in_staging(conn) == [4]
    assert layer_counts(conn) == recorded_counts(conn)
    assert conn.execute("select * from ops.slice where raw_rows <> staging_rows + quarantine_rows").fetchall() == []
