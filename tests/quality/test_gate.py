import json

import pytest

from movierec.batch import accept_batch, open_batch
from movierec.config import ROOT
from movierec.errors import ConfigError, QualityError
from movierec.quality import check
from movierec.quality.gate import GATES
from movierec.sources.registry import extract_source
from movierec.stage import stage
from tests import movielens
from tests.night import ingest

RATINGS = [f"{user}\t{movie}\t{1 + (user + movie) % 5}\t881250949" for user in range(10, 210) for movie in (1, 2)]


MOVIES = ["1\tToy Story\t1995\tComedy", "2\tHeat\t1995\tCrime"]


def write(folder, ratings):
    return movielens.write(folder, inter=ratings, item=MOVIES)


def staged(conn, app, folder, run_id, accept_volume_change=False):
    batch_id = open_batch(conn, run_id, str(folder), accept_volume_change)
    for source in ("movielens", "app"):
        extract_source(conn, batch_id, source, lambda _: app)
    stage(conn, batch_id)
    return batch_id


@pytest.fixture
def usual(conn, app, tmp_path):
    """Accept one night of four hundred ratings."""
    ingest(conn, app, write(tmp_path / "usual", RATINGS), "usual")


def test_a_good_night_passes_both_gates_and_leaves_results_and_docs(conn, app, tmp_path):
    batch_id = ingest(conn, app, write(tmp_path / "data", RATINGS))
    for gate in GATES:
        assert check(conn, gate, batch_id, tmp_path / "quality")["failures"] == 0
    assert (tmp_path / "quality" / "data_docs" / "index.html").is_file()
    judged = conn.execute("select gate, count(*) from ops.quality_result where passed group by gate").fetchall()
    assert {gate for gate, count in judged if count > 20} == set(GATES)


def test_half_the_rows_stop_the_night_and_the_message_names_them(conn, app, tmp_path, usual):
    batch_id = staged(conn, app, write(tmp_path / "half", RATINGS[:200]), "half")
    expected = r"staging_volume: every table has at least 75 % .* table_name=ratings raw_rows=200 usual_rows=400"
    with pytest.raises(QualityError, match=expected):
        check(conn, "staging", batch_id, tmp_path / "quality")
    assert conn.execute("select count(*) from core.ratings").fetchone() == (400,)
    failed = conn.execute("select suite, severity from ops.quality_result where not passed").fetchall()
    assert failed == [("staging_volume", "critical")]


def test_fewer_rows_pass_where_the_operator_accepts_them(conn, app, tmp_path, usual):
    batch_id = staged(conn, app, write(tmp_path / "half", RATINGS[:200]), "half", True)
    assert check(conn, "staging", batch_id, tmp_path / "quality")["failures"] == 0


def test_a_night_that_was_stopped_is_no_measure_for_the_next(conn, app, tmp_path, usual):
    staged(conn, app, write(tmp_path / "half", RATINGS[:200]), "stopped")
    batch_id = staged(conn, app, write(tmp_path / "again", RATINGS[:200]), "again")
    with pytest.raises(QualityError, match="usual_rows=400"):
        check(conn, "staging", batch_id, tmp_path / "quality")


def test_a_change_that_was_accepted_is_the_measure_from_then_on(conn, app, tmp_path, usual):
    accept_batch(conn, staged(conn, app, write(tmp_path / "half", RATINGS[:200]), "half", True), 14)
    batch_id = staged(conn, app, tmp_path / "half", "next")
    seen = "select usual_rows, ratio from ops.volume_tonight where table_name = 'ratings'"
    assert conn.execute(seen).fetchone() == (200, 1)
    assert check(conn, "staging", batch_id, tmp_path / "quality")["failures"] == 0


def test_an_accepted_night_that_is_staged_again_is_no_measure_until_it_is_accepted_again(conn, app, tmp_path, usual):
    accept_batch(conn, staged(conn, app, write(tmp_path / "data", RATINGS), "again"), 14)
    staged(conn, app, write(tmp_path / "data", RATINGS[:100]), "again")
    staged(conn, app, write(tmp_path / "data", RATINGS), "next")
    seen = "select usual_rows from ops.volume_tonight where table_name = 'ratings'"
    assert conn.execute(seen).fetchone() == (400,)


