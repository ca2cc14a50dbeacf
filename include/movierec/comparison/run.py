"""All rankers of an evaluation, one after the other, on the same inputs."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, save_frame
from movierec.comparison import worker
from movierec.comparison.inputs import Inputs
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

MESSAGES = 20  # of a ranker's last words that are kept
Told = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Contest:
    """What each ranker did.

    Attributes:
        results: by ranker: what `worker.run` returns, or `error`.
        values: by ranker that did not fail: `Evaluation.values`.
        features_seconds: how long the movies' features took, which are built once for all rankers.
    """

    results: dict[str, dict[str, Any]]
    values: dict[str, pd.DataFrame]
    features_seconds: float = 0.0


def hold(names: Sequence[str], inputs: Inputs, task: Mapping[str, Any], tell: Told) -> Contest:
    """Let every ranker learn and be judged; one that fails is told of, and the others go on.

    Args:
        names: rankers.
        inputs: the same for all.
        task: `ks`, `exclude_seen`, `trials`, `seed` and `fixed`, hyper-parameters for whoever has them.
        tell: is told of each ranker when it is done.
    """
    results: dict[str, dict[str, Any]] = {}
    values: dict[str, pd.DataFrame] = {}
    with tempfile.TemporaryDirectory(prefix="movierec-evaluate-") as place:
        folder = UPath(place)
        seconds = lay_out(folder, inputs, task)
        for group in groups(names):
            results |= _run(folder, group)
            for name in group:
                if "error" not in results[name]:
                    values[name] = load_frame(folder / name / worker.VALUES)
                tell(_line(name, results[name]))
    return Contest({name: results[name] for name in names}, values, round(seconds, 3))


def groups(names: Sequence[str]) -> list[list[str]]:
    """Put the learned rankers together where the first of them stands, every other one on its own.

    They learn from one material, which is made once in one process and twice in two.
    """
    learned = [name for name in names if registry.is_learned(name)]
    alone = [[name] if name not in learned else learned for name in names]
    return [group for place, group in enumerate(alone) if group not in alone[:place]]


def lay_out(folder: UPath, inputs: Inputs, task: Mapping[str, Any]) -> float:
    """Put what every ranker works on into the folder (task.json tells the rest); return the features' seconds."""
    (folder / worker.TASK).write_text(json.dumps(dict(task)), encoding="utf-8")
    for name in ("known", "features"):
        (folder / name).mkdir()
    inputs.known.save(folder / "known")
    started = time.perf_counter()
    features = MovieFeatures.build(inputs.known)
    seconds = time.perf_counter() - started
    features.save(folder / "features")
    frames = {"test": inputs.test, "valid": inputs.valid, "exclude": inputs.exclude, "folded": inputs.folded}
    if inputs.folded is not None and inputs.valid is not None:
        frames["tuned_on"] = inputs.tuned_on().ratings
    for name, frame in frames.items():
        if frame is not None:
            save_frame(folder / f"{name}.parquet", frame)
    return seconds


def _run(folder: UPath, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Run rankers in one process; those whose turn was to come when one ended it get another process."""
    if not names:
        return {}
    command = [sys.executable, "-m", worker.__name__, str(folder), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    said = done.stderr.splitlines()
    results: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(names):
        path = folder / name / worker.RESULT
        if not path.exists():
            return {**results, name: {"error": _why(done.returncode, said)}, **_run(folder, names[place + 1 :])}
        results[name] = {**json.loads(path.read_text(encoding="utf-8")), "messages": said[-MESSAGES:]}
    return results


def _why(status: int, said: Sequence[str]) -> str:
    """Return the last line that a broken process leaves, or what ended it."""
    if status < 0:
        memory = "; the system ends a process so when memory is short" if status == -signal.SIGKILL else ""
        return f"was ended by signal {-status}{memory}"
    return next((line for line in reversed(said) if line.strip()), "ended without a word")


def _line(name: str, result: Mapping[str, Any]) -> str:
    if "error" in result:
        return f"{name}: failed: {result['error']}"
    first = result["metrics"][0]
    return (
        f"{name}: NDCG@{first['k']} {first['ndcg']['mean']:.4f}, fit {result['fit_seconds']:.1f} s, "
        f"scoring {result['score_seconds']:.1f} s"
    )
