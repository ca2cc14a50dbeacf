"""The night that is under way or due: looked for before one is triggered, so that no night starts behind another."""

import time
from collections.abc import Collection, Sequence

from movierec.errors import MovierecError
from movierec.local.airflow.api import AirflowClient, JsonObject, Run
from movierec.local.airflow.chain import MAX_TRIGGER_SECONDS, POLL_SECONDS
from movierec.local.airflow.health import epoch_seconds
from movierec.local.airflow.progress import Progress
from movierec.local.airflow.waiting import active_runs, when_free


def await_night(
    airflow: AirflowClient, dag_ids: Sequence[str], progress: Progress, given_up: Collection[Run] = ()
) -> Run | None:
    """Return the run at which the night under way stands, once a night that is due has one; None if there is neither.

    A night is due where the schedule's last tick has no run yet. Airflow makes that run by itself as soon as it can:
    when it starts after the machine was off at that time, or when a run that was still going on has ended.

    Args:
        airflow: the client.
        dag_ids: the DAGs in the order in which they trigger each other.
        progress: is told what is waited for.
        given_up: runs that are no night: they have been marked as failed, and go on until they are recorded.

    Raises:
        MovierecError: Airflow does not start the night that is due.
    """
    first = dag_ids[0]
    deadline = time.monotonic() + MAX_TRIGGER_SECONDS
    while True:
        since = _due_since(airflow, first)  # asked for before the runs: what is no longer due is among them
        if (run := find_night(airflow, dag_ids, given_up)) or not since:
            return run
        if active_runs(airflow, first):
            deadline = time.monotonic() + MAX_TRIGGER_SECONDS
        if time.monotonic() > deadline:
            raise MovierecError(
                f"{first} is due since {since}, but Airflow has started no run of it within "
                f"{MAX_TRIGGER_SECONDS:.0f} s; `make status` says whether its scheduler is healthy"
            )
        progress.wait(f"{first}, due since {since}, starts {when_free(airflow, first)}")
        time.sleep(POLL_SECONDS)


def find_night(airflow: AirflowClient, dag_ids: Sequence[str], given_up: Collection[Run] = ()) -> Run | None:
    """Return the run at which the night under way stands, or None if there is none.

    The DAGs are asked in the order in which they trigger each other, and the events between two of them before the
    runs of the second: so a night that moves on meanwhile is met further on.

    Args:
        airflow: the client.
        dag_ids: the DAGs in the order in which they trigger each other.
        given_up: runs that are no night.
    """
    for dag_id, before in zip(dag_ids, (None, *dag_ids), strict=False):
        triggering = _triggering(airflow, before, dag_id) if before else []
        for run in (*triggering, *(Run(dag_id, run["dag_run_id"]) for run in active_runs(airflow, dag_id))):
            if run not in given_up and _is_of_tonight(airflow, dag_ids, run):
                return run
    return None


def _triggering(airflow: AirflowClient, before: str, dag_id: str) -> list[Run]:
    """Return the run of the DAG `before` that triggers a run of `dag_id` which has not started yet, if there is one."""
    event = airflow.latest_event(before) if airflow.has_queued_events(dag_id) else None
    return [Run(before, event["source_run_id"])] if event else []


def _is_of_tonight(airflow: AirflowClient, dag_ids: Sequence[str], run: Run) -> bool:
    """Tell whether a run comes from an ingest of today's rows, and not from a past night or a training by hand."""
    if run.dag_id == dag_ids[0]:
        return _is_of_today(airflow.run(*run))
    events = airflow.triggering_events(*run)
    sources = [Run(event["source_dag_id"], event["source_run_id"]) for event in events]
    return any(_is_of_tonight(airflow, dag_ids, source) for source in sources if source.dag_id in dag_ids)


def _is_of_today(run: JsonObject) -> bool:
    return run["run_type"] != "backfill" and not (run["conf"] or {}).get("as_of")


def _due_since(airflow: AirflowClient, dag_id: str) -> str:
    """Return the tick for which Airflow has yet to make a run, empty if there is none."""
    dag = airflow.dag(dag_id)
    tick = dag["next_dagrun_run_after"] if dag and not dag["is_paused"] else None
    return f"{tick[:10]} {tick[11:16]} UTC" if tick and epoch_seconds(tick) <= time.time() else ""
