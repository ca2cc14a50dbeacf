"""What a person marks as failed in Airflow: the run ends red, and a notice says so."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tests import movielens
from tests.dags.test_nights import query, states

TOLD = "select dag_id, task_id, message from ops.notice where kind = 'failure' and run_id = 'begun' order by notice_id"
MAX_SECONDS = 30


@pytest.fixture
def begin_run(airflow, night):
    """Return what begins a run, with some of its tasks in the states they would be in by now."""
    from airflow.models.dagrun import DagRun
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import delete

    night.run("movierec_publish")  # and Airflow knows its DAGs

    def begin_run(dag_id, **task_states):
        with create_session(scoped=False) as session:
            now = datetime.now(UTC)
            SerializedDagModel.get_dag(dag_id, session=session).create_dagrun(
                **{"run_id": "begun", "run_type": DagRunType.MANUAL, "triggered_by": DagRunTriggeredByType.TEST},
                **{"run_after": now, "start_date": now, "state": DagRunState.RUNNING, "session": session},
            )
            session.flush()
            for instance in session.query(TaskInstance).filter_by(run_id="begun", dag_id=dag_id):
                instance.state = task_states.get(instance.task_id)
        return SimpleNamespace(dag_id=dag_id, warehouse=night.warehouse)

    yield begin_run
    with create_session(scoped=False) as session:
        session.execute(delete(DagRun).where(DagRun.run_id == "begun"))


def opened(session, begun):
    from airflow.models.dagrun import DagRun
    from airflow.models.serialized_dag import SerializedDagModel

    run = session.query(DagRun).filter_by(dag_id=begun.dag_id, run_id="begun").one()
    run.dag = SerializedDagModel.get_dag(begun.dag_id, session=session)
    return run


def mark_run(begun, state="failed"):
    """Do what Airflow's API server does with a run that a person marks."""
    from airflow.api_fastapi.core_api.datamodels.dag_run import DagRunMutableStates
    from airflow.api_fastapi.core_api.services.public.dag_run import patch_dag_run_state
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        run = opened(session, begun)
        patch_dag_run_state(dag=run.dag, dag_run=run, state=DagRunMutableStates(state), session=session)


def mark_task(begun, task_id):
    """Do what Airflow's API server does with a task that a person marks as failed."""
    from airflow.api_fastapi.core_api.datamodels.task_instances import BulkTaskInstanceBody
    from airflow.api_fastapi.core_api.services.public.task_instances import _patch_task_instance_state
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState

    with create_session(scoped=False) as session:
        dag, body = opened(session, begun).dag, BulkTaskInstanceBody(task_id=task_id, new_state="failed")
        _patch_task_instance_state(task_id, "begun", dag, body, {"new_state": TaskInstanceState.FAILED}, session)


def finish(begun):
    """Do what the scheduler does with what is left of a run, and return its state and the tasks that still ran."""
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState

    ran = []
    with create_session(scoped=False) as session:
        run = opened(session, begun)
        while run.state == "running":
            ready, _ = run.update_state(session=session, execute_callbacks=False)
            for instance in ready:
                instance.state = TaskInstanceState.SUCCESS
                ran.append(instance.task_id)
            session.flush()
        return run.state, ran


def await_notices(begun):
    """Return the notices of the run, once there is one."""
    deadline = time.monotonic() + MAX_SECONDS
    while not (rows := query(begun.warehouse, TOLD)):
        assert time.monotonic() < deadline, "nothing was told"
        time.sleep(0.1)
    return rows


@pytest.mark.parametrize(
    ("dag_id", "task_states", "place"),
    [
        ("movierec_train", {"open_training": "success", "take_snapshot": "running"}, "movierec_train.take_snapshot"),
        ("movierec_train", {}, "movierec_train"),
        ("movierec_ingest", {"open_batch": "running"}, "movierec_ingest.open_batch"),
        ("movierec_publish", {"open_version": "success"}, "movierec_publish"),
    ],
)
def test_a_run_that_is_marked_as_failed_records_its_night_and_is_red(begin_run, dag_id, task_states, place):
    begun = begin_run(dag_id, **task_states)
    mark_run(begun)
    assert finish(begun) == ("failed", ["record_night"])
    ((_, _, message),) = await_notices(begun)
    assert message.startswith(f"{place} failed (night of ")
    assert "marked as failed: by somebody in Airflow" in message


def all_but_the_record(airflow, dag_id):
    return {task_id: "success" for task_id in airflow.dags[dag_id].task_ids if task_id != "record_night"}


@pytest.mark.parametrize("dag_id", ["movierec_ingest", "movierec_train", "movierec_publish"])
def test_a_run_that_is_marked_as_failed_while_its_night_is_recorded_is_red(airflow, begin_run, dag_id):
    begun = begin_run(dag_id, **all_but_the_record(airflow, dag_id))
    mark_run(begun)
    assert finish(begun) == ("failed", ["record_night"])
    assert [row[:2] for row in await_notices(begun)] == [(dag_id, None)]


def test_a_dag_of_somebody_elses_is_left_alone_whatever_it_is_called(airflow):
    from movierec_nights import is_ours

    assert all(is_ours(SimpleNamespace(dag_id=dag_id)) for dag_id in airflow.dags)
    assert not is_ours(SimpleNamespace(dag_id="movierec_guests"))


def test_a_run_that_is_marked_as_successful_after_all_is_green(airflow, begin_run):
    begun = begin_run("movierec_publish", **all_but_the_record(airflow, "movierec_publish"))
    mark_run(begun)
    mark_run(begun, "success")
    assert finish(begun) == ("success", ["record_night"])


@pytest.mark.parametrize("dag_id", ["movierec_feedback", "movierec_maintenance", "movierec_forget", "movierec_replay"])
def test_a_run_without_a_record_of_its_night_is_red_at_once(begin_run, dag_id):
    begun = begin_run(dag_id)
    mark_run(begun)
    assert finish(begun) == ("failed", [])
    assert [row[:2] for row in await_notices(begun)] == [(dag_id, None)]


def test_a_task_that_is_marked_as_failed_is_told_and_its_run_is_red(begin_run):
    begun = begin_run("movierec_train", open_training="success", take_snapshot="running")
    mark_task(begun, "take_snapshot")
    assert finish(begun) == ("failed", ["record_night"])
    assert [row[:2] for row in await_notices(begun)] == [("movierec_train", "take_snapshot")]


@pytest.mark.parametrize(
    ("gate", "next_task"), [("check_raw", "stage"), ("check_staging", "build_core"), ("check_core", "accept_batch")]
)
def test_a_gate_that_is_marked_as_successful_lets_nothing_through(airflow, night, tmp_path, capsys, gate, next_task):
    form = {**airflow.forms["movierec_ingest"], "dataset": str(movielens.generate(tmp_path / "data"))}
    run = airflow.dags["movierec_ingest"].test(run_conf=form, mark_success_pattern=gate)
    assert (run.state, states(run)[gate], states(run)[next_task]) == ("failed", "success", "failed")
    assert f"batch_id is missing, which {gate} should have left" in capsys.readouterr().out
    assert query(night.warehouse, "select count(*) from ops.batch where status = 'accepted'") == [(0,)]
