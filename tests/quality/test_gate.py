"""The gates on real nights. Importing and running Great Expectations takes seconds: several sentences to a run."""

from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy

from movierec.errors import ConfigError, QualityError
from movierec.ingestion.batch import accept_batch, open_batch
from movierec.ingestion.core import core_as_of
from movierec.ingestion.extract import extract
from movierec.quality.findings import report_lines
from movierec.quality.gate import check, check_by_hand
from movierec.quality.measurement import exposed_batch, measure
from movierec.quality.project import GATES
from movierec.sources.registry import SOURCES
from movierec.sources.source import Origin
from tests import movielens
from tests.night import endpoint, ingest, staged

RATINGS = [f"{user}\t{movie}\t{1 + (user + movie) % 5}\t881250949" for user in range(10, 210) for movie in (1, 2)]
MOVIES = ["1\tToy Story\t1995\tComedy", "2\tHeat\t1995\tCrime"]


def write(folder, ratings=RATINGS, movies=MOVIES):
    return movielens.write(folder, inter=ratings, item=movies)


def extracted(conn, app, folder, run_id, **choices):
    """Take a folder and an app database through to raw, no further."""
    batch_id = open_batch(conn, run_id, str(folder), **choices)
    origin = Origin(str(folder), folder / "cache", {}, {"app": "movierec_app"}, lambda _: endpoint(app))
    for source in ("movielens", "app"):
        extract(conn, batch_id, source, SOURCES.create(source, origin))
    return batch_id


def failures(findings):
    """Map the sentences that failed to what was seen."""
    return {finding.sentence: str(finding).partition("; seen: ")[2] for finding in findings if not finding.passed}


def count(conn, query):
    return conn.execute(query).fetchone()[0]


@pytest.fixture
def usual_night(conn, app, tmp_path):
    """Measure and accept one night of four hundred ratings."""
    folder = write(tmp_path / "usual")
    batch_id = ingest(conn, app, folder, "usual", accept=False)
    for gate in GATES:
        with exposed_batch(conn, gate, batch_id):
            measure(conn, gate, batch_id)
    accept_batch(conn, batch_id, 14)
    return folder


def test_a_good_night_passes_every_gate_and_leaves_results_bounds_and_docs(conn, app, tmp_path, usual_night):
    batch_id = ingest(conn, app, usual_night, "next", accept=False)
    for gate in GATES:
        assert check(conn, gate, batch_id, tmp_path / "quality") | {"expectations": 0} == {
            "expectations": 0,
            "warnings": 0,
            "failures": 0,
        }
    assert (tmp_path / "quality" / "data_docs" / "index.html").is_file()
    passed = "select gate, count(*) from ops.quality_result where batch_id = %s and passed group by gate"
    assert {gate for gate, found in conn.execute(passed, [batch_id]) if found >= 10} == set(GATES)
    bounds = (
        "select observed -> 'measured' -> 'ratings rows', bounds -> 'measured' @> "
        """'[{"subject": "ratings", "usual": 400, "lower": 300}]' from ops.quality_result """
        "where batch_id = %s and suite = 'raw_volume' and expectation like 'every table has at least 75 %%'"
    )
    assert conn.execute(bounds, [batch_id]).fetchone() == (400, True)
    ranges = "select bounds from ops.quality_result where suite = 'core_users' and expectation like 'age lies%'"
    assert conn.execute(ranges).fetchone() == ({"min_value": 1, "max_value": 120},)


def test_a_drop_stops_the_night_before_staging_unless_the_operator_accepts_it(conn, app, tmp_path, usual_night):
    batch_id = extracted(conn, app, write(tmp_path / "tenth", RATINGS[:40]), "tenth")
    expected = r"raw_volume: every table has at least 75 % .* table_name=ratings raw_rows=40 usual_rows=400 lower=300"
    with pytest.raises(QualityError, match=expected):
        check(conn, "raw", batch_id, tmp_path / "quality")
    assert count(conn, "select count(*) from staging.ratings") == count(conn, "select count(*) from core.ratings")
    failed = "select suite, severity from ops.quality_result where not passed order by severity"
    assert conn.execute(failed).fetchall() == [("raw_volume", "critical"), ("raw_volume", "warning")]
    accepted = extracted(conn, app, write(tmp_path / "tenth", RATINGS[:40]), "tenth", accept_volume_change=True)
    assert accepted == batch_id
    assert check(conn, "raw", batch_id, tmp_path / "quality")["warnings"] == 0


