"""The question to a person, asked and answered as the scheduler and the interface do it."""

import json
import time
from datetime import timedelta

import pytest

from movierec.db import connect
from tests import movielens
from tests.dags.conftest import point_dags_at
from tests.dags.test_nights import query, states
from tests.http_servers import serving
from tests.web_hook import WebHook

QUICK = {"protocols": ["per_user_temporal"]}


@pytest.fixture(scope="session")
def popular_night(airflow, night_states):
    """Let a night be taken in and popularity become champion, which is asked of nobody: there is none yet."""

    def fill(conn, app, settings):
        with pytest.MonkeyPatch.context() as patched:
            night = point_dags_at(airflow, patched, conn.info.dsn, app, settings)
            folder = movielens.generate(settings.home / "data", users=100, each=30)
            assert night.run("movierec_ingest", dataset=str(folder)).state == "success"
            first = night.run("movierec_train", rankers=["popularity"], approval="always", **QUICK)
            assert first.state == "success", states(first)
            assert {states(first)[task] for task in ("ask_person", "approved")} == {"skipped"}

    return night_states.get("popular_night", fill)


def let_time_pass(session, ti):
    """Do what the scheduler does when the time is up."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    ti.trigger_timeout -= timedelta(days=1)
    session.flush()
    SchedulerJobRunner(Job()).check_awaiting_input_timeouts(session=session)


def approve(session, ti):
    """Do what the interface does with an answer."""
    from airflow.models.trigger import handle_event_submit
    from airflow.sdk import timezone
    from airflow.triggers.base import TriggerEvent

    detail = ti.hitl_detail
    detail.responded_by, detail.responded_at = {"id": "7", "name": "ana"}, timezone.utcnow()
    detail.chosen_options, detail.params_input = ["Approve"], {}
    session.flush()
    handle_event_submit(TriggerEvent(detail.as_resume_event_payload()), task_instance=ti, session=session)


@pytest.fixture
def asked_run(night, monkeypatch):
    """Return what trains beside somebody who answers: a run that waits for a person sleeps, and `how` is done then."""

    def asked_run(how, **params):
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import select
        from sqlalchemy.orm import joinedload

        words = []

        def answer(seconds):
            with create_session(scoped=False) as session:
                waiting = select(TaskInstance).options(joinedload(TaskInstance.hitl_detail))
                waiting = waiting.where(TaskInstance.state == "awaiting_input")
                for asked in session.scalars(waiting).unique().all():
                    words.extend([asked.hitl_detail.subject, asked.hitl_detail.body])
                    how(session, asked)

        with monkeypatch.context() as patched:
            patched.setattr(time, "sleep", answer)
            run = night.run("movierec_train", **QUICK, **params)
        assert run.state == "success", states(run)
        return words, states(run)

    return asked_run


def approve_what_is_asked_anew(challenger):
    """Return who clears the question once the comparison has another outcome, and approves what is shown then."""
    asked = []

    def approve_anew(session, ti):
        from airflow.models.taskinstance import clear_task_instances
        from airflow.models.xcom import XComModel
        from sqlalchemy import select

        asked.append(ti.id)
        if len(asked) > 1:
            assert asked[0] != asked[1], "Airflow did not start the task anew"
            return approve(session, ti)
        compared = select(XComModel).where(
            XComModel.task_id == "compare", XComModel.run_id == ti.run_id, XComModel.key == "return_value"
        )
        outcome = session.scalars(compared).one()
        outcome.value = {**outcome.value, "challenger": challenger}
        session.flush()
        return clear_task_instances([ti], session=session, dag_run_state=False)

    return approve_anew


@pytest.fixture
def hook(monkeypatch):
    """Take notices as Slack does."""
    with serving(WebHook()) as server:
        connection = {"conn_type": "slackwebhook", "schema": "http", "host": server.address, "password": "T0/B0/X0"}
        monkeypatch.setenv("AIRFLOW_CONN_ON_CALL", json.dumps(connection))
        monkeypatch.setenv("MOVIEREC_NOTIFY", "on_call")
        yield server


def champions(night):
    return query(
        night.warehouse,
        "select champion.ranker, verdict, decided_by from ml.champion join ml.decision using (training_id)"
        " order by training_id",
    )


def test_a_training_by_the_clock_that_has_nothing_to_do_is_skipped_and_told_to_nobody(
    first_night, night, airflow, monkeypatch
):
    """Every morning the clock starts one, or two: a red run and its notices would be there on each good day."""
    opening = airflow.dags["movierec_train"].get_task("open_training").python_callable
    monkeypatch.setitem(opening.__globals__, "is_automatic", lambda: True)  # as where the clock has started the run
    run = night.run("movierec_train")
    assert run.state == "success", states(run)
    ended = states(run)
    assert {state for task, state in ended.items() if task != "record_night"} == {"skipped"}, ended
    assert query(night.warehouse, "select kind, message from ops.notice where dag_id = 'movierec_train'") == []
    assert query(night.warehouse, "select count(*) from ml.training") == [(1,)]


def test_an_answer_to_a_question_that_was_cleared_is_refused_where_it_would_be_another_one_by_now(
    popular_night, night, asked_run
):
    """A cleared approval shows its first subject for ever (apache/airflow#72155): what is approved is not what is read.

    Should Airflow show the new one some day, the second assertion says so, and an answer to that may count.
    """
    said, ended = asked_run(approve_what_is_asked_anew("slim"), rankers=["ease"], approval="always")
    assert said[::2] == ["Shall ease become champion?", "Shall ease become champion?"]
    assert (ended["ask_person"], ended["choose_champion"]) == ("success", "success")
    assert champions(night) == [("popularity", "promote", "rules"), ("popularity", "promote", "rules")]
    (reason,) = query(night.warehouse, "select reason from ml.champion order by training_id desc limit 1")[0]
    assert "; the answer of ana was to what this run asked before it was repeated, so popularity stays" in reason


def test_a_person_is_asked_before_the_champion_changes_and_silence_keeps_it(popular_night, night, asked_run, hook):
    said, ended = asked_run(let_time_pass, rankers=["ease"], approval="always")
    assert said[0] == "Shall ease become champion?"
    assert "over the champion popularity" in said[1]
    assert (ended["ask_person"], ended["approved"], ended["choose_champion"]) == ("success", "skipped", "success")

    _, ended = asked_run(approve, rankers=["ease"], approval="always")
    assert (ended["ask_person"], ended["approved"], ended["choose_champion"]) == ("success", "success", "success")

    told = query(night.warehouse, "select dag_id, task_id, message, link from ops.notice where kind = 'question'")
    assert len(told) == 2
    for dag_id, task_id, message, link in told:
        assert (dag_id, task_id) == ("movierec_train", "ask_person")
        assert "ease become champion?" in message
        assert link.partition("?")[0].endswith("/tasks/ask_person/required_actions")
    assert [post.fields["text"] for post in hook.posts] == [message for _, _, message, _ in told]

    assert champions(night) == [
        ("popularity", "promote", "rules"),
        ("popularity", "promote", "timeout"),
        ("ease", "promote", "ana"),
    ]
    with connect(night.warehouse) as conn:
        (reason,) = conn.execute("select reason from ml.champion order by training_id desc limit 1").fetchone()
    assert reason.endswith("; ana approved ease")


def test_tuned_values_of_one_night_are_used_by_the_next_and_a_sure_lead_needs_nobody(popular_night, night):
    for trials in (2, 0):
        run = night.run("movierec_train", rankers=["ease"], tuning_trials=trials, approval="when unsure", **QUICK)
        assert run.state == "success", states(run)
    assert [row[0] for row in champions(night)] == ["popularity", "ease", "ease"]
    assert {states(run)[task] for task in ("ask_person", "approved")} == {"skipped"}
    assert query(night.warehouse, "select ranker, trials from ml.tuned where ranker = 'ease'") == [("ease", 2)]
    names = query(night.warehouse, "select distinct ranker, training_id from ml.trial order by 1")
    assert names == [("ease", 2), ("popularity", 2)]


def test_the_form_says_which_split_decides_and_the_settings_on_how_many(popular_night, night, monkeypatch):
    monkeypatch.setenv("MOVIEREC_EVALUATED_VIEWERS", "25")
    run = night.run("movierec_train", rankers=["popularity"], deciding_protocol="global_temporal", **QUICK)
    assert run.state == "success", states(run)
    ((protocol, reason),) = query(night.warehouse, "select protocol, reason from ml.decision where training_id = 2")
    assert protocol == "global_temporal"
    assert reason.endswith("; compared under global_temporal")
    evaluated = query(night.warehouse, "select distinct protocol from ml.user_metric where training_id = 2 order by 1")
    assert evaluated == [("global_temporal",), ("per_user_temporal",)]
    assert query(night.warehouse, "select users from ml.evaluation where training_id = 2") == [(25,)]
