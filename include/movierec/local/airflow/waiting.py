"""What a night waits for, as words for the screen."""

from collections.abc import Sequence

from movierec.local.airflow.api import AirflowClient, JsonObject
from movierec.local.airflow.progress import task_title

MAX_NAMES = 3
WAITING_FOR_A_SLOT = ("scheduled", "queued")
FOR_A_PERSON = "waits for an answer in Airflow, under Required Actions"
OTHER_WAITS = {
    "up_for_retry": "waits to be tried again",
    "up_for_reschedule": "waits to look again",
    "deferred": FOR_A_PERSON,
    "awaiting_input": FOR_A_PERSON,
}


def describe_wait(airflow: AirflowClient, run: JsonObject, tasks: Sequence[JsonObject]) -> str:
    """Return what an unfinished run waits for, empty where that is nothing but its own running tasks."""
    if run["state"] == "queued":
        return f"starts {when_free(airflow, run['dag_id'], run['dag_run_id'])}"
    waits = [
        f"{task_title(task, short=True)} {OTHER_WAITS[task['state']]}" for task in tasks if task["state"] in OTHER_WAITS
    ]
    if for_a_slot := [task for task in tasks if task["state"] in WAITING_FOR_A_SLOT]:
        waits.append(f"waiting for a slot: {_names(for_a_slot)}{_held_by_others(airflow, run)}")
    if not waits and not any(task["state"] == "running" for task in tasks):
        paused = _when_unpaused(airflow, run["dag_id"])
        waits.append(f"goes on {paused}" if paused else "waits for the scheduler")
    return "; ".join(waits)


def when_free(airflow: AirflowClient, dag_id: str, run_id: str = "") -> str:
    """Return when a run of the DAG can start: after the runs ahead of it, or once the DAG is no longer paused.

    Args:
        airflow: the client.
        dag_id: the DAG.
        run_id: the run that waits; empty if Airflow has not made it yet.
    """
    if paused := _when_unpaused(airflow, dag_id):
        return paused
    others = [run for run in active_runs(airflow, dag_id) if run["dag_run_id"] != run_id]
    running = [f"{run['dag_id']} {run['dag_run_id']}" for run in others if run["state"] == "running"]
    return f"when {', '.join(running)} has ended" if running else "in a moment"


def _when_unpaused(airflow: AirflowClient, dag_id: str) -> str:
    """Return when a DAG goes on that is paused, of whose runs nothing is started meanwhile; empty where it is not."""
    dag = airflow.dag(dag_id)
    return f"when {dag_id} is no longer paused in Airflow" if dag and dag["is_paused"] else ""


def active_runs(airflow: AirflowClient, dag_id: str) -> list[JsonObject]:
    """Return the unfinished runs of a DAG: those that run before those that wait, the oldest first."""
    runs = airflow.runs(dag_id, ("running", "queued"))
    return sorted(runs, key=lambda run: (run["state"] == "queued", run["queued_at"] or run["run_after"]))


def _held_by_others(airflow: AirflowClient, run: JsonObject) -> str:
    others = [task for task in airflow.running_tasks() if task["dag_run_id"] != run["dag_run_id"]]
    return f" (running beside this night: {_names(others, short=False)})" if others else ""


def _names(tasks: Sequence[JsonObject], short: bool = True) -> str:
    names = [task_title(task, short) for task in tasks[:MAX_NAMES]]
    return ", ".join(names) + (f" and {len(tasks) - MAX_NAMES} more" if len(tasks) > MAX_NAMES else "")
