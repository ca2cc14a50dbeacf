import pytest

from movierec.db import connect
from movierec.errors import SourceError
from movierec.ingestion.core import build_core
from movierec.ingestion.stage import stage
from movierec.local.demo_app import seed
from movierec.quality.sentences import warnings
from tests import movielens
from tests.night import ingest, staged

WITH_APP, WITHOUT_APP = ("movielens", "app"), ("movielens",)
GOOD = "10\t1\t5\t881250949"


def quarantined(conn, table="ratings"):
    found = conn.execute(
        "select broken_rules, record from quarantine.row where table_name = %s order by position", [table]
    )
    return found.fetchall()


@pytest.mark.parametrize(
    ("table", "changes", "rule"),
    [
        ("movies", {"item": ["1\tToy Story\t1995\t" + "x" * 9000]}, "genres_length"),
        ("movies", {"item": ["1\t" + "x" * 9000 + "\t1995\tDrama"]}, "title"),
        ("graph", {"kg": ["m.toys\tfilm.film.actor\t" + "x" * 9000]}, "tail_id"),
        ("movie_link", {"link": ["1\t" + "x" * 9000]}, "entity_id"),
    ],
)
def test_text_that_no_index_could_hold_goes_to_quarantine(conn, app, tmp_path, table, changes, rule):
    ingest(conn, app, movielens.write(tmp_path, **changes))
    assert [rules for rules, _ in quarantined(conn, table)] == [[rule]]


def test_a_broken_profile_goes_to_quarantine_with_its_reason(conn, app, tmp_path):
    folder = movielens.write(tmp_path, user=["10\t24\tM\ttechnician\t85711", "abc\t\tF\tother\t94043"])
    seed(app, folder)
    ingest(conn, app, folder)
    assert [rules for rules, _ in quarantined(conn, "user_profile")] == [["user_id"]] * 2  # the file and the app
    assert conn.execute("select age from core.users where user_id = 10").fetchone() == (24,)


def test_good_rows_are_cast_and_named(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    rows = conn.execute("select user_id, movie_id, rating, rated_at::text from staging.ratings order by position")
    assert rows.fetchone() == (10, 1, 5, "1997-12-04 15:55:49+00")


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        ("10\t1\t9\t881250949", ["rating"]),
        ("10\t1\t0\t881250949", ["rating"]),
        ("10\t1\tNaN\t881250949", ["rating"]),
        ("10\t1\tgood\t881250949", ["rating"]),
        ("ten\t1\t5\t881250949", ["user_id"]),
        ("-10\t1\t5\t881250949", ["user_id"]),
        ("99999999999999999999\t1\t5\t881250949", ["user_id"]),
        ("10\tone\t5\t881250949", ["movie_id", "movie_known"]),
        ("10\t77\t5\t881250949", ["movie_known"]),
        ("10\t1\t5\t0", ["rated_at"]),
        ("10\t1\t5\t9999999999", ["rated_at"]),
        ("10\t1\t5\tnan", ["rated_at"]),
        ("0x0A\t1\t5\t881250949", ["user_id"]),
        ("9223372036854775807\t1\t5\t881250949", ["user_id"]),
        ("1_0\t1\t5\t881250949", ["user_id"]),
        ("10\t1\t0x4\t881250949", ["rating"]),
        ("10\t1\tInfinity\t881250949", ["rating"]),
        ("10\t1", ["columns", "rated_at", "rating"]),
        ("10\t1\t5\t881250949\textra", ["columns"]),
        ("-\t\t\t", ["movie_id", "movie_known", "rated_at", "rating", "user_id"]),
    ],
)
def test_a_broken_rating_goes_to_quarantine_with_every_reason(conn, app, tmp_path, line, broken):
    ingest(conn, app, movielens.write(tmp_path, inter=[GOOD, line]))
    assert [rules for rules, _ in quarantined(conn)] == [broken]
    assert conn.execute("select count(*) from staging.ratings").fetchone() == (1,)


def test_quarantine_keeps_the_whole_row_and_the_rules_sentence(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path, inter=[GOOD, "10\t1\t9\t881250949"]))
    ((_, record),) = quarantined(conn)
    assert record == {
        "user_id": "10",
        "movie_id": "1",
        "rating": "9",
        "rated_at": "881250949",
        "extra": None,
        "is_deleted": False,
    }
    ((reason,),) = conn.execute("select reasons from quarantine.row").fetchone()
    assert reason.startswith("rating is a number on the scale of its source")


def test_ratings_of_a_quarantined_movie_follow_it(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path, item=["1\tToy Story\t1995\tComedy", "two\tHeat\t1995\tCrime"]))
    assert [rules for rules, _ in quarantined(conn, "movies")] == [["movie_id"]]
    assert [rules for rules, _ in quarantined(conn)] == [["movie_known"]]