def test_the_first_gate_names_every_kind_of_damage_in_raw(conn, app, tmp_path, usual_night):
    batch_id = extracted(conn, app, usual_night, "broken")
    conn.execute("update ops.batch_source set status = 'failed', message = 'movies.csv: column title is missing'")
    conn.execute("insert into ops.batch_source values (%s, 'imdb', 'failed', 'no such host')", [batch_id])
    news = "update ops.slice set new_columns = '{mood, weight}', batch_id = %s where piece like '%%inter'"
    conn.execute(news, [batch_id])
    conn.execute("alter table raw.tags rename tag to label")
    conn.execute("drop view staging.links_typed cascade")
    conn.execute("alter table raw.links alter imdb_id type bigint using null")
    conn.commit()
    seen_of = failures(check_by_hand(conn, ["raw"]))
    assert "column title is missing" in seen_of["movielens delivered tonight, or was not asked"]
    assert "source=imdb" in seen_of["a source that failed stands with what it brought on an earlier night"]
    assert "source=app status=failed nights_without=2 message=" in seen_of["every source delivered tonight"]
    assert seen_of["no source brings a column that its contract does not know"] == (
        "source=movielens piece=tiny.inter table_name=ratings new_columns=mood, weight"
    )
    assert (
        "table_name=links column_name=imdb_id agreed_type=text seen_type=bigint"
        in (seen_of["every table has the columns of its contract, and no others"])
    )
    conn.execute("delete from ops.batch_slice")
    conn.execute("delete from ops.batch where batch_id <> %s", [batch_id])
    conn.commit()
    seen_of = failures(check_by_hand(conn, suites=["raw_volume"]))
    assert seen_of["there are movies and ratings"] == "table_name=movies raw_rows=0; table_name=ratings raw_rows=0"


def test_a_source_that_fails_is_a_warning_for_six_nights_and_then_stops_them(conn, app, tmp_path):
    folder = write(tmp_path / "data")
    first = staged(conn, app, folder, "first")
    accept_batch(conn, first, 14)
    for night in range(6):
        batch_id = staged(conn, app, folder, f"night {night}", sources=["movielens"])
        conn.execute("update ops.batch_source set status = 'failed' where batch_id = %s and source = 'app'", [batch_id])
        accept_batch(conn, batch_id, 14)
    sentence = "no source that is asked has been without delivery for 7 nights"
    assert sentence not in failures(check_by_hand(conn, suites=["raw_sources"], batch_id=batch_id))
    last = staged(conn, app, folder, "last", sources=["movielens"])
    assert sentence not in failures(check_by_hand(conn, suites=["raw_sources"], batch_id=last)), "was not asked"
    conn.execute("update ops.batch_source set status = 'failed' where batch_id = %s and source = 'app'", [last])
    conn.commit()
    found = failures(check_by_hand(conn, suites=["raw_sources"], batch_id=last))
    assert "source=app status=failed nights_without=7" in found[sentence]


def test_a_source_that_no_setting_names_any_more_has_not_failed_and_explains_why_rows_are_missing(conn, app, tmp_path):
    with psycopg.connect(app) as other:
        other.execute("insert into user_profile (user_id) select number from generate_series(1, 60) as number")
    folder = write(tmp_path / "data")
    first = staged(conn, app, folder, "first", named=["movielens", "app"])
    with exposed_batch(conn, "raw", first):
        measure(conn, "raw", first)
    accept_batch(conn, first, 14)
    second = staged(conn, app, folder, "second", sources=["movielens"], named=["movielens"])
    expected = r"user_profile raw_rows=2 usual_rows=62 .*\| app: no setting names this source any more: the 60 rows"
    with pytest.raises(QualityError, match=expected):
        check(conn, "raw", second, tmp_path / "quality")
    failed = conn.execute("select distinct suite from ops.quality_result where not passed").fetchall()
    assert failed == [("raw_volume",)]


