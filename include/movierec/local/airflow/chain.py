"""Follow one night through Airflow: from one of its runs to the runs that its assets trigger in turn."""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from movierec.errors import MovierecError
from movierec.local.airflow.api import AirflowClient, Run, UnreachableError
from movierec.local.airflow.health import epoch_seconds
from movierec.local.airflow.progress import Progress
from movierec.local.airflow.waiting import active_runs, describe_wait, when_free

MAX_TRIGGER_SECONDS = 120.0  # from the end of a run to the start of the next DAG's
POLL_SECONDS = 2.0  # a request costs the server a hundredth of a second that the night could use


class NightOutcome(NamedTuple):
    """The last run of a night that was followed, and whether it succeeded."""

    run: Run
    is_success: bool


def follow(airflow: AirflowClient, dag_ids: Sequence[str], run: Run, progress: Progress) -> NightOutcome:
    """Follow a night to the end of its last run, or to that of the run that failed.

    Args:
        airflow: the client.
        dag_ids: the DAGs in the order in which they trigger each other.
        run: a run of any of them, where the night stands.
        progress: is told at every poll what runs and what the night waits for.

    Raises:
        MovierecError: a run does not trigger the next one.
    """
    for next_dag in (*dag_ids[dag_ids.index(run.dag_id) + 1 :], None):
        if not _finish(airflow, run, progress):
            return NightOutcome(run, is_success=False)
        if next_dag:
            run = _next_run(airflow, run, next_dag, progress)
    return NightOutcome(run, is_success=True)


def fail_interrupted(airflow: AirflowClient, dag_ids: Sequence[str], group_started_at: float) -> Iterator[Run]:
    """Mark as failed the runs that an earlier group left unfinished; yield each, which goes on until it is recorded."""
    for dag_id in dag_ids:
        for run in active_runs(airflow, dag_id):
            if epoch_seconds(run["start_date"] or run["queued_at"]) < group_started_at:
                airflow.mark_failed(dag_id, run["dag_run_id"])
                yield Run(dag_id, run["dag_run_id"])


def _finish(airflow: AirflowClient, run: Run, progress: Progress) -> bool:
    """Wait until the run has ended, for which its DAG's own timeout sees; return whether it succeeded."""
    while True:
        details = airflow.run(*run)  # asked for first: once the run has finished, so have all its tasks
        tasks = airflow.task_instances(*run)
        if details["state"] in ("success", "failed"):
            progress.watch(details, tasks)
            return bool(details["state"] == "success")
        progress.watch(details, tasks, describe_wait(airflow, details, tasks))
        time.sleep(POLL_SECONDS)


def _triggered_run(airflow: AirflowClient, run: Run, next_dag: str) -> Run | None:
    try:
        named = [str(each["run_id"]) for each in airflow.triggered_runs(*run) if each["dag_id"] == next_dag]
        since = named or [str(each["dag_run_id"]) for each in airflow.runs_since_event(next_dag, run)]
    except UnreachableError:
        return None  # the server cannot answer while a run that it would name is queued but has no start date
    return Run(next_dag, since[0]) if since else None


def _next_run(airflow: AirflowClient, run: Run, next_dag: str, progress: Progress) -> Run:
    deadline = time.monotonic() + MAX_TRIGGER_SECONDS
    while time.monotonic() < deadline:
        if triggered := _triggered_run(airflow, run, next_dag):
            return triggered
        if active_runs(airflow, next_dag):
            deadline = time.monotonic() + MAX_TRIGGER_SECONDS  # the next DAG is busy with an earlier run
        progress.wait(f"{next_dag}, which {run.dag_id} triggers, starts {when_free(airflow, next_dag)}")
        time.sleep(POLL_SECONDS)
    raise MovierecError(
        f"{run.dag_id} {run.run_id} succeeded, but started no run of {next_dag} within {MAX_TRIGGER_SECONDS:.0f} s: "
        f"is {next_dag} paused, or did no task write its asset?"
    )
