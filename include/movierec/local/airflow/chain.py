"""Follow one night through Airflow: from the run that was triggered to the runs that its assets trigger in turn."""

import time
from collections.abc import Callable, Iterator, Sequence

from movierec.errors import MovierecError
from movierec.local.airflow.api import AirflowClient, JsonObject, UnreachableError
from movierec.local.airflow.health import epoch_seconds

FINISHED_STATES = ("success", "failed", "skipped", "upstream_failed", "removed")
MAX_RUN_SECONDS = 3600.0
MAX_TRIGGER_SECONDS = 120.0  # from the end of a run to the start of the next DAG's
POLL_SECONDS = 1.0

Watcher = Callable[[JsonObject, Sequence[JsonObject]], None]


def follow(airflow: AirflowClient, dag_ids: Sequence[str], run_id: str, watch: Watcher) -> tuple[str, str] | None:
    """Follow the chain to its end; return the DAG id and run id that failed, or None if all succeeded.

    Args:
        airflow: the client.
        dag_ids: the DAGs in the order in which they trigger each other.
        run_id: the run of the first DAG.
        watch: called at every poll with the run and its task instances.

    Raises:
        MovierecError: a run takes too long, or does not trigger the next one.
    """
    for dag_id, next_dag in zip(dag_ids, (*dag_ids[1:], None), strict=True):
        if _finish(airflow, dag_id, run_id, watch) != "success":
            return dag_id, run_id
        if next_dag:
            run_id = _next_run(airflow, dag_id, run_id, next_dag)
    return None


def fail_interrupted(airflow: AirflowClient, dag_ids: Sequence[str], group_started_at: float) -> Iterator[str]:
    """Mark as failed the runs that an earlier group left unfinished; yield the DAG id and run id of each."""
    for dag_id in dag_ids:
        for run in airflow.runs(dag_id, ("running", "queued")):
            if epoch_seconds(run["start_date"] or run["queued_at"]) < group_started_at:
                airflow.mark_failed(dag_id, run["dag_run_id"])
                yield f"{dag_id} {run['dag_run_id']}"


def _finish(airflow: AirflowClient, dag_id: str, run_id: str, watch: Watcher) -> str:
    deadline = time.monotonic() + MAX_RUN_SECONDS
    while time.monotonic() < deadline:
        run = airflow.run(dag_id, run_id)  # asked for first: once the run has finished, so have all its tasks
        watch(run, airflow.task_instances(dag_id, run_id))
        if run["state"] in ("success", "failed"):
            return str(run["state"])
        time.sleep(POLL_SECONDS)
    raise MovierecError(f"{dag_id} {run_id} is still running after {MAX_RUN_SECONDS / 60:.0f} minutes; it goes on")


def _next_run(airflow: AirflowClient, dag_id: str, run_id: str, next_dag: str) -> str:
    deadline = time.monotonic() + MAX_TRIGGER_SECONDS
    while time.monotonic() < deadline:
        try:
            triggered = airflow.triggered_runs(dag_id, run_id)
        except UnreachableError:
            triggered = []  # the server cannot answer while a run that it would name is queued but has no start date
        if not triggered and airflow.runs(next_dag, ("queued", "running")):
            deadline = time.monotonic() + MAX_TRIGGER_SECONDS  # the next DAG is busy with an earlier run
        for run in triggered:
            if run["dag_id"] == next_dag:
                return str(run["run_id"])
        time.sleep(POLL_SECONDS)
    raise MovierecError(
        f"{dag_id} {run_id} succeeded, but started no run of {next_dag} within {MAX_TRIGGER_SECONDS:.0f} s: "
        f"is {next_dag} paused, or did no task write its asset?"
    )