def test_many_rejected_rows_stop_the_night_a_few_are_a_warning_and_so_is_one_of_very_few(conn, app, tmp_path):
    few = staged(conn, app, write(tmp_path / "few", [*RATINGS, *["x"] * 4], [*MOVIES, "x\tHeat\t1995\tCrime"]), "few")
    assert check(conn, "staging", few, tmp_path / "quality")["warnings"] == 1
    seen = "select observed ->> 'examples' from ops.quality_result where not passed"
    assert count(conn, seen).count("table_name") == 2
    many = staged(conn, app, write(tmp_path / "many", [*RATINGS, *["x"] * 40]), "many")
    with pytest.raises(QualityError, match=r"at most 5 % of a table's rows.*table_name=ratings.*quarantine_rows=40"):
        check(conn, "staging", many, tmp_path / "quality")
    again = staged(conn, app, tmp_path / "many", "carried")
    assert failures(check_by_hand(conn, suites=["staging_distribution"], batch_id=again)) == {}, "checked before"


def test_the_second_gate_names_every_kind_of_damage_in_staging(conn, app, tmp_path, usual_night):
    with psycopg.connect(app) as shop:
        shop.execute("insert into user_profile (user_id, age) values (10, 24)")
        shop.execute("insert into feedback_event (event_id, user_id, movie_id, kind) values (1, 10, 1, 'view')")
    fives = [line.replace("881250949", "881250950") for line in RATINGS[:300]]
    fives = [line.replace(f"\t{line.split()[2]}\t", "\t5\t") for line in fives]
    staged(conn, app, write(tmp_path / "data", fives, [*MOVIES, "3\tAlien\t1979\tHorror"]), "night")
    for statement in (
        "alter table staging.movies drop constraint movies_check",
        "alter table staging.feedback_event drop constraint feedback_event_check",
        "create temp table tonight as select max(batch_id) as batch_id from ops.batch",
        "delete from staging.ratings where position = 1",
        "update staging.ratings set rating = 9 where position = 2",
        "update staging.ratings set user_id = -1, rated_at = '1970-01-01' where position = 3",
        "update raw.ratings set rating = '9' where position = 4",
        "delete from raw.movies where position = 3",
        "update staging.movies set title = null, movie_id = -1 where position = 1",
        "update staging.user_profile set age = 200",
        "update staging.feedback_event set user_id = null, kind = 'purchase'",
    ):
        conn.execute(statement)
    conn.commit()
    seen_of = failures(check_by_hand(conn, ["staging"]))
    assert "table_name=" in seen_of["raw = staging + quarantine for every table"]
    assert "table_name=movies loaded_rows=3 raw_rows=2" in seen_of["raw holds as many rows as were loaded"]
    assert "table_name=ratings position=4 broken_rules=rating" in seen_of["no row in staging breaks a row rule"]
    for sentence in (
        "rating lies between 0.5 and 5",
        "user_id and movie_id are at least 0",
        "rated_at lies between 1990 and tomorrow",
    ):
        assert seen_of[sentence] == "table_name=ratings broken_rows=1"
    assert "value=5" in seen_of["the mean of tonight's ratings is within one star of the usual"]
    assert seen_of["title is never empty"] == "empty"
    assert seen_of["movie_id lies between 0 and 2147483647"] == "-1"
    assert seen_of["age lies between 1 and 120"] == "200"
    assert seen_of["kind is one of view, click, like, dislike, dismiss, rating"] == "purchase"
    assert "user_id is never empty" in seen_of


