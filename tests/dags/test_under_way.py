"""Which night `make run` joins, asked of a real Airflow: its database, its scheduler's own steps, its API."""

import io
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from movierec.dag_ids import INGEST, NIGHT, PUBLISH, TRAIN
from movierec.local import environment
from movierec.local.airflow import chain
from movierec.local.airflow.api import AirflowClient, Run, UnreachableError
from movierec.local.airflow.clock import follow_clock
from movierec.local.airflow.database import give_back_tries
from movierec.local.airflow.failure import describe_failure
from movierec.local.airflow.processes import GROUP_VARIABLE, end_all
from movierec.local.airflow.progress import Progress
from movierec.local.airflow.supervisor import before_scheduler
from movierec.local.airflow.under_way import await_night, find_night
from movierec.local.airflow.waiting import describe_wait
from movierec.local.postgres import embedded_server
from tests.conftest import copy_database
from tests.dags.test_nights import query

WAREHOUSE = "AIRFLOW_CONN_MOVIEREC_WAREHOUSE"
EMPTY = "truncate asset_dag_run_queue, dagrun_asset_event, asset_event, dag_run cascade"
# What Airflow's runner does when it ends a task that it takes for failed.
FAILING_WORKER = """
import psycopg, signal, sys, time

def fail(*_):
    with psycopg.connect(sys.argv[1]) as conn:
        conn.execute(
            "update task_instance set state = case when try_number <= max_tries then 'up_for_retry' else 'failed' end "
            "where run_id = 'interrupted' and state = 'running'"
        )
    sys.exit()

signal.signal(signal.SIGTERM, fail)
print("runs", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def notices(server, administrator):
    """Copy the warehouse for what the API server tells of what is marked in it: others begin with what they copy."""
    copy_database(administrator, "warehouse", "notices")
    yield embedded_server.conninfo(server, "notices")
    administrator.execute("drop database notices with (force)")


@pytest.fixture(scope="module")
def client(airflow, notices):
    """Start Airflow's API server on the tests' metadata and return a client of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings = replace(airflow.settings, port=probe.getsockname()[1])
    variables = environment.airflow_environment(settings)
    warehouse = json.loads(variables[WAREHOUSE]) | {"schema": conninfo_to_dict(notices)["dbname"]}
    variables[WAREHOUSE] = json.dumps(warehouse)
    with (settings.home / "api-server.log").open("ab") as log:
        command = [sys.executable, "-m", "airflow", "api-server"]
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
    client = AirflowClient(settings)
    wait_until_up(client)
    yield client
    from psutil import Process

    end_all([*Process(process.pid).children(recursive=True), Process(process.pid)], 5)
    process.wait()


