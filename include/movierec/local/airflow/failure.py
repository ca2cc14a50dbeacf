"""Why a night failed, in a few lines: the task, the last errors in its log, and where the log is."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from movierec.local.airflow.api import JsonObject
from movierec.local.airflow.progress import FINISHED_STATES, task_title

MAX_LINES = 6
MAX_LINE_LENGTH = 500
MARKED_OR_TIMED_OUT = (
    "no task failed by itself: the run was marked as failed, or took longer than its DAG allows; ops.notice says which"
)
MAX_STUCK = 3  # tasks of which it is said why they could not start


def describe_failure(
    tasks: Sequence[JsonObject], logs: Path, obstacles: Callable[[JsonObject], Sequence[str]] = lambda _: ()
) -> str:
    """Return the first failed task of a run with the last errors in its log, and the path of the log.

    Args:
        tasks: the task instances of the run, as Airflow's API returns them.
        logs: where tasks write their logs.
        obstacles: returns why Airflow cannot start a task.
    """
    failed = sorted((task for task in tasks if task["state"] == "failed"), key=lambda task: task["end_date"] or "")
    if not failed:
        left = [task for task in tasks if task["state"] not in FINISHED_STATES]
        return _describe_deadlock(left, obstacles) if left else MARKED_OR_TIMED_OUT
    log = log_path(failed[0], logs)
    return "\n".join((f"{task_title(failed[0])} failed", *(f"  {line}" for line in errors_in(log)), f"log: {log}"))


def _describe_deadlock(left: Sequence[JsonObject], obstacles: Callable[[JsonObject], Sequence[str]]) -> str:
    """Say why none of the tasks that are left could start: Airflow ends such a run and blames no task."""
    more = [f"  and {len(left) - MAX_STUCK} more"] if len(left) > MAX_STUCK else []
    reasons = [f"  {task_title(task)}: {'; '.join(obstacles(task)) or 'no reason'}" for task in left[:MAX_STUCK]]
    return "\n".join(
        (
            "Airflow ended the run, because none of the tasks that were left could start (all_tasks_deadlocked):",
            *(reason[:MAX_LINE_LENGTH] for reason in reasons),
            *more,
            "the DAG or its tasks were changed during the run; start another night, make run",
        )
    )


def log_path(task: JsonObject, logs: Path) -> Path:
    """Return where Airflow writes the log of a task instance's last try."""
    folder = logs / f"dag_id={task['dag_id']}" / f"run_id={task['dag_run_id']}" / f"task_id={task['task_id']}"
    if task["map_index"] >= 0:
        folder /= f"map_index={task['map_index']}"
    return folder / f"attempt={task['try_number']}.log"


def errors_in(log: Path) -> list[str]:
    """Return the last errors in a task's log, one line each: the exception itself, not its traceback."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ["it left no log: the process was killed or never started"]
    errors = [error for error in map(_error_of_record, lines) if error]
    distinct = list(dict.fromkeys(line for error in errors for line in error.splitlines() if line.strip()))
    return [line[:MAX_LINE_LENGTH] for line in distinct[-MAX_LINES:]] or ["its log names no error"]


def _error_of_record(line: str) -> str:
    try:
        record: Any = json.loads(line)
    except ValueError:
        return ""
    if not isinstance(record, dict) or record.get("level") not in ("error", "critical"):
        return ""
    causes = record.get("error_detail") or []
    return "\n".join(f"{cause['exc_type']}: {cause['exc_value']}" for cause in causes) or str(record.get("event", ""))
