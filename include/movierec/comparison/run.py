"""All rankers of a comparison, one process after the other, on the same inputs."""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from upath import UPath

from movierec.comparison import worker
from movierec.comparison.inputs import Inputs
from movierec.comparison.work_folder import Task, WorkFolder
from movierec.rankers import registry
from movierec.scratch import scratch_folder

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
        for group in process_groups(names):
            results |= _run(folder, group)
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


def _run(folder: WorkFolder, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Run rankers in one process; if one of them ends it, those after it get another process."""
    if not names:
        return {}
    command = [sys.executable, "-m", worker.__name__, str(folder.path), *names]
    process = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    messages = process.stderr.splitlines()
    results: dict[str, dict[str, Any]] = {}
    for position, name in enumerate(names):
        result = folder.read_result(name)
        if result is None:
            failure = {"error": _why_ended(process.returncode, messages)}
            return {**results, name: failure, **_run(folder, names[position + 1 :])}
        results[name] = {**result, "messages": messages[-LAST_LINES:]}
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