def wait_until_up(client):
    deadline = time.monotonic() + 120
    while True:
        try:
            return client.health()
        except UnreachableError:
            assert time.monotonic() < deadline, "no API server"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def bag(airflow):
    """Read the DAG files."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"], bundle_name="dags-folder")
    assert bag.import_errors == {}
    return bag


@pytest.fixture
def nights(airflow, client, bag):
    """Empty the metadata of runs and return what changes them: as the scheduler, the tasks and a person do."""
    from airflow.settings import Session

    Session.remove()  # runs of earlier tests in this process leave their transaction open
    with psycopg.connect(embedded_server.conninfo(airflow.settings, "airflow"), options="-c lock_timeout=30s") as conn:
        conn.execute(EMPTY)
    nights = Nights(airflow, client, bag)
    nights.read_dags()
    return nights


def test_tasks_that_a_scheduler_took_with_it_start_again_and_lose_no_try(airflow, nights):
    """The scheduler is killed while a task runs; the next one finds the task and starts it anew."""
    from airflow.executors.local_executor import LocalExecutor
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    nights.make(INGEST, "interrupted")
    with create_session() as session:
        killed = Job(job_type="SchedulerJob", state="running", latest_heartbeat=datetime.now(UTC))
        session.add(killed)
        session.flush()
        task = session.query(TaskInstance).filter_by(run_id="interrupted", task_id="open_batch").one()
        task.state, task.try_number, task.queued_by_job_id = "running", 1, killed.id
        tries_left = task.max_tries - task.try_number
    assert give_back_tries(airflow.settings) == 1

    with create_session() as session:
        runner = SchedulerJobRunner(Job(), executors=[LocalExecutor()])
        runner.adopt_or_reset_orphaned_tasks(session=session)
    with create_session() as session:
        task = session.query(TaskInstance).filter_by(run_id="interrupted", task_id="open_batch").one()
        assert task.state is None
        started_again = task.try_number + 1
        assert task.max_tries - started_again == tries_left
    assert give_back_tries(airflow.settings) == 0


def test_a_task_on_its_last_try_goes_on_though_the_end_of_its_worker_is_its_failure(airflow, nights):
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    nights.make(INGEST, "interrupted")
    with create_session() as session:
        task = session.query(TaskInstance).filter_by(run_id="interrupted", task_id="open_batch").one()
        task.state, task.try_number = "running", task.max_tries + 1
    command = [sys.executable, "-c", FAILING_WORKER, embedded_server.conninfo(airflow.settings, "airflow")]
    starter = f"import subprocess as s; worker = s.Popen({command!r}, stdout=s.PIPE); worker.stdout.readline()"
    marked = {**os.environ, GROUP_VARIABLE: str(airflow.settings.home)}
    subprocess.run([sys.executable, "-c", starter], env=marked, check=True)  # it ends, and leaves the worker
    before_scheduler(airflow.settings)
    with create_session() as session:
        task = session.query(TaskInstance).filter_by(run_id="interrupted", task_id="open_batch").one()
        assert (task.state, task.max_tries - task.try_number) == ("up_for_retry", 0)


def test_what_a_clock_that_was_set_back_has_left_in_the_future_goes_on(airflow, nights):
    """Airflow looks at no run before its moment: all would stand still for as long as the clock was set back."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    def looked_at():
        with create_session() as session:
            running = DagRun.get_running_dag_runs_to_examine(session=session).all()
            queued = DagRun.get_queued_dag_runs_to_set_running(session=session).all()
            return {run.run_id for run in (*running, *queued)}

    tomorrow = datetime.now(UTC) + timedelta(days=1)
    nights.make(INGEST, "interrupted")
    with psycopg.connect(embedded_server.conninfo(airflow.settings, "airflow")) as conn:
        conn.execute("update dag_run set run_after = %(at)s, queued_at = %(at)s, start_date = %(at)s", {"at": tomorrow})
        conn.execute(
            "update task_instance set state = 'up_for_retry', end_date = %s where task_id = 'open_batch'", [tomorrow]
        )
    assert looked_at() == set()
    assert follow_clock(airflow.settings) == 2
    assert looked_at() == {"interrupted"}
    with create_session() as session:
        task = session.query(TaskInstance).filter_by(run_id="interrupted", task_id="open_batch").one()
        assert task.end_date < datetime.now(UTC)
    assert follow_clock(airflow.settings) == 0

    with psycopg.connect(embedded_server.conninfo(airflow.settings, "airflow")) as conn:
        put_off = "update dag_run set state = 'queued', run_type = 'manual', run_after = %s, queued_at = now(),"
        conn.execute(f"{put_off} created_at = now()", [tomorrow])
    assert follow_clock(airflow.settings) == 0, "a person has put that off"


def test_a_token_that_is_not_valid_any_more_is_exchanged(client):
    stale = AirflowClient(client.settings)
    stale._token = "of.before.yesterday"  # noqa: S105 - none
    assert stale.dag(INGEST)["dag_id"] == INGEST
    assert stale.token() not in ("", "of.before.yesterday")