def test_the_third_gate_names_every_kind_of_damage_in_core(conn, app, tmp_path, usual_night):
    batch_id = ingest(conn, app, usual_night, "broken", accept=False)
    for statement in (
        "alter table core.movie_genre drop constraint movie_genre_pkey",
        "alter table core.movie_person drop constraint movie_person_role_check",
        "delete from core.movies where movie_id = 2",
        "delete from core.users where user_id between 10 and 80",
        "update core.ratings set rating = 4.8",
        "update core.ratings set rating = 7 where user_id = 11",
        "insert into core.movie_genre values (99, 'Drama')",
        "insert into core.movie_person values (1, 'nobody', 'gaffer', 0)",
        "insert into core.events values ('app', 'e', 10, 1, 'purchase', null, now()), "
        "('app', 'f', 11, 1, 'rating', 9, now())",
        "update core.movies set title = '', release_year = 1066, runtime_minutes = 0, imdb_id = '114709'",
        "insert into core.tags values (11, 98, 'fun', now())",
        "insert into core.movie_alias values (97, 96)",
        "update core.users set age = 200, age_group = 'old'",
        "insert into core.ratings select 11, movie_id, 5, '2020-01-01' from generate_series(3, 300) as movie_id",
    ):
        conn.execute(statement)
    conn.commit()
    findings = check_by_hand(conn, ["core"], batch_id=batch_id)
    seen_of = failures(findings)
    assert (
        "movie_genre agreed_key=movie_id, genre found_key=none"
        in (seen_of["every table has its primary key, and it is valid"])
    )
    names = "every rating, tag, event, genre, credit, country and alias names a movie of the catalogue"
    (measured,) = [finding.observed["measured"] for finding in findings if finding.sentence == names]
    orphans = {"movie_alias": 1, "movie_country": 1, "movie_genre": 2, "movie_person": 1, "ratings": 498, "tags": 1}
    assert measured == {"events unknown_movie": 0} | {f"{table} unknown_movie": rows for table, rows in orphans.items()}
    assert "table_name=movie_genre broken_rows=2" in seen_of[names]
    known = seen_of["every viewer who rated or did something is known"]
    assert "table_name=events broken_rows=2" in known
    assert "table_name=ratings broken_rows=440" in known
    assert seen_of["every credit names a person that is known"] == "table_name=movie_person broken_rows=1"
    assert seen_of["every rating lies between 0.5 and 5"] == "table_name=ratings broken_rows=2"
    assert (
        "table_name=users core_rows=129"
        in (seen_of["every table has at least 75 % of its usual rows; fewer only where nights vary that much"])
    )
    assert "no table has more than 150 % of its usual rows; more only where nights vary that much" in seen_of
    assert "the mean rating is within 0.75 stars of the usual" in seen_of
    assert "no number of stars is given much more or less often than usual" in seen_of
    assert "viewers rate about as much as usual, and none more than a person could" in seen_of
    assert "200" in seen_of["age lies between 1 and 120"]
    assert "age_group is one of under 18, 18-24, 25-34, 35-44, 45-49, 50-55, 56+" in seen_of
    assert seen_of["release_year lies between 1870 and 2100"] == "1066"
    assert seen_of["runtime_minutes lies between 1 and 100000"] == "0"
    assert seen_of["imdb_id is tt and at least seven digits"] == "114709"
    assert seen_of["role is one of actor, director, writer"] == "gaffer"
    assert seen_of["billing is at least 1"] == "0"
    assert seen_of["kind is one of view, click, like, dislike, dismiss, rating"] == "purchase"
    assert "value=9" in seen_of["the value of a rating event lies between 0.5 and 5"]
    assert "title has 1 to 500 characters" in seen_of


def test_ratings_that_are_all_equal_and_a_viewer_beyond_human_pace_are_warnings(conn, app, tmp_path):
    batch_id = ingest(conn, app, write(tmp_path / "data", [line[:-11] + "3" + line[-10:] for line in RATINGS]))
    conn.execute("update core.ratings set rating = 3")
    conn.execute("insert into core.ratings select 10, number, 3, '2020-01-01' from generate_series(3, 60000) as number")
    conn.execute(
        "insert into core.movies (movie_id, title) select number, 'x' from generate_series(3, 60000) as number"
    )
    conn.commit()
    result = check(conn, "core", batch_id, tmp_path / "quality")
    assert result["warnings"] == 3
    failed = "select expectation from ops.quality_result where not passed order by expectation"
    assert [row[0].split(",")[0] for row in conn.execute(failed)] == [
        "about as many movies as usual have a genre",
        "ratings differ as much as usual",
        "viewers rate about as much as usual",
    ]


