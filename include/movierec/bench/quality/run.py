"""One ranker under one protocol and seed; what was measured is kept in a folder, so that a stopped bench goes on."""

import inspect
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, save_frame
from movierec.bench.quality.protocols import Cut, Protocol
from movierec.data.columns import USER
from movierec.evaluation.evaluate import evaluate
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

K = 10
SHOWN = ("ndcg", "recall")


@dataclass(frozen=True, eq=False)
class Measured:
    """What one ranker's lists were worth to each user (user_id is the index; ndcg, recall), and how it was made."""

    values: pd.DataFrame
    facts: Mapping[str, Any]


def measure(cut: Cut, protocol: Protocol, name: str, seed: int, trials: int, features: MovieFeatures) -> Measured:
    """Fit a ranker on what is known, tuned first where that is asked for, and judge it once.

    Raises:
        ModelError: it cannot be fitted, or its lists cannot be judged.
    """
    started = time.perf_counter()
    parameters = _parameters(cut, protocol, name, seed, trials)
    ranker = registry.create(name, **parameters).fit(cut.known, features)
    if cut.folded is not None:
        ranker = ranker.fold_in(cut.folded)
    evaluation = evaluate(ranker, cut.test, (K,), relevant_from=cut.known.relevant_from, exclude=cut.exclude)
    seconds = round(time.perf_counter() - started, 1)
    chosen = {key: value for key, value in ranker.parameters().items() if key in type(ranker).space}
    return Measured(evaluation.at(K)[list(SHOWN)], {"seconds": seconds, "trials": trials, "parameters": chosen})


def _parameters(cut: Cut, protocol: Protocol, name: str, seed: int, trials: int) -> dict[str, Any]:
    fixed = {"windows": protocol.windows} if "windows" in inspect.signature(registry.RANKERS[name]).parameters else {}
    if not trials or cut.valid is None:
        return fixed
    from movierec.tuning.tune import tune  # noqa: PLC0415 - Optuna, only where something is tuned

    return tune(name, cut.known, cut.valid, trials, seed, fixed=fixed).parameters


def keep(folder: UPath, name: str, measured: Measured) -> None:
    """Write what was measured; the facts come last, so that a half-written result is none."""
    save_frame(folder / f"{name}.parquet", measured.values.reset_index())
    (folder / f"{name}.json").write_text(json.dumps(dict(measured.facts)), encoding="utf-8")


def kept(folder: UPath, name: str) -> Measured | None:
    """Return what `keep` wrote, None where there is nothing."""
    facts = folder / f"{name}.json"
    if not facts.exists():
        return None
    return Measured(load_frame(folder / f"{name}.parquet").set_index(USER), json.loads(facts.read_text("utf-8")))
