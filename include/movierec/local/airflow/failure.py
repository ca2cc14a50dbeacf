"""Why a night failed, in a few lines: the task, what its log says last, and where the log is."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from movierec.local.airflow.api import Document
from movierec.local.airflow.progress import title

MOST_LINES = 6
LONGEST_LINE = 500


def describe(tasks: Sequence[Document], logs: Path) -> str:
    """Return the first failed task of a run with the end of its error and the path of its log."""
    failed = sorted((task for task in tasks if task["state"] == "failed"), key=lambda task: task["end_date"] or "")
    if not failed:
        return "no task failed by itself: the run was marked as failed, or ran out of time"
    log = log_path(failed[0], logs)
    return "\n".join((f"{title(failed[0])} failed", *(f"  {line}" for line in errors_in(log)), f"log: {log}"))


def log_path(task: Document, logs: Path) -> Path:
    """Return where Airflow writes the log of a task's last try."""
    folder = logs / f"dag_id={task['dag_id']}" / f"run_id={task['dag_run_id']}" / f"task_id={task['task_id']}"
    if task["map_index"] >= 0:
        folder /= f"map_index={task['map_index']}"
    return folder / f"attempt={task['try_number']}.log"


def errors_in(log: Path) -> list[str]:
    """Return the last things a task's log says about errors; the exception itself, not its traceback."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ["it left no log: the process was killed or never started"]
    found = [line for line in map(_error, lines) if line]
    wanted = list(dict.fromkeys(line for text in found for line in text.splitlines() if line.strip()))
    return [line[:LONGEST_LINE] for line in wanted[-MOST_LINES:]] or ["its log names no error"]


def _error(line: str) -> str:
    try:
        record: Any = json.loads(line)
    except ValueError:
        return ""
    if not isinstance(record, dict) or record.get("level") not in ("error", "critical"):
        return ""
    causes = record.get("error_detail") or []
    return "\n".join(f"{cause['exc_type']}: {cause['exc_value']}" for cause in causes) or str(record.get("event", ""))
