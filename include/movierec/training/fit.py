"""Divide a training's ratings, describe its movies, and fit every ranker on the training ratings."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from movierec.artifacts import save_frame
from movierec.data.dataset import Dataset
from movierec.data.splits import per_user_temporal
from movierec.db import Connection
from movierec.rankers import registry
from movierec.rankers.together import log_failure
from movierec.training.data import TrainingData, fit_inputs
from movierec.training.folder import TrainingFolder
from movierec.training.tuned import tune_ranker

log = logging.getLogger(__name__)

RETRYABLE = (MemoryError, OSError, psycopg.Error)  # not the ranker's fault: the task has to fail and to be tried again


def build_features(folder: TrainingFolder, seed: int) -> dict[str, int]:
    """Split the snapshot's ratings in time, describe its movies from the training ratings, and return the sizes."""
    dataset = Dataset.load(folder.snapshot)
    train, test = per_user_temporal(dataset.ratings, seed=seed)
    save_frame(folder.train, train)
    save_frame(folder.test, test)
    _, features = fit_inputs(dataset, train)
    features.save(folder.features)
    sizes = {"train": len(train), "test": len(test), "terms": int(features.matrix.shape[1])}
    log.info("features: %s", sizes)
    return sizes


def fit_ranker(data: TrainingData, name: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Fit a ranker on the training ratings and keep it.

    Args:
        data: of the training.
        name: the ranker.
        parameters: its hyper-parameters, where they are not the defaults.

    Returns:
        `ranker` and `fit_seconds`, and `refused`, the reason in words, where it cannot be fitted.
    """
    ranker = registry.create(name, **(parameters or {}))
    train, features = data.train, data.features
    started = time.monotonic()
    try:
        ranker.fit(train, features)
    except RETRYABLE:
        raise
    except Exception as error:
        return {"ranker": name, "fit_seconds": 0.0, "refused": log_failure(error, f"fit {name}")}
    seconds = time.monotonic() - started
    data.save_ranker(ranker)
    log.info("fit %s: %s ratings, %.1f s, %s", name, f"{len(train.ratings):,}", seconds, ranker.parameters())
    return {"ranker": name, "fit_seconds": round(seconds, 3)}


def fit_tuned(
    conn: Connection, folder: TrainingFolder, names: Sequence[str], *, trials: int, seed: int
) -> list[dict[str, Any]]:
    """Fit each ranker with the hyper-parameters of `tune_ranker`, and return what `fit_ranker` does for each."""
    data = TrainingData(folder)
    return [fit_ranker(data, name, tune_ranker(conn, data, name, trials=trials, seed=seed)) for name in names]
