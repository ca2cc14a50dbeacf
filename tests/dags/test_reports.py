"""The reports behind the buttons of tasks."""

import importlib
import sys

import pytest

from movierec.config import ROOT
from movierec.db import connect


@pytest.fixture
def reports(airflow, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "plugins"), *sys.path])
    return importlib.import_module("movierec_reports")


@pytest.fixture
def client(reports, night):
    """Return a client of the app as Airflow mounts it, and the headers of someone who has logged in."""
    from airflow.api_fastapi.app import init_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    manager = init_auth_manager()
    app = FastAPI()
    app.state.auth_manager = manager
    (mounted,) = reports.Reports.fastapi_apps
    app.mount(mounted["url_prefix"], mounted["app"])
    token = manager.generate_jwt(SimpleAuthManagerUser(username="viewer", role="viewer"))
    return TestClient(app, raise_server_exceptions=False), {"Authorization": f"Bearer {token}"}


@pytest.fixture
def results(night):
    """Keep two results of a gate, one of them with what must not become markup."""
    with connect(night.warehouse) as conn:
        conn.execute("insert into ops.batch (run_id, dataset, as_of) values ('one', 'folder', now())")
        conn.execute(
            "insert into ops.quality_result (batch_id, gate, suite, expectation, severity, passed, observed, bounds)"
            " values (1, 'raw', 'raw_rows', 'every table has rows', 'critical', true, '{\"observed_value\": 5}', '{}'),"
            " (1, 'core', 'core_keys', 'no <script> here', 'warning', false, '{}', '{\"max_value\": 3}')"
        )


def test_a_report_shows_what_did_not_hold_first_and_as_text(client, results):
    browser, login = client
    answer = browser.get("/movierec/reports/quality/1/", headers=login)
    assert answer.status_code == 200
    assert answer.text.index("no &lt;script&gt; here") < answer.text.index("every table has rows")
    assert "warning" in answer.text
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_quality_report_has_every_warning_with_an_example(client, results, night):
    with connect(night.warehouse) as conn:
        conn.execute("insert into ops.remark values (1, 'movielens', 1, '<b>notes.doc</b> is not read')")
        conn.execute(
            "insert into ops.slice (batch_id, source, table_name, piece, mode, fingerprint, raw_rows) "
            "values (1, 'movielens', 'ratings', 'ratings.csv', 'whole', 'x', 40)"
        )
        conn.execute("insert into ops.batch_slice select 1, max(slice_id) from ops.slice")
        conn.execute(
            "insert into quarantine.row "
            "(slice_id, position, batch_id, source, table_name, broken_rules, reasons, record) "
            "select max(slice_id), unnest(array[7, 9]), 1, 'movielens', 'ratings', '{rating}', '{off its scale}', "
            """jsonb '{"rating": "99"}' from ops.slice"""
        )
    browser, login = client
    text = browser.get("/movierec/reports/quality/1/", headers=login).text
    assert "<li>movielens: &lt;b&gt;notes.doc&lt;/b&gt; is not read</li>" in text
    assert "2 of 40 rows of ratings.csv (ratings) are rejected, against the rule rating" in text
    assert "holds &#x27;99&#x27;" in text


@pytest.mark.parametrize("path", ["quality/2/", "quality/0/", f"quality/{10**30}/", "leaderboard/1/", "other/1/"])
def test_what_there_is_not_is_not_found(client, results, path):
    browser, login = client
    assert browser.get(f"/movierec/reports/{path}", headers=login).status_code == 404


def test_who_has_not_logged_in_sees_nothing(client, results):
    browser, _ = client
    assert browser.get("/movierec/reports/quality/1/").status_code == 401
    assert browser.get("/movierec/reports/leaderboard/1/").status_code == 401


@pytest.mark.parametrize(
    ("dag_id", "task_id", "name"),
    [
        *(("movierec_ingest", f"check_{gate}", "Quality report") for gate in ("raw", "staging", "core")),
        ("movierec_train", "compare", "Leaderboard"),
        ("movierec_train", "choose_champion", "Leaderboard"),
        ("movierec_publish", "go_live", "Lists"),
    ],
)
def test_tasks_have_their_buttons_also_as_the_web_server_knows_them(airflow, dag_id, task_id, name):
    from airflow.serialization.serialized_objects import DagSerialization

    assert [link.name for link in airflow.dags[dag_id].get_task(task_id).operator_extra_links] == [name]
    known = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(airflow.dags[dag_id])).get_task(task_id)
    assert name in known.extra_links


def test_buttons_lead_to_what_the_run_made(reports):
    from types import SimpleNamespace

    ti = SimpleNamespace(xcom_pull=lambda task_ids: {"open_batch": 7, "open_training": 8}[task_ids])
    assert reports.QualityLink().get_link(None, ti_key=ti) == "/movierec/reports/quality/7/"
    assert reports.LeaderboardLink().get_link(None, ti_key=ti) == "/movierec/reports/leaderboard/8/"
    nothing = SimpleNamespace(xcom_pull=lambda task_ids: None)
    assert reports.QualityLink().get_link(None, ti_key=nothing) == ""
    assert reports.ListsLink().get_link(None, ti_key=ti) == "http://127.0.0.1:8090/"