def test_a_warning_keeps_the_row_and_is_counted(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select release_year from staging.movies where title = 'unknown'").fetchone() == (None,)
    counted = conn.execute(
        "select rule, broken_rows from ops.rule_count join ops.slice using (slice_id) where table_name = 'movies'"
    ).fetchall()
    assert counted == [("release_year", 1)]


@pytest.mark.parametrize("kind", ["view", "click", "like", "dislike", "dismiss"])
def test_whatever_a_viewer_can_say_is_let_through(conn, app, tmp_path, kind):
    with connect(app) as other:
        other.execute("insert into feedback_event (user_id, movie_id, kind) values (10, 1, %s)", [kind])
    ingest(conn, app, movielens.write(tmp_path))
    assert conn.execute("select kind from core.events").fetchall() == [(kind,)]


@pytest.mark.parametrize(
    ("values", "broken"),
    [
        ("(1, 10, 1, 'rating', 4.5)", None),
        ("(1, 10, 1, 'view', null)", None),
        ("(1, 10, 1, 'rating', null)", ["value"]),
        ("(1, 10, 1, 'rating', 9)", ["value"]),
        ("(1, 10, 77, 'view', null)", ["movie_known"]),
        ("(1, 10, 1, 'shrug', null)", ["kind"]),
        ("(1, -10, 1, 'view', null)", ["user_id"]),
    ],
)
def test_events_are_checked_by_their_kind(conn, app, tmp_path, values, broken):
    with connect(app) as other:
        other.execute(f"insert into feedback_event (event_id, user_id, movie_id, kind, value) values {values}")
    ingest(conn, app, movielens.write(tmp_path))
    assert [rules for rules, _ in quarantined(conn, "feedback_event")] == ([broken] if broken else [])


def test_every_raw_row_is_in_staging_or_in_quarantine(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path, inter=[GOOD, "x", "10\t1\t9\t1"], kg=["only a head"]))
    rows = conn.execute(
        "select table_name, counted.* from ops.slice, ops.layer_rows(slice_id) as counted where source = 'movielens'"
    ).fetchall()
    assert ("ratings", 3, 1, 2) in rows
    assert ("graph", 1, 0, 1) in rows
    assert all(raw == kept + rejected for _, raw, kept, rejected in rows)
    noted = "select table_name, raw_rows, staging_rows, quarantine_rows from ops.slice where source = 'movielens'"
    assert sorted(conn.execute(noted).fetchall()) == sorted(rows)


def test_staging_a_batch_twice_leaves_the_same_rows(conn, app, tmp_path):
    batch_id = ingest(conn, app, movielens.write(tmp_path, inter=[GOOD, "x"]))
    tables = "select (select jsonb_agg(ratings) from staging.ratings), (select jsonb_agg(q) from quarantine.row as q)"
    before = conn.execute(tables).fetchone()
    stage(conn, batch_id)
    assert conn.execute(tables).fetchone() == before
    conn.execute("update ops.slice set staged_at = null")
    stage(conn, batch_id)
    assert conn.execute(tables).fetchone() == before


def test_a_second_night_with_the_same_files_loads_and_stages_nothing(conn, app, tmp_path):
    folder = movielens.write(tmp_path, inter=[GOOD, "x"])
    first = ingest(conn, app, folder, "first")
    loaded = conn.execute("select max(slice_id), max(staged_at) from ops.slice where source = 'movielens'").fetchone()
    second = ingest(conn, app, folder, "second")
    assert (
        conn.execute("select max(slice_id), max(staged_at) from ops.slice where source = 'movielens'").fetchone()
        == loaded
    )
    seen = "select slice_id from ops.batch_slice join ops.slice using (slice_id) where source = 'movielens' and"
    assert (
        conn.execute(f"{seen} batch_slice.batch_id = {first} order by 1").fetchall()
        == conn.execute(f"{seen} batch_slice.batch_id = {second} order by 1").fetchall()
    )


def test_a_source_that_fails_leaves_the_night_with_what_it_brought_last(conn, app, tmp_path):
    folder = movielens.write(tmp_path)
    ingest(conn, app, folder, "first")
    (folder / "tiny.inter").write_text((folder / "tiny.inter").read_text().replace("rating:float", "points:float"))
    with pytest.raises(SourceError, match=r"tiny.inter: column rating is missing; seen: .*points"):
        staged(conn, app, folder, "second")
    second = staged(conn, app, folder, "second", sources=["app"])
    told = conn.execute("select source, status, message from ops.batch_source where batch_id = %s order by 1", [second])
    assert [(source, status) for source, status, _ in told] == [("app", "delivered"), ("movielens", "failed")]
    assert sum(build_core(conn, second).values()) == 0
    assert conn.execute("select count(*) from core.ratings").fetchone() == (3,)


