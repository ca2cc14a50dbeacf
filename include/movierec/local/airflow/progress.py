"""What a person sees while a night runs: a line for each finished task, and in a terminal a live status line."""

import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from movierec.local.airflow.api import JsonObject
from movierec.local.airflow.chain import FINISHED_STATES

SYMBOLS = {"success": "✓", "failed": "✗", "skipped": "–", "upstream_failed": "–", "removed": "–"}
HIDDEN_STATES = ("removed", "upstream_failed")


class Progress:
    """Prints each task once when it ends, and each failed try once."""

    def __init__(self, output: TextIO = sys.stdout) -> None:
        """Write to `output`; if that is a terminal, its last line shows what is running."""
        self._output = output
        self._is_terminal = output.isatty()
        self._started = time.monotonic()
        self._printed: set[tuple[object, ...]] = set()

    def watch(self, run: JsonObject, tasks: Sequence[JsonObject]) -> None:
        """Print what is new since the last call."""
        for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
            if task["state"] in FINISHED_STATES and task["state"] not in HIDDEN_STATES:
                self._print_once(task, f"{SYMBOLS[task['state']]} {task_title(task)}  {_duration(task)}")
            elif task["state"] == "up_for_retry":
                self._print_once(
                    task, f"↻ {task_title(task)} failed at try {task['try_number']} and will be tried again"
                )
        if self._is_terminal:
            self._draw_status_line(run, tasks)

    def close(self) -> None:
        """Remove the status line."""
        if self._is_terminal:
            self._output.write("\r\x1b[K")
            self._output.flush()

    def _print_once(self, task: JsonObject, line: str) -> None:
        key = (
            task["dag_id"],
            task["dag_run_id"],
            task["task_id"],
            task["map_index"],
            task["try_number"],
            task["state"],
        )
        if key not in self._printed:
            self._printed.add(key)
            self.close()
            print(line, file=self._output, flush=True)

    def _draw_status_line(self, run: JsonObject, tasks: Sequence[JsonObject]) -> None:
        running = ", ".join(task_title(task, short=True) for task in tasks if task["state"] == "running")
        done = sum(task["state"] in FINISHED_STATES for task in tasks)
        elapsed = time.monotonic() - self._started
        line = f"{elapsed:4.0f} s  {run['dag_id']} {done}/{len(tasks)}  {running or run['state']}"
        self._output.write(f"\r\x1b[K{line[: _terminal_width() - 1]}")
        self._output.flush()


def task_title(task: JsonObject, short: bool = False) -> str:
    """Return a task's name as the UI shows it; a mapped task's with its map index and label."""
    name = task["task_id"] if short else f"{task['dag_id']}.{task['task_id']}"
    if task["map_index"] < 0:
        return str(name)
    label = task.get("rendered_map_index")
    index = f"{name}[{task['map_index']}]"
    return f"{index} {label}" if label and str(label) != str(task["map_index"]) else index


def _duration(task: JsonObject) -> str:
    return f"{task['duration'] or 0:.1f} s" if task["state"] != "skipped" else "skipped"


def _terminal_width() -> int:
    return shutil.get_terminal_size().columns
