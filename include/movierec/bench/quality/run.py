"""One ranker under one protocol and seed; the result is kept in a folder, so that a stopped benchmark goes on."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from upath import UPath

from movierec.artifacts import load_frame, save_frame
from movierec.bench.quality.protocols import Protocol, Split
from movierec.data.columns import USER
from movierec.evaluation.evaluate import evaluate
from movierec.evaluation.protocols import CUTOFF
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

METRICS = ("ndcg", "recall")


@dataclass(frozen=True, eq=False)
class Measurement:
    """The metrics of one ranker's lists.

    Attributes:
        values: ndcg and recall at 10, one row per user (the index).
        facts: `seconds` for tuning, fitting and listing, `trials`, and the `parameters` that the ranker had.
    """

    values: pd.DataFrame
    facts: Mapping[str, Any]


def measure(
    split: Split, protocol: Protocol, name: str, seed: int, trials: int, features: MovieFeatures
) -> Measurement:
    """Fit a ranker on what is known, tuned first where that is asked for, and evaluate it once.

    Raises:
        ModelError: it cannot be fitted, or its lists cannot be evaluated.
    """
    started = time.perf_counter()
    parameters = _parameters(split, protocol, name, seed, trials)
    ranker = registry.create(name, **parameters).fit(split.known, features)
    if split.fold_in is not None:
        ranker = ranker.fold_in(split.fold_in)
    evaluation = evaluate(ranker, split.test, (CUTOFF,), relevant_from=split.known.relevant_from, exclude=split.exclude)
    seconds = round(time.perf_counter() - started, 1)
    tunable = {key: value for key, value in ranker.parameters().items() if key in type(ranker).space}
    return Measurement(
        evaluation.at(CUTOFF)[list(METRICS)], {"seconds": seconds, "trials": trials, "parameters": tunable}
    )


def _parameters(split: Split, protocol: Protocol, name: str, seed: int, trials: int) -> dict[str, Any]:
    fixed = registry.window_parameters(name, protocol.windows)
    if not trials or split.valid is None:
        return fixed
    from movierec.tuning.tune import tune  # noqa: PLC0415 - Optuna, only where something is tuned

    return tune(name, split.known, split.valid, trials, seed, fixed=fixed).parameters


def save(folder: UPath, name: str, measurement: Measurement) -> None:
    """Write a measurement; its facts come last, so that a half-written one does not count."""
    save_frame(folder / f"{name}.parquet", measurement.values.reset_index())
    (folder / f"{name}.json").write_text(json.dumps(dict(measurement.facts)), encoding="utf-8")


def load(folder: UPath, name: str) -> Measurement | None:
    """Return what `save` wrote, None where there is nothing."""
    facts = folder / f"{name}.json"
    if not facts.exists():
        return None
    return Measurement(load_frame(folder / f"{name}.parquet").set_index(USER), json.loads(facts.read_text("utf-8")))
