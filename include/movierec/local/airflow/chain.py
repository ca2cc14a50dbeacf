"""Following one night through Airflow: from the run that was triggered to the runs its assets start."""

import time
from collections.abc import Callable, Iterator, Sequence

from movierec.errors import MovierecError
from movierec.local.airflow.api import Airflow, Document, UnreachableError
from movierec.local.airflow.health import epoch

FINISHED = ("success", "failed", "skipped", "upstream_failed", "removed")
RUN_SECONDS = 3600.0
FOLLOW_SECONDS = 120.0
POLL_SECONDS = 1.0

Watcher = Callable[[Document, Sequence[Document]], None]


def follow(airflow: Airflow, dag_ids: Sequence[str], run_id: str, watch: Watcher) -> tuple[str, str] | None:
    """Follow the chain to its end; return the DAG and run that failed, or None if all succeeded.

    Args:
        airflow: the client.
        dag_ids: the DAGs in the order in which assets join them.
        run_id: the first DAG's run.
        watch: called after every look with the run and its task instances.

    Raises:
        MovierecError: a run takes too long, or does not start the next one.
    """
    for dag_id, next_dag in zip(dag_ids, (*dag_ids[1:], None), strict=True):
        if _finish(airflow, dag_id, run_id, watch) != "success":
            return dag_id, run_id
        if next_dag:
            run_id = _next_run(airflow, dag_id, run_id, next_dag)
    return None


def fail_interrupted(airflow: Airflow, dag_ids: Sequence[str], before: float) -> Iterator[str]:
    """Mark as failed the unfinished runs from before the group's start; yield what they were."""
    for dag_id in dag_ids:
        for run in airflow.runs(dag_id, ("running", "queued")):
            if epoch(run["start_date"] or run["queued_at"]) < before:
                airflow.fail(dag_id, run["dag_run_id"])
                yield f"{dag_id} {run['dag_run_id']}"


def _finish(airflow: Airflow, dag_id: str, run_id: str, watch: Watcher) -> str:
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        run = airflow.run(dag_id, run_id)  # before its tasks: a finished run then shows all of them finished
        watch(run, airflow.tasks(dag_id, run_id))
        if run["state"] in ("success", "failed"):
            return str(run["state"])
        time.sleep(POLL_SECONDS)
    raise MovierecError(f"{dag_id} {run_id} is still running after {RUN_SECONDS / 60:.0f} minutes; it goes on")


def _next_run(airflow: Airflow, dag_id: str, run_id: str, next_dag: str) -> str:
    deadline = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < deadline:
        try:
            started = airflow.followers(dag_id, run_id)
        except UnreachableError:
            started = []  # the answer cannot name a run that is queued but has not started
        if not started and airflow.runs(next_dag, ("queued", "running")):
            deadline = time.monotonic() + FOLLOW_SECONDS  # it waits for the run before it
        for run in started:
            if run["dag_id"] == next_dag:
                return str(run["run_id"])
        time.sleep(POLL_SECONDS)
    raise MovierecError(
        f"{dag_id} {run_id} succeeded, but started no run of {next_dag} within {FOLLOW_SECONDS:.0f} s: "
        f"is {next_dag} paused, or did no task write its asset?"
    )
