"""What a person sees while a night runs: a line for each finished task, and in a terminal a live one."""

import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from movierec.local.airflow.api import Document
from movierec.local.airflow.chain import FINISHED

MARKS = {"success": "✓", "failed": "✗", "skipped": "–", "upstream_failed": "–", "removed": "–"}
UNSEEN = ("removed", "upstream_failed")


class Progress:
    """Shows each task once when it ends, and each failed try; never twice."""

    def __init__(self, output: TextIO = sys.stdout) -> None:
        """Write to `output`, live if it is a terminal."""
        self.output = output
        self.live = output.isatty()
        self.began = time.monotonic()
        self._shown: set[tuple[object, ...]] = set()

    def watch(self, run: Document, tasks: Sequence[Document]) -> None:
        """Show what is new since the last look."""
        for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
            if task["state"] in FINISHED and task["state"] not in UNSEEN:
                self._once(task, f"{MARKS[task['state']]} {title(task)}  {_seconds(task)}")
            elif task["state"] == "up_for_retry":
                self._once(task, f"↻ {title(task)} failed at try {task['try_number']} and will be tried again")
        if self.live:
            self._draw(run, tasks)

    def close(self) -> None:
        """Remove the live line."""
        if self.live:
            self.output.write("\r\x1b[K")
            self.output.flush()

    def _once(self, task: Document, line: str) -> None:
        key = (
            task["dag_id"],
            task["dag_run_id"],
            task["task_id"],
            task["map_index"],
            task["try_number"],
            task["state"],
        )
        if key not in self._shown:
            self._shown.add(key)
            self.close()
            print(line, file=self.output, flush=True)

    def _draw(self, run: Document, tasks: Sequence[Document]) -> None:
        running = ", ".join(title(task, short=True) for task in tasks if task["state"] == "running")
        done = sum(task["state"] in FINISHED for task in tasks)
        elapsed = time.monotonic() - self.began
        line = f"{elapsed:4.0f} s  {run['dag_id']} {done}/{len(tasks)}  {running or run['state']}"
        self.output.write(f"\r\x1b[K{line[: _width() - 1]}")
        self.output.flush()


def title(task: Document, short: bool = False) -> str:
    """Return a task's name as the UI shows it: with its index and its name on the map, if it is mapped."""
    name = task["task_id"] if short else f"{task['dag_id']}.{task['task_id']}"
    if task["map_index"] < 0:
        return str(name)
    label = task.get("rendered_map_index")
    index = f"{name}[{task['map_index']}]"
    return f"{index} {label}" if label and str(label) != str(task["map_index"]) else index


def _seconds(task: Document) -> str:
    return f"{task['duration'] or 0:.1f} s" if task["state"] != "skipped" else "skipped"


def _width() -> int:
    return shutil.get_terminal_size().columns
