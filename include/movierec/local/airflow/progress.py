"""What a person sees while a night runs: a line for each finished task, and what runs or is waited for.

In a terminal that is the last line, drawn anew at every poll; elsewhere it is printed where nothing else was for a
while.
"""

import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from movierec.local.airflow.api import JsonObject

FINISHED_STATES = ("success", "failed", "skipped", "upstream_failed", "removed")
SYMBOLS = {"success": "✓", "failed": "✗", "skipped": "–", "upstream_failed": "–", "removed": "–"}
HIDDEN_STATES = ("removed", "upstream_failed")
QUIET_SECONDS = 10.0  # after which a log is told what goes on
REPEAT_SECONDS = 120.0  # after which it is told the same again


class Progress:
    """Prints each task once when it ends, each failed try once, and what is going on meanwhile."""

    def __init__(self, output: TextIO = sys.stdout, quiet_seconds: float = QUIET_SECONDS) -> None:
        """Write to `output`; if that is not a terminal, what goes on is printed after `quiet_seconds` of silence."""
        self._output = output
        self._is_terminal = output.isatty()
        self._quiet_seconds = quiet_seconds
        self._started = self._printed_at = time.monotonic()
        self._printed: set[tuple[object, ...]] = set()
        self._status = ""

    def watch(self, run: JsonObject, tasks: Sequence[JsonObject], waiting: str = "") -> None:
        """Print what is new since the last call, then what runs and what the run is `waiting` for."""
        for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
            if task["state"] in FINISHED_STATES and task["state"] not in HIDDEN_STATES:
                self._print_once(task, f"{SYMBOLS[task['state']]} {task_title(task)}  {_duration(task)}")
            elif task["state"] == "up_for_retry":
                self._print_once(
                    task, f"↻ {task_title(task)} failed at try {task['try_number']} and will be tried again"
                )
        running = ", ".join(task_title(task, short=True) for task in tasks if task["state"] == "running")
        done = sum(task["state"] in FINISHED_STATES for task in tasks)
        self.wait(f"{run['dag_id']} {done}/{len(tasks)}  {'; '.join(filter(None, (running, waiting))) or run['state']}")

    def wait(self, status: str) -> None:
        """Show what is going on, or what is waited for."""
        line = f"{time.monotonic() - self._started:4.0f} s  {status}"
        if self._is_terminal:
            self._output.write(f"\r\x1b[K{line[: _terminal_width() - 1]}")
            self._output.flush()
        elif self._is_news(status):
            self._status = status
            self._print(line)

    def close(self) -> None:
        """Remove the status line."""
        if self._is_terminal:
            self._output.write("\r\x1b[K")
            self._output.flush()

    def _is_news(self, status: str) -> bool:
        silence = time.monotonic() - self._printed_at
        return silence >= (self._quiet_seconds if status != self._status else REPEAT_SECONDS)

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
            self._print(line)

    def _print(self, line: str) -> None:
        print(line, file=self._output, flush=True)
        self._printed_at = time.monotonic()


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
