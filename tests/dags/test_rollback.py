"""Undo by form: a question with the kept versions, a version by name, a stored model again; for real."""

import time
from datetime import timedelta

import pytest

from movierec.db import connect
from movierec.publishing.pointer import go_live
from tests.dags.test_nights import query, states
from tests.dags.test_train import let_time_pass

FORM = {"version": None, "training": None, "why": None, "who": None}
LIVE = "select version_id from serving.live"
MOVE = "select from_version_id, to_version_id, moved_by, reason from ops.pointer_move order by move_id desc limit 1"
NIGHT = """
    with batch as (
        insert into ops.batch (run_id, dataset, as_of, status)
        values (gen_random_uuid()::text, 'folder', %(as_of)s::timestamptz, 'accepted') returning batch_id
    ), training as (
        insert into ml.training (run_id, batch_id, seed)
        select gen_random_uuid()::text, batch_id, 1 from batch returning training_id
    ), champion as (
        insert into ml.champion select training_id, %(ranker)s, 'the best' from training
    )
    insert into serving.version (run_id, training_id, ranker, list_length, status)
    select 'run', training_id, %(ranker)s, 2, 'audited' from training returning version_id
"""


@pytest.fixture
def two_versions(night):
    """Make two nights live, one after the other: versions 1 and 2."""
    for day, ranker in ((1, "ease"), (2, "hybrid")):
        make_live(night, day, ranker)
    return night


def make_live(night, day, ranker):
    with connect(night.warehouse) as conn:
        (version_id,) = conn.execute(NIGHT, {"as_of": f"2026-03-0{day} 02:00Z", "ranker": ranker}).fetchone()
        go_live(conn, version_id)


def ask(night, **fields):
    return night.run("movierec_rollback", **{**FORM, **fields})


@pytest.fixture
def answered(two_versions, monkeypatch):
    """Run the empty form beside somebody who answers, and return what was asked and how the tasks ended."""

    def answered(how, state="success"):
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import select
        from sqlalchemy.orm import joinedload

        questions = []

        def answer(seconds):
            with create_session(scoped=False) as session:
                waiting = select(TaskInstance).options(joinedload(TaskInstance.hitl_detail))
                for asked in session.scalars(waiting.where(TaskInstance.state == "awaiting_input")).unique().all():
                    questions.append(asked.hitl_detail)
                    how(session, asked)

        with monkeypatch.context() as patched:
            patched.setattr(time, "sleep", answer)
            run = ask(two_versions)
        assert run.state == state, states(run)
        return questions, states(run)

    return answered


def choose(choice, why):
    """Return what the interface does with this answer."""

    def choose(session, ti):
        from airflow.models.trigger import handle_event_submit
        from airflow.sdk import timezone
        from airflow.triggers.base import TriggerEvent

        detail = ti.hitl_detail
        detail.responded_by, detail.responded_at = {"id": "7", "name": "ana"}, timezone.utcnow()
        detail.chosen_options, detail.params_input = [choice], {"reason": why} if why is not None else {}
        session.flush()
        handle_event_submit(TriggerEvent(detail.as_resume_event_payload()), task_instance=ti, session=session)

    return choose


def test_an_empty_form_shows_the_kept_versions_and_moves_to_the_one_chosen(two_versions, answered):
    questions, ended = answered(choose("version 1", "too many sequels"))
    assert questions[0].subject == "Which version shall be live?"
    assert questions[0].options == ["version 1", "leave as it is"]
    table, _, legend = questions[0].body.partition("\n\n")
    heads, _, *rows = table.splitlines()
    assert heads.startswith("| version | status | ranker | training | as of |")
    assert [row.split(" | ")[:3] for row in rows] == [["| 2", "live", "hybrid"], ["| 1", "published", "ease"]]
    explained = [head for head in heads.strip("| ").split(" | ") if f"**{head}**" in legend]
    assert explained == ["status", "as of", "ndcg", "coverage", "churn", "taken back"]
    assert (ended["move_pointer"], ended["fill_in_form"]) == ("success", "skipped")
    assert query(two_versions.warehouse, MOVE) == [(2, 1, "ana", "too many sequels")]
    assert query(two_versions.warehouse, LIVE) == [(1,)]