class Nights:
    def __init__(self, airflow, client, bag):
        self.airflow, self.client, self.bag = airflow, client, bag

    def read_dags(self):
        """Do as the DAG processor does every half minute."""
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import sync_bag_to_db

        DagBundlesManager().sync_bundles_to_db()
        sync_bag_to_db(self.bag, "dags-folder", None)

    def schedule(self):
        """Let the scheduler make the runs that are due, and start those that may start."""
        from airflow.jobs.job import Job
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
        from airflow.utils.session import create_session
        from airflow.utils.sqlalchemy import prohibit_commit

        scheduler = SchedulerJobRunner(Job(), executors=[])
        with create_session() as session, prohibit_commit(session) as guard:
            scheduler._create_dagruns_for_dags(guard, session)
            scheduler._start_queued_dagruns(session)
            guard.commit()

    def make(self, dag_id, run_id, state="running", run_type="manual", at=None, **conf):
        from airflow.models.serialized_dag import SerializedDagModel
        from airflow.utils.session import create_session
        from airflow.utils.state import DagRunState
        from airflow.utils.types import DagRunTriggeredByType, DagRunType

        at = at or datetime.now(UTC)
        kind = DagRunType(run_type)
        logical = at if kind in (DagRunType.SCHEDULED, DagRunType.BACKFILL_JOB) else None
        with create_session() as session:
            SerializedDagModel.get_dag(dag_id, session=session).create_dagrun(
                run_id=run_id,
                logical_date=logical,
                data_interval=logical and (logical, logical),
                run_after=at,
                run_type=kind,
                triggered_by=DagRunTriggeredByType.TEST,
                state=DagRunState(state),
                start_date=at,
                conf=conf,
                session=session,
            )
        return Run(dag_id, run_id)

    def end(self, run, state="success", task_id=""):
        """End a run; where a task is named, it has updated its asset before."""
        from airflow.assets.manager import asset_manager
        from airflow.models.asset import AssetModel
        from airflow.models.dagrun import DagRun
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            found = session.scalar(select(DagRun).where(DagRun.dag_id == run.dag_id, DagRun.run_id == run.run_id))
            if task_id:
                name = {INGEST: "movierec_core", TRAIN: "movierec_champion"}[run.dag_id]
                asset = session.scalar(select(AssetModel).where(AssetModel.name == name))
                task = found.get_task_instance(task_id, session=session)
                asset_manager.register_asset_change(task_instance=task, asset=asset, session=session)
            found.set_state(state)

    def runs(self, dag_id):
        return [Run(dag_id, run["dag_run_id"]) for run in self.client.runs(dag_id, ("queued", "running"))]

    def find(self):
        return find_night(self.client, NIGHT)

    def wait_for(self, run):
        tasks = self.client.task_instances(*run)
        return describe_wait(self.client, self.client.run(*run), tasks)


class Scheduling(Progress):
    """What a person sees, and a scheduler that does its part whenever something is waited for."""

    def __init__(self, schedule):
        super().__init__(io.StringIO(), quiet_seconds=0)
        self._schedule = schedule

    def wait(self, status):
        super().wait(status)
        self._schedule()

    @property
    def shown(self):
        return self._output.getvalue()


def last_tick(now=None):
    now = now or datetime.now(UTC)
    tick = now.replace(hour=2, minute=0, second=0, microsecond=0)
    return tick if tick <= now else tick - timedelta(days=1)


def at_clock(monkeypatch, now):
    from airflow.timetables import trigger
    from pendulum import instance

    monkeypatch.setattr(trigger, "utcnow", lambda: instance(now))


@pytest.mark.parametrize("minutes", [6, 60, 143])
def test_a_first_start_after_the_tick_has_no_night_to_make_up_for(nights, monkeypatch, minutes):
    tick = last_tick()
    at_clock(monkeypatch, tick + timedelta(minutes=minutes))
    nights.read_dags()
    assert nights.client.dag(INGEST)["next_dagrun_run_after"][:16] == f"{tick + timedelta(days=1):%Y-%m-%dT02:00}"


def test_a_first_night_is_not_lost_between_its_tick_and_its_run(nights, monkeypatch):
    at_clock(monkeypatch, last_tick() + timedelta(seconds=1))
    nights.read_dags()  # once more, before the scheduler has looked
    assert nights.client.dag(INGEST)["next_dagrun_run_after"][:16] == f"{last_tick():%Y-%m-%dT02:00}"
    nights.schedule()
    assert nights.runs(INGEST) == [Run(INGEST, f"scheduled__{last_tick():%Y-%m-%dT%H:%M:%S}+00:00")]


def test_where_nothing_is_under_way_or_due_there_is_nothing_to_join(nights):
    nights.make(INGEST, "by-hand", state="success")
    assert await_night(nights.client, NIGHT, Scheduling(nights.schedule)) is None


def test_the_night_during_which_the_machine_was_off_is_awaited_and_joined(nights):
    nights.make(INGEST, "before", state="success", run_type="scheduled", at=last_tick() - timedelta(days=1))
    nights.read_dags()
    progress = Scheduling(nights.schedule)
    joined = await_night(nights.client, NIGHT, progress)
    assert joined == Run(INGEST, f"scheduled__{last_tick():%Y-%m-%dT%H:%M:%S}+00:00")
    assert f"{INGEST}, due since {last_tick():%Y-%m-%d} 02:00 UTC, starts in a moment\n" in progress.shown
    nights.read_dags()
    nights.schedule()
    assert nights.runs(INGEST) == [joined]


