"""All rankers of a comparison, one process after the other, on the same inputs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Self, cast

import pandas as pd
from upath import UPath

from movierec.comparison import worker
from movierec.comparison.inputs import Inputs
from movierec.comparison.work_folder import Task, WorkFolder
from movierec.rankers import registry
from movierec.scratch import scratch_folder

HOST = "host"  # names the messages of the process that the others are forked from; no ranker is called so
LAST_LINES = 20  # of what a process wrote to its error stream, kept with the result


@dataclass(frozen=True, eq=False)
class Comparison:
    """What became of each ranker.

    Attributes:
        results: by ranker: the result of `worker.run`, or `error`.
        values: by ranker that did not fail: `Evaluation.values`.
        features_seconds: how long the movies' features took, which are built once for all rankers.
    """

    results: dict[str, dict[str, Any]]
    values: dict[str, pd.DataFrame]
    features_seconds: float = 0.0


def compare(names: Sequence[str], inputs: Inputs, task: Task, log: Callable[[str], None]) -> Comparison:
    """Fit and evaluate every ranker; one that fails is reported, and the others go on.

    Args:
        names: rankers.
        inputs: the same for all.
        task: the same for all.
        log: is given a line about each ranker when it is done.
    """
    results: dict[str, dict[str, Any]] = {}
    values: dict[str, pd.DataFrame] = {}
    with scratch_folder("movierec-evaluate-") as path:
        folder = WorkFolder(UPath(path))
        seconds = folder.write_inputs(inputs, task)
        with Workers(folder) as workers:
            for group in process_groups(names):
                results |= _run(workers, folder, group)
                for name in group:
                    if "error" not in results[name]:
                        values[name] = folder.read_values(name)
                    log(_line(name, results[name]))
    return Comparison({name: results[name] for name in names}, values, round(seconds, 3))


def process_groups(names: Sequence[str]) -> list[list[str]]:
    """Put the learned rankers together where the first of them stands, every other one on its own.

    What learned rankers learn from is made once in one process, and would be made twice in two.
    """
    learned = [name for name in names if registry.is_learned(name)]
    groups = [learned if name in learned else [name] for name in names]
    return [group for position, group in enumerate(groups) if group not in groups[:position]]


class Workers:
    """Starts a process for some rankers and waits for it; all are forked from one that has imported the libraries."""

    def __init__(self, folder: WorkFolder) -> None:
        """Take the folder that has the inputs, and where results are left."""
        self._folder = folder
        self._host: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes that are there; after an interruption a ranker may be under way."""
        self._end()

    def run(self, names: Sequence[str]) -> tuple[int, list[str]]:
        """Return how the process of some rankers ended (negative: by that signal), and its last messages."""
        host = self._host = self._host or self._start()
        with suppress(BrokenPipeError):  # where it has ended there will be no answer
            cast(IO[bytes], host.stdin).write(f"{' '.join(names)}\n".encode())
        answer = cast(IO[bytes], host.stdout).readline()
        if answer:
            return int(answer), _last_lines(self._folder.messages(names[0]))
        return self._end(), _last_lines(self._folder.messages(HOST))

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", worker.__name__, str(self._folder.path)]
        pipe = subprocess.PIPE
        with self._folder.messages(HOST).open("wb") as messages:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=messages, bufsize=0, process_group=0)

    def _end(self) -> int:
        """End the host and what it has forked; return how the host ended."""
        if not self._host:
            return 0
        with self._host as host:
            with suppress(ProcessLookupError):
                os.killpg(host.pid, signal.SIGKILL)
            self._host = None
            return host.wait()


def _last_lines(path: UPath) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return text.splitlines()[-LAST_LINES:]


def _run(workers: Workers, folder: WorkFolder, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Run rankers in one process; if one of them ends it, those after it get another process."""
    if not names:
        return {}
    status, messages = workers.run(names)
    results: dict[str, dict[str, Any]] = {}
    for position, name in enumerate(names):
        result = folder.read_result(name)
        if result is None:
            failure = {"error": _why_ended(status, messages)}
            return {**results, name: failure, **_run(workers, folder, names[position + 1 :])}
        results[name] = {**result, "messages": messages}
    return results


def _why_ended(status: int, messages: Sequence[str]) -> str:
    """Return the last line that a broken process leaves, or what ended it."""
    if status < 0:
        memory = "; the system ends a process so when memory is short" if status == -signal.SIGKILL else ""
        return f"was ended by signal {-status}{memory}"
    return next((line for line in reversed(messages) if line.strip()), "ended without a word")


def _line(name: str, result: Mapping[str, Any]) -> str:
    if "error" in result:
        return f"{name}: failed: {result['error']}"
    first = result["metrics"][0]
    return (
        f"{name}: NDCG@{first['k']} {first['ndcg']['mean']:.4f}, fit {result['fit_seconds']:.1f} s, "
        f"scoring {result['score_seconds']:.1f} s"
    )