def test_the_interface_takes_no_answer_without_a_reason(two_versions, answered):
    questions, _ = answered(choose("leave as it is", "no need"))
    reason = questions[0].params["reason"]
    # Airflow's page keeps its buttons grey while a field is null whose type is not
    assert (reason["value"], reason["schema"]["type"], reason["schema"]["title"]) == (None, "string", "Why")


@pytest.mark.parametrize("why", [None, "", "  "])
def test_an_answer_that_a_program_gives_without_a_reason_is_refused_at_once(two_versions, answered, capsys, why):
    _, ended = answered(choose("version 1", why), "failed")
    assert ended["move_pointer"] == "failed"
    assert "moving the pointer by hand needs a reason" in capsys.readouterr().out
    assert query(two_versions.warehouse, LIVE) == [(2,)]


@pytest.mark.parametrize("how", [choose("leave as it is", "no need"), let_time_pass])
def test_who_answers_may_leave_it_and_so_does_silence(two_versions, answered, how):
    _, ended = answered(how)
    assert (ended["ask_version"], ended["move_pointer"]) == ("skipped", "skipped")
    assert query(two_versions.warehouse, LIVE) == [(2,)]


def test_an_answer_about_lists_that_a_night_has_replaced_meanwhile_is_refused(two_versions, answered, capsys):
    def answer_late(session, ti):
        make_live(two_versions, 3, "ease")
        choose("version 1", "too many sequels")(session, ti)

    _, ended = answered(answer_late, "failed")
    assert ended["move_pointer"] == "failed"
    assert "version 3 has gone live since the versions were listed, when version 2 was, and" in capsys.readouterr().out
    assert query(two_versions.warehouse, LIVE) == [(3,)]


def test_a_version_by_name_needs_no_question(two_versions):
    run = ask(two_versions, version=1, why="too many sequels", who="ada")
    assert run.state == "success", states(run)
    assert (states(run)["ask_version"], states(run)["publish_again"]) == ("skipped", "skipped")
    assert query(two_versions.warehouse, MOVE) == [(2, 1, "ada", "too many sequels")]
    again = ask(two_versions, version=2, why="they were fine")
    assert again.state == "success", states(again)
    assert query(two_versions.warehouse, MOVE) == [(1, 2, "dag_test", "they were fine")]


def test_a_stored_model_is_handed_to_movierec_publish(two_versions):
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    run = ask(two_versions, training=1, why="the model of last week", who="ada")
    assert run.state == "success", states(run)
    assert (states(run)["publish_again"], states(run)["move_pointer"]) == ("success", "skipped")
    with create_session() as session:
        triggered = session.query(DagRun).filter(DagRun.dag_id == "movierec_publish").order_by(DagRun.id.desc()).first()
        assert triggered.conf == {"training": 1, "why": "the model of last week", "who": "ada"}
    assert query(two_versions.warehouse, LIVE) == [(2,)]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"version": 1}, "version 1 needs a reason (why)"),
        ({"version": 1, "training": 1, "why": "both"}, "allowed is one"),
        ({"version": 99, "why": "a typo"}, "version 99 does not exist; allowed are 1"),
    ],
)
def test_a_refusal_is_red_at_once_and_leaves_the_lists(two_versions, form, sentence, capsys):
    run = ask(two_versions, **form)
    assert run.state == "failed"
    assert "failed" in {states(run)["choose_way"], states(run)["move_pointer"]}
    assert sentence in capsys.readouterr().out
    assert query(two_versions.warehouse, LIVE) == [(2,)]


def test_the_question_is_left_alone_in_time(airflow):
    dag = airflow.dags["movierec_rollback"]
    assert dag.get_task("ask_version").response_timeout < dag.dagrun_timeout
    assert dag.get_task("ask_version").response_timeout == timedelta(hours=2)
