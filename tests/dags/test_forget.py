"""The form that forgets a person, for real: the rows go, and Airflow keeps nothing of the form either."""

import pytest

from tests import movielens
from tests.dags.test_nights import query, states

PERSON = 11
FORM = {"action": "forget", "viewer": None, "who": ""}


@pytest.fixture
def folder(night, tmp_path):
    """Take a dataset through the stages of a night, and seed the application's database."""
    from movierec.db import connect
    from tests.night import ingest

    folder = movielens.write(tmp_path / "data")
    with connect(night.app) as application:
        application.execute("insert into user_profile (user_id, age) values ('11', '40'), ('12', '30')")
    with connect(night.warehouse) as conn:
        ingest(conn, night.app, folder)
    return folder


def forget(night, **fields):
    return night.run("movierec_forget", **{**FORM, **fields})


def test_the_form_forgets_a_person(night, folder):
    (before,) = query(night.warehouse, "select count(*) from core.ratings where user_id = 11")[0]
    assert before > 0
    run = forget(night, viewer=PERSON, who="ada")
    assert states(run) == {"forget_rows": "success", "forget_in_application": "success"}
    assert query(night.warehouse, "select count(*) from core.ratings where user_id = 11") == [(0,)]
    assert query(night.warehouse, "select forgotten_by from ops.forgotten_user") == [("ada",)]
    assert query(night.app, "select user_id from user_profile") == [("12",)]


def test_the_form_allows_a_person_again(night, folder):
    forget(night, viewer=PERSON, who="ada")
    run = forget(night, viewer=PERSON, who="ada", action="allow")
    assert states(run)["forget_rows"] == "success"
    assert query(night.warehouse, "select allowed_by from ops.forgotten_user") == [("ada",)]


def test_a_form_without_a_viewer_fails_and_deletes_nothing(night, folder):
    run = forget(night, who="ada")
    assert states(run) == {"forget_rows": "failed", "forget_in_application": "upstream_failed"}
    assert query(night.warehouse, "select count(*) from ops.forgotten_user") == [(0,)]


@pytest.mark.parametrize("field", ["viewer", "veiwer"])
def test_airflow_keeps_nothing_of_the_form(night, folder, field):
    from airflow.models.dagrun import DagRun
    from airflow.models.log import Log
    from airflow.utils.session import create_session

    with create_session() as session:
        session.add(Log(event="trigger_dag_run", dag_id="movierec_forget", extra='{"conf": {"viewer": 11}}'))
        session.add(Log(event="trigger_dag_run", dag_id="movierec_replay", extra='{"conf": {"limit": 11}}'))
    run = forget(night, who="ada", **{field: PERSON})
    with create_session() as session:
        kept = session.get(DagRun, run.id)
        assert kept.conf == {"action": "forget", "who": "ada"}
        extras = session.query(Log.dag_id, Log.extra).filter(Log.event == "trigger_dag_run").all()
        assert {dag_id for dag_id, extra in extras if extra} == {"movierec_replay"}