def test_a_due_night_behind_a_past_one_says_what_it_waits_for(nights):
    nights.make(INGEST, "before", state="success", run_type="scheduled", at=last_tick() - timedelta(days=1))
    past = nights.make(INGEST, "past", as_of="2026-01-01T00:00:00+00:00")
    nights.read_dags()
    looks = itertools.count()

    def schedule():
        if next(looks) == 1:
            nights.end(past)
            nights.read_dags()
        nights.schedule()

    progress = Scheduling(schedule)
    assert await_night(nights.client, NIGHT, progress).run_id.startswith("scheduled__")
    assert f"due since {last_tick():%Y-%m-%d} 02:00 UTC, starts when {INGEST} past has ended\n" in progress.shown


def test_a_night_is_found_wherever_it_stands(nights):
    ingest = nights.make(INGEST, "by-hand")
    assert nights.find() == ingest
    nights.end(ingest, task_id="accept_batch")
    assert nights.find() == ingest  # its event has not started the training yet
    nights.schedule()
    (train,) = nights.runs(TRAIN)
    assert nights.find() == train
    nights.end(train, task_id="choose_champion")
    assert nights.find() == train
    nights.schedule()
    (publish,) = nights.runs(PUBLISH)
    assert nights.find() == publish
    nights.end(publish)
    assert nights.find() is None


def test_of_two_nights_the_one_with_the_newer_rows_is_joined(nights):
    nights.end(nights.make(INGEST, "first"), task_id="accept_batch")
    nights.schedule()
    second = nights.make(INGEST, "second")
    assert nights.find() == second


def test_what_waits_behind_a_running_night_is_not_taken_for_it(nights):
    waits = nights.make(INGEST, "waits", state="queued", at=datetime.now(UTC) - timedelta(hours=1))
    runs = nights.make(INGEST, "runs")
    assert nights.find() == runs
    assert nights.wait_for(waits) == f"starts when {INGEST} runs has ended"


@pytest.mark.parametrize("kind", [{"run_type": "backfill"}, {"as_of": "2026-01-01T00:00:00+00:00"}])
def test_a_past_night_is_not_joined_nor_what_it_triggers(nights, kind):
    past = nights.make(INGEST, "past", at=datetime(2026, 1, 1, tzinfo=UTC), **kind)
    assert nights.find() is None
    nights.end(past, task_id="accept_batch")
    assert nights.find() is None
    nights.schedule()
    assert len(nights.runs(TRAIN)) == 1
    assert nights.find() is None


def test_a_training_by_hand_is_no_night_but_one_that_the_next_training_waits_for(nights):
    by_hand = nights.make(TRAIN, "by-hand")
    assert nights.find() is None
    ingest = nights.make(INGEST, "tonight")
    nights.end(ingest, task_id="accept_batch")
    nights.schedule()

    def schedule():
        nights.end(by_hand)
        nights.schedule()

    progress = Scheduling(schedule)
    train = chain._next_run(nights.client, ingest, TRAIN, progress)
    assert train in nights.runs(TRAIN)
    assert f"{TRAIN}, which {INGEST} triggers, starts when {TRAIN} by-hand has ended\n" in progress.shown


def test_a_run_is_found_whose_event_airflow_has_not_noted_because_the_clock_was_set_back(nights):
    """Of a DAG's first run on an asset, events from before it was known count as seen."""
    known = "update dag_schedule_asset_reference set created_at = created_at + %s * interval '1 day'"
    ingest = nights.make(INGEST, "by-hand")
    with psycopg.connect(embedded_server.conninfo(nights.airflow.settings, "airflow")) as conn:
        conn.execute(known, [1])
    try:
        nights.end(ingest, task_id="accept_batch")
        nights.schedule()
    finally:
        with psycopg.connect(embedded_server.conninfo(nights.airflow.settings, "airflow")) as conn:
            conn.execute(known, [-1])
    assert nights.client.triggered_runs(*ingest) == []
    (train,) = nights.runs(TRAIN)
    assert chain._next_run(nights.client, ingest, TRAIN, Scheduling(nights.schedule)) == train


def test_a_paused_dag_is_what_a_night_waits_for(nights):
    run = nights.make(INGEST, "tonight", state="queued")
    nights.client._call("PATCH", f"/dags/{INGEST}", {"is_paused": True})
    assert nights.wait_for(run) == f"starts when {INGEST} is no longer paused in Airflow"
    nights.client._call("PATCH", f"/dags/{INGEST}", {"is_paused": False})
    assert nights.wait_for(run) == "starts in a moment"


def test_a_dag_that_is_paused_during_its_run_is_what_the_run_waits_for(nights):
    run = nights.make(INGEST, "tonight")
    nights.client._call("PATCH", f"/dags/{INGEST}", {"is_paused": True})
    waits = nights.wait_for(run)
    nights.client._call("PATCH", f"/dags/{INGEST}", {"is_paused": False})
    assert waits == f"goes on when {INGEST} is no longer paused in Airflow"


