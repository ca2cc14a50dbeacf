"""Airflow's components killed in the middle of a night: the night ends, and leaves what a quiet one leaves."""

import os
import signal
import threading
import time
from typing import NamedTuple

import psycopg
import pytest

from movierec.dag_ids import NIGHT
from movierec.local.airflow import group
from movierec.local.postgres import embedded_server
from tests import movielens
from tests.faults.conftest import DurableServer
from tests.faults.test_interrupted import all_layers
from tests.faults.test_publication import served
from tests.installation import CommandLine

# Who is killed once a task of that name runs.
KILLS = (
    ("movierec_ingest", "stage", ("scheduler", "dag-processor", "triggerer")),
    ("movierec_train", "fit_ranker", ("api-server",)),
    ("movierec_publish", "write_lists", ("api-server", "scheduler", "dag-processor", "triggerer")),
)
RUNNING = """
select count(*)
from task_instance
where dag_id = %s and reverse(split_part(reverse(task_id), '.', 1)) = %s and state = 'running' and pid > 0
"""
# Of the night itself, not of what the clock starts beside it. A try that a restart takes is given back by another one
# that is allowed; a task that ends by itself in that very moment keeps both.
TASKS = """
select
    task_instance.dag_id, task_instance.task_id, task_instance.map_index, task_instance.state,
    task_instance.max_tries - task_instance.try_number
from task_instance
inner join dag_run on task_instance.dag_id = dag_run.dag_id and task_instance.run_id = dag_run.run_id
where task_instance.dag_id = any(%s) and dag_run.run_type in ('manual', 'asset_triggered')
order by 1, 2, 3
"""
LISTS, VIEWERS = 3000, 60
MAX_SECONDS = 3600


class Left(NamedTuple):
    """What a night leaves.

    Attributes:
        tasks: of each DAG, with their states and how many tries they have left.
        lists: the live version and digests of what is served.
        rows: the facts of core, and how many rows of each slice are in which layer.
        dead: the pids of the components that were killed.
    """

    tasks: list[tuple[object, ...]]
    lists: tuple[object, ...]
    rows: tuple[object, ...]
    dead: list[int]


class Killer(threading.Thread):
    """Kills components of an installation, each time when a certain task runs, and waits for those that follow."""

    def __init__(self, settings, kills):
        super().__init__()
        self.settings, self.kills = settings, kills
        self.dead = []
        self.deadline = time.monotonic() + MAX_SECONDS
        self.given_up = threading.Event()

    def run(self):
        self.await_that(lambda: "scheduler" in self.pids())
        for dag_id, task, names in self.kills:
            with psycopg.connect(embedded_server.conninfo(self.settings, "airflow"), autocommit=True) as conn:
                self.await_that(lambda: conn.execute(RUNNING, (dag_id, task)).fetchone() != (0,))  # noqa: B023
            pids = self.pids()
            for name in names:
                os.kill(pids[name], signal.SIGKILL)
                self.dead.append(pids[name])
            self.await_that(lambda: all(self.pids().get(name, pids[name]) != pids[name] for name in names))  # noqa: B023

    def pids(self):
        return group.component_pids(self.settings.home)

    def await_that(self, condition):
        while not condition():
            if self.given_up.wait(0.02) or time.monotonic() > self.deadline:
                raise SystemExit


@pytest.fixture
def night(tmp_path):
    """Run a night in an installation of its own, in which components are killed, and return what it leaves."""
    data = movielens.generate(tmp_path / "data")
    installations = []

    def run(name, kills=()):
        (tmp_path / name).mkdir()
        movierec = CommandLine(tmp_path / name, MOVIEREC_DATASET=str(data), MOVIEREC_NEURAL="no")
        installations.append(movierec)
        killer = Killer(movierec.settings, kills)
        killer.start()
        done = movierec("run")
        killer.given_up.set()
        killer.join()
        assert done.returncode == 0, done.stdout + done.stderr
        server = DurableServer(movierec.settings)
        with psycopg.connect(server.conninfo("airflow")) as conn:
            tasks = conn.execute(TASKS, [list(NIGHT)]).fetchall()
        assert movierec("down").returncode == 0
        server.start()
        left = Left(tasks, served(server.conninfo("warehouse")), all_layers(server), killer.dead)
        embedded_server.stop(movierec.settings)
        return left

    yield run
    for movierec in installations:
        movierec("down")


@pytest.mark.slow
@pytest.mark.scheduler
def test_a_night_whose_components_are_killed_ends_by_itself_and_leaves_what_a_quiet_one_leaves(night):
    quiet, disturbed = night("quiet"), night("disturbed", KILLS)
    assert len(disturbed.dead) == sum(len(names) for *_, names in KILLS)
    assert {state for _, _, _, state, _ in disturbed.tasks} <= {"success", "skipped"}
    assert [task[:-1] for task in disturbed.tasks] == [task[:-1] for task in quiet.tasks]
    tries_left = zip(disturbed.tasks, quiet.tasks, strict=True)
    assert not [task for task, undisturbed in tries_left if task[-1] < undisturbed[-1]]
    assert disturbed.lists == quiet.lists
    assert quiet.lists[:2] == (1, 1)
    assert quiet.lists[4] == f"({LISTS},{VIEWERS})"
    assert disturbed.rows == quiet.rows
