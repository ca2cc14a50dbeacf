"""All rankers of an evaluation, one after the other, on the same inputs."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, save_frame
from movierec.evaluation import contestant
from movierec.evaluation.inputs import Inputs
from movierec.features.content import MovieFeatures

MESSAGES = 20  # of a ranker's last words that are kept
Told = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Contest:
    """What each ranker did.

    Attributes:
        results: by ranker: what `contestant.run` returns, or `error`.
        values: by ranker that did not fail: `Judgement.values`.
    """

    results: dict[str, dict[str, Any]]
    values: dict[str, pd.DataFrame]


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
        lay_out(folder, inputs, task)
        for name in names:
            results[name] = _one(folder, name)
            if "error" not in results[name]:
                values[name] = load_frame(folder / name / contestant.VALUES)
            tell(_line(name, results[name]))
    return Contest(results, values)


def lay_out(folder: UPath, inputs: Inputs, task: Mapping[str, Any]) -> None:
    """Put what every ranker works on into the folder; task.json tells the rest."""
    (folder / contestant.TASK).write_text(json.dumps(dict(task)), encoding="utf-8")
    for name in ("known", "features"):
        (folder / name).mkdir()
    inputs.known.save(folder / "known")
    MovieFeatures.build(inputs.known).save(folder / "features")
    frames = {"test": inputs.test, "valid": inputs.valid, "exclude": inputs.exclude, "folded": inputs.folded}
    for name, frame in frames.items():
        if frame is not None:
            save_frame(folder / f"{name}.parquet", frame)


def _one(folder: UPath, name: str) -> dict[str, Any]:
    """Run one ranker; the last line that a broken one leaves is its reason."""
    command = [sys.executable, "-m", contestant.__name__, str(folder), name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    path = folder / name / contestant.RESULT
    if path.exists():
        result = dict(json.loads(path.read_text(encoding="utf-8")))
        return {**result, "messages": done.stderr.splitlines()[-MESSAGES:]}
    if done.returncode < 0:
        memory = "; the system ends a process so when memory is short" if done.returncode == -9 else ""  # noqa: PLR2004
        return {"error": f"was ended by signal {-done.returncode}{memory}"}
    return {"error": (done.stderr.strip().splitlines() or ["ended without a word"])[-1]}


def _line(name: str, result: Mapping[str, Any]) -> str:
    if "error" in result:
        return f"{name}: failed: {result['error']}"
    first = result["metrics"][0]
    return (
        f"{name}: NDCG@{first['k']} {first['ndcg']['mean']:.4f}, fit {result['fit_seconds']:.1f} s, "
        f"scoring {result['score_seconds']:.1f} s"
    )
