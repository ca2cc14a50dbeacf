"""The form that brings rejected rows back, for real, between two nights."""

import sys

import pytest

from tests import movielens
from tests.dags.test_nights import query, states

BAD = "11\t2\t9\t881250952"
# `dag.test` keeps the conf of one run as the defaults of the next: every field is stated each time.
FORM = {
    "action": "list",
    "table": None,
    "source": None,
    "rule": None,
    "batch": None,
    "rows": [],
    "status": None,
    "changes": {},
    "limit": 10_000,
    "who": None,
    "start_night": True,
}


@pytest.fixture
def folder(night, tmp_path):
    """Write a dataset with one rating off its scale, and take it through staging."""
    folder = movielens.write(tmp_path / "data", inter=[*movielens.FILES["inter"], BAD])
    take_in(night, folder)
    return folder


def ask(night, **fields):
    """Fill in the form and run the DAG."""
    return night.run("movierec_replay", **{**FORM, **fields})


def take_in(night, folder):
    """Run the stages of a night; the whole DAG is tested elsewhere."""
    from movierec.db import connect
    from tests.night import ingest

    with connect(night.warehouse) as conn:
        (number,) = conn.execute("select count(*) from ops.batch").fetchone()
        ingest(conn, night.app, folder, f"night {number}")


def ratings(night):
    return query(night.warehouse, "select rating from core.ratings where (user_id, movie_id) = (11, 2)")


def nights_started():
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        return session.query(DagRun).filter(DagRun.dag_id == "movierec_ingest").count()


def test_an_edited_row_arrives_with_the_next_night_and_stays_one(night, folder):
    run = night.run(
        "movierec_replay", action="edit", rule="rating", changes={"rating": 4}, who="ada", start_night=False
    )
    assert states(run) == {
        "look": "success",
        "decide": "success",
        "wants_night": "success",
        "start_night": "skipped",
    }
    assert query(night.warehouse, "select record ->> 'rating', decided_by from quarantine.decision") == [("4", "ada")]
    for _ in range(3):
        take_in(night, folder)
        assert ratings(night) == [(4,)]
    assert query(night.warehouse, "select status from quarantine.row") == [("replayed",)]


def test_a_list_shows_groups_and_rows_and_decides_nothing(night, folder, caplog):
    run = ask(night)
    assert run.state == "success", states(run)
    assert states(run)["start_night"] == "skipped"
    shown = caplog.text
    assert "broken rules" in shown
    assert "rating=9" in shown
    assert query(night.warehouse, "select count(*) from quarantine.decision") == [(0,)]


def test_a_night_is_started_so_that_the_row_arrives_now(night, folder):
    before = nights_started()
    run = ask(night, action="edit", table="ratings", changes={"rating": 4})
    assert states(run)["start_night"] == "success", states(run)
    assert nights_started() == before + 1
    assert "airflow.providers.openlineage.plugins.listener" not in sys.modules  # it is off
    (decision,) = query(night.warehouse, "select decided_by from quarantine.decision")
    assert decision == ("dag_test",)


def test_a_dismissal_needs_no_night(night, folder):
    run = ask(night, action="dismiss", table="ratings")
    assert states(run)["start_night"] == "skipped"
    assert query(night.warehouse, "select status from quarantine.row") == [("dismissed",)]


def test_a_refusal_fails_at_once_and_starts_no_night(night, folder):
    run = ask(night, action="accept", table="ratings")
    assert states(run) == {
        "look": "success",
        "decide": "failed",
        "wants_night": "upstream_failed",
        "start_night": "upstream_failed",
    }
    assert query(night.warehouse, "select count(*) from quarantine.decision") == [(0,)]


def test_the_form_offers_every_action(airflow):
    from movierec.ingestion.quarantine import ACTIONS

    schema = airflow.dags["movierec_replay"].params.get_param("action").schema
    assert schema["enum"] == ["list", *ACTIONS]
    assert set(airflow.dags["movierec_replay"].params) == set(FORM)


def test_the_form_explains_itself_and_can_be_left_alone(airflow):
    dag = airflow.dags["movierec_replay"]
    assert dag.doc_md.strip().startswith("###")
    assert (dag.schedule, dag.catchup, dag.max_active_runs) == (None, False, 1)
    assert all(task.retries >= 1 and task.execution_timeout and task.owner == "movierec" for task in dag.tasks)
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.description, name
        assert param.schema["title"], name