def test_an_expectation_that_could_not_be_judged_is_no_finding(conn, app, tmp_path):
    batch_id = ingest(conn, app, write(tmp_path / "data", RATINGS), accept=False)
    conn.execute("alter table core.events rename to events_elsewhere")
    conn.commit()
    with pytest.raises(RuntimeError, match="core_events could not be judged"):
        check(conn, "core", batch_id, tmp_path / "quality")
    assert conn.execute("select count(*) from ops.quality_result").fetchone() == (0,)


def test_many_rejected_rows_stop_the_night_and_a_few_are_a_warning(conn, app, tmp_path):
    few = staged(conn, app, write(tmp_path / "few", [*RATINGS, *["x"] * 4]), "few")
    assert check(conn, "staging", few, tmp_path / "quality")["warnings"] == 1
    accept_batch(conn, few, 14)
    many = staged(conn, app, write(tmp_path / "many", [*RATINGS, *["x"] * 40]), "many")
    with pytest.raises(QualityError, match=r"at most 5 % of a table's rows are rejected.*quarantine_rows=40"):
        check(conn, "staging", many, tmp_path / "quality")


def test_the_first_gate_names_every_kind_of_damage_in_staging(conn, app, tmp_path):
    batch_id = staged(conn, app, write(tmp_path / "data", RATINGS), "night")
    conn.execute("delete from staging.ratings where position = 1")
    conn.execute("update staging.ratings set rating = 9 where position = 2")
    conn.execute("update raw.ratings set rating = '9' where position = 3")
    conn.commit()
    with pytest.raises(QualityError) as stopped:
        check(conn, "staging", batch_id, tmp_path / "quality")
    assert "raw = staging + quarantine for every table; seen: table_name=ratings raw_rows=400 staging_rows=399" in str(
        stopped.value
    )
    assert "rating lies between 0.5 and 5; seen: 9" in str(stopped.value)
    assert "no row in staging breaks a row rule; seen: table_name=ratings position=3" in str(stopped.value)


def test_the_second_gate_names_every_kind_of_damage_in_core(conn, app, tmp_path):
    batch_id = ingest(conn, app, write(tmp_path / "data", RATINGS), accept=False)
    conn.execute("delete from core.movies where movie_id = 2")
    conn.execute("delete from core.users where user_id = 10")
    conn.execute("update core.ratings set rating = 7 where user_id = 11")
    conn.execute("insert into core.movie_genre values (99, 'Drama')")
    conn.commit()
    with pytest.raises(QualityError) as stopped:
        check(conn, "core", batch_id, tmp_path / "quality")
    assert "every rated movie is in the catalogue; seen: user_id=" in str(stopped.value)
    assert "every viewer who rated is known; seen: user_id=10" in str(stopped.value)
    assert "rating lies between 0.5 and 5; seen: 7" in str(stopped.value)
    assert "every genre belongs to a movie of the catalogue" in str(stopped.value)
    assert "movie_id=99 genre=Drama" in str(stopped.value)


def test_an_older_batch_is_not_judged_in_place_of_the_latest(conn, app, tmp_path):
    first = staged(conn, app, movielens.write(tmp_path / "data"), "first")
    staged(conn, app, tmp_path / "data", "second")
    with pytest.raises(ConfigError, match="is not the latest one"):
        check(conn, "staging", first, tmp_path / "quality")


def test_an_unknown_gate_is_named_with_the_known_ones(conn, tmp_path):
    with pytest.raises(ConfigError, match="gate 'serving' is unknown; allowed: staging, core"):
        check(conn, "serving", 1, tmp_path)


def test_every_expectation_says_what_it_is_for():
    for path in (ROOT / "great_expectations" / "expectations").glob("*.json"):
        for expectation in json.loads(path.read_text())["expectations"]:
            assert expectation["description"], path.name
            assert expectation["severity"] in ("critical", "warning"), path.name


def test_the_project_holds_no_url_and_no_password():
    text = (ROOT / "great_expectations" / "great_expectations.yml").read_text()
    assert "connection_string: ${MOVIEREC_WAREHOUSE_URL}" in text
    assert "://" not in text