def left_and_back(conn, app, folder):
    """Yield the batch of a night with the application, of two without it in the settings, and of one with it again."""
    for night, named in enumerate((WITH_APP, WITHOUT_APP, WITHOUT_APP, WITH_APP)):
        yield ingest(conn, app, folder, f"night {night}", sources=named, named=named)


def test_a_source_that_no_setting_names_any_more_leaves_which_is_said_once_and_comes_back(conn, app, tmp_path):
    with connect(app) as other:
        other.execute("insert into user_profile (user_id, age) values ('10', '31'), ('12', '40')")
        other.execute("insert into feedback_event (user_id, movie_id, kind) values (12, 2, 'like')")
    seen = "select (select array_agg((user_id, age)::text order by user_id) from core.users), count(*) from core.events"
    facts, said = [], []
    for batch_id in left_and_back(conn, app, movielens.write(tmp_path)):
        facts.append(conn.execute(seen).fetchone())
        said.append([sentence for sentence in warnings(conn, batch_id) if sentence.startswith("app")])
    with_it, without_it = (["(10,31)", "(11,53)", "(12,40)"], 1), (["(10,24)", "(11,53)"], 0)
    assert facts == [with_it, without_it, without_it, with_it]
    assert said[0] == said[2] == said[3] == []
    assert said[1] == [
        "app: no setting names this source any more: the 3 rows that batch 1 has of it count no longer, until it is "
        "named again"
    ]


def test_ratings_of_a_movie_that_only_a_source_listed_which_has_left_wait_for_it(conn, app, tmp_path):
    with connect(app) as other:
        other.execute("create table movies (movie_id bigint, title text, updated_at timestamptz default now())")
        other.execute("insert into movies values (77, 'Heat')")
    rated = []
    for _ in left_and_back(conn, app, movielens.write(tmp_path, inter=[GOOD, "10\t77\t4\t881250949"])):
        rated.append(conn.execute("select array_agg(movie_id order by movie_id) from core.ratings").fetchone()[0])
        unknown = "select count(*) from core.ratings where movie_id not in (select movie_id from core.movies)"
        assert conn.execute(unknown).fetchone() == (0,)
    assert rated == [[1, 77], [1], [1], [1, 77]]


def test_a_run_that_starts_over_without_a_source_has_nothing_of_it(conn, app, tmp_path):
    with connect(app) as other:
        other.execute("insert into user_profile (user_id, age) values ('12', '40')")
    folder = movielens.write(tmp_path)
    staged(conn, app, folder, "night", named=WITH_APP)
    batch_id = staged(conn, app, folder, "night", sources=WITHOUT_APP, named=WITHOUT_APP)
    sources = (
        "select array_agg(distinct source) from ops.batch_slice join ops.slice using (slice_id)"
        " where batch_slice.batch_id = %s"
    )
    assert conn.execute(sources, [batch_id]).fetchone() == (["movielens"],)
    assert conn.execute("select source from ops.batch_source").fetchall() == [("movielens",)]


def test_a_source_that_settings_name_and_a_form_leaves_out_stands_with_what_it_brought(conn, app, tmp_path):
    with connect(app) as other:
        other.execute("insert into user_profile (user_id, age) values ('12', '40')")
    folder = movielens.write(tmp_path)
    ingest(conn, app, folder, "first", named=WITH_APP)
    ingest(conn, app, folder, "second", sources=WITHOUT_APP, named=WITH_APP)
    assert conn.execute("select count(*) from core.users where age = 40").fetchone() == (1,)


def test_ratings_of_a_movie_that_comes_later_arrive_with_it(conn, app, tmp_path):
    ingest(conn, app, movielens.write(tmp_path / "first", inter=[GOOD, "10\t77\t4\t881250949"]), "first")
    assert [rules for rules, _ in quarantined(conn)] == [["movie_known"]]
    folder = movielens.write(
        tmp_path / "second", inter=[GOOD, "10\t77\t4\t881250949"], item=["1\tA\t1995\tDrama", "77\tB\t1995\tDrama"]
    )
    for name in ("second", "third"):
        ingest(conn, app, folder, name)
        assert conn.execute("select movie_id, rating from core.ratings order by 1").fetchall() == [(1, 5.0), (77, 4.0)]
    assert conn.execute("select status, count(*) from quarantine.row group by 1").fetchall() == [("replayed", 1)]