def test_tasks_that_wait_say_for_what(nights):
    run = nights.make(INGEST, "tonight")
    other = nights.make(TRAIN, "by-hand")
    with psycopg.connect(embedded_server.conninfo(nights.airflow.settings, "airflow")) as conn:
        state = "update task_instance set state = %s where run_id = %s and task_id = %s"
        assert nights.wait_for(run) == "waits for the scheduler"
        conn.execute(state, ["queued", run.run_id, "open_batch"])
        conn.execute(state, ["running", other.run_id, "open_training"])
        conn.commit()
        busy = f"waiting for a slot: open_batch (running beside this night: {TRAIN}.open_training)"
        assert nights.wait_for(run) == busy
        conn.execute(state, ["up_for_retry", run.run_id, "open_batch"])
        conn.commit()
        assert nights.wait_for(run) == "open_batch waits to be tried again"
        conn.execute(state, ["running", run.run_id, "open_batch"])
        conn.commit()
        assert nights.wait_for(run) == ""


def test_runs_of_an_earlier_group_are_marked_as_failed(nights, notices):
    interrupted = nights.make(TRAIN, "before", at=datetime.now(UTC) - timedelta(hours=1))
    own = nights.make(INGEST, "now")
    started = time.time() - 60
    assert list(chain.fail_interrupted(nights.client, NIGHT, started)) == [Run(TRAIN, "before")]
    # Its last task still notes what is known of the night: Airflow leaves a teardown to the scheduler.
    with psycopg.connect(embedded_server.conninfo(nights.airflow.settings, "airflow")) as conn:
        left = (
            "select task_id from task_instance where run_id = %s"
            " and coalesce(state, '') not in ('failed', 'skipped', 'upstream_failed')"
        )
        assert conn.execute(left, [interrupted.run_id]).fetchall() == [("record_night",)]
    deadline = time.monotonic() + 30
    while query(notices, "select run_id from ops.notice") != [(interrupted.run_id,)]:
        assert time.monotonic() < deadline, "nothing was told"
        time.sleep(0.1)
    assert nights.client.run(*own)["state"] == "running"


def test_a_run_that_was_given_up_is_not_joined_while_it_is_recorded(nights):
    before = nights.make(INGEST, "before", at=datetime.now(UTC) - timedelta(hours=1))
    given_up = list(chain.fail_interrupted(nights.client, NIGHT, time.time() - 60))
    assert given_up == [before]
    assert nights.client.run(*before)["state"] == "running"  # as long as its last task
    assert find_night(nights.client, NIGHT) == before
    assert find_night(nights.client, NIGHT, given_up) is None


def test_a_run_of_which_no_task_can_start_any_more_says_why(nights, tmp_path):
    from airflow.models.dagrun import DagRun
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session

    stuck = nights.make(INGEST, "stuck")
    with psycopg.connect(embedded_server.conninfo(nights.airflow.settings, "airflow")) as conn:
        conn.execute("delete from task_instance where run_id = 'stuck' and task_id = 'open_batch'")
        conn.execute("update task_instance set state = 'success' where run_id = 'stuck' and task_id = 'list_sources'")
    with create_session() as session:
        run = session.query(DagRun).filter_by(run_id="stuck").one()
        run.dag = SerializedDagModel.get_dag(INGEST, session=session)
        run.update_state(session=session, execute_callbacks=False)
    assert nights.client.run(*stuck)["state"] == "failed"
    said = describe_failure(nights.client.task_instances(*stuck), tmp_path, nights.client.obstacles)
    assert "(all_tasks_deadlocked):\n" in said
    assert "'all_success' requires all upstream tasks to have succeeded, but found 1 non-success(es)" in said
    assert "Task is in the" not in said


def test_following_starts_anywhere_and_ends_at_the_run_that_failed(nights):
    ingest = nights.make(INGEST, "tonight")
    nights.end(ingest, task_id="accept_batch")
    nights.schedule()
    (train,) = nights.runs(TRAIN)
    nights.end(train, state="failed")
    ended = chain.follow(nights.client, NIGHT, train, SimpleNamespace(watch=lambda *_: None, wait=lambda _: None))
    assert ended == chain.NightOutcome(train, is_success=False)
    assert chain.follow(nights.client, NIGHT, ingest, Progress(io.StringIO())) == ended