def test_an_earlier_night_is_checked_in_the_schema_that_shows_it(conn, app, tmp_path):
    folder = write(tmp_path / "data")
    first = ingest(conn, app, folder, "first", as_of=datetime(2026, 1, 1, tzinfo=UTC))
    second = ingest(conn, app, folder, "second", as_of=datetime(2026, 1, 2, tzinfo=UTC))
    with core_as_of(conn, first) as schema:
        assert schema == "past"
    conn.execute("update past.users set age = 200 where user_id = 10")
    conn.execute("update core.movies set release_year = 1066 where movie_id = 1")
    conn.commit()
    assert set(failures(check_by_hand(conn, ["core"], batch_id=first))) == {"age lies between 1 and 120"}
    assert set(failures(check_by_hand(conn, ["core"], batch_id=second))) == {"release_year lies between 1870 and 2100"}
    assert set(failures(check_by_hand(conn, ["core"]))) == {"release_year lies between 1870 and 2100"}, "the newest"


def test_every_connection_of_the_url_sees_the_night_and_the_schema(conn, app, tmp_path):
    batch_id = ingest(conn, app, write(tmp_path / "data"))
    with exposed_batch(conn, "core", batch_id) as url:
        engine = sqlalchemy.create_engine(url)
        for _ in range(2):
            with engine.connect() as other:
                seen = other.execute(sqlalchemy.text("select ops.gate_batch(), current_schema()")).one()
                assert tuple(seen) == (batch_id, "core")
                other.execute(sqlalchemy.text("select pg_terminate_backend(pg_backend_pid()) where false"))
                other.invalidate()
        engine.dispose()
    assert conn.execute("select ops.gate_batch(), current_schema()").fetchone() == (None, "public")


def test_a_look_by_hand_leaves_no_trace_and_says_what_is_allowed(conn, app, tmp_path, usual_night):
    batch_id = ingest(conn, app, usual_night, "next", accept=False)
    before = conn.execute("select * from ops.batch, ops.metric, ops.quality_result").fetchall()
    conn.execute("delete from core.ratings where user_id < 150")
    conn.commit()
    found = check_by_hand(conn, suites=["core_volume"])
    assert {finding.suite for finding in found} == {"core_volume"}
    text = "\n".join(report_lines(found))
    assert "ok      core_volume: there are movies, ratings and viewers" in text
    assert "FAILED  core_volume: every table has at least 75 % of its usual rows" in text
    assert "        ratings rows: 120, usual 400, allowed from 300 to -" in text
    assert conn.execute("select * from ops.batch, ops.metric, ops.quality_result").fetchall() == before
    assert count(conn, f"select count(*) from ops.metric where batch_id = {batch_id}") == 0


def test_an_expectation_that_could_not_be_evaluated_is_no_finding(conn, app, tmp_path):
    batch_id = ingest(conn, app, write(tmp_path / "data"), accept=False)
    conn.execute("alter table core.movies alter imdb_rating type text")
    conn.commit()
    with pytest.raises(RuntimeError, match="core_movies could not be evaluated"):
        check(conn, "core", batch_id, tmp_path / "quality")
    assert count(conn, "select count(*) from ops.quality_result") == 0


def test_what_cannot_be_checked_is_named_with_what_can(conn, app, tmp_path):
    with pytest.raises(ConfigError, match="gate 'serving' is unknown; allowed: raw, staging, core"):
        check(conn, "serving", 1, tmp_path)
    with pytest.raises(ConfigError, match="suite 'core_rating' is unknown; allowed: core_distribution, core_events"):
        check_by_hand(conn, suites=["core_rating"])
    with pytest.raises(ConfigError, match="there is no batch yet"):
        check_by_hand(conn)
    with pytest.raises(ConfigError, match="batch 7 does not exist"):
        check(conn, "raw", 7, tmp_path)
    batch_id = open_batch(conn, "night", "x")
    conn.execute("update ops.batch set is_pruned = true")
    conn.commit()
    with pytest.raises(ConfigError, match=f"rows of batch {batch_id} have been pruned"):
        check(conn, "staging", batch_id, tmp_path)


def test_only_a_sample_of_a_large_load_is_asked_again(conn, app, tmp_path):
    staged(conn, app, write(tmp_path / "data"))
    conn.execute("update ops.slice set raw_rows = 999_999 where table_name = 'ratings'")
    conn.execute("update raw.ratings set rating = '9'")
    conn.execute("select set_config('movierec.batch', max(batch_id)::text, false) from ops.batch")
    asked = conn.execute("select bool_and(position % 2 = 0), count(*) from staging.gate_violation").fetchone()
    assert asked == (True, 20)
