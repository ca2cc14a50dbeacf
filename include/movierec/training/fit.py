"""Divide a training's ratings, describe its movies, and fit every ranker on the training ratings."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from movierec.artifacts import save_frame
from movierec.config import SWITCHED_OFF, Settings
from movierec.data.dataset import Dataset
from movierec.data.splits import per_user_temporal
from movierec.db import Connection
from movierec.evaluation.protocols import EVERYTHING, PER_USER_TEMPORAL, PROTOCOLS, WINDOWS_OF
from movierec.rankers import registry
from movierec.rankers.building_blocks.fitting_together import log_failure
from movierec.rankers.reranking.base import LearnedRanker
from movierec.rankers.reranking.training_inputs import training_inputs
from movierec.training.data import TrainingData, fit_inputs
from movierec.training.fit_store import seconds_of
from movierec.training.folder import TrainingFolder
from movierec.training.hyper_parameters import built_on_tuned, tune_ranker

log = logging.getLogger(__name__)

NEURAL = "neural"  # the ranker that needs TensorFlow
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
    try:
        ranker = data.fit_ranker(registry.create(name, **(parameters or {})))
    except RETRYABLE:
        raise
    except Exception as error:
        return _not_fitted(name, log_failure(error, f"fit {name}"))
    return {"ranker": name, "fit_seconds": seconds_of(ranker)}


def prepare_training_set(
    conn: Connection,
    folder: TrainingFolder,
    names: Sequence[str],
    side: str,
    protocols: Sequence[str] = PROTOCOLS,
    deciding_protocol: str = PER_USER_TEMPORAL,
) -> int:
    """Fit what learned rankers build on, make the set they learn from, and return how many candidates that is.

    Args:
        conn: the warehouse.
        folder: of the training.
        names: the learned rankers of the training.
        side: one of `PROTOCOLS`, for the known side of that split, or `EVERYTHING`.
        protocols: the splits that are evaluated; the known side of another one needs nothing.
        deciding_protocol: by which the champion is chosen.

    Raises:
        MemoryError, OSError: trying again may help. What else goes wrong, the rankers themselves meet again and say.
    """
    data = TrainingData(folder)
    if side not in (*protocols, EVERYTHING):
        return 0
    windows = WINDOWS_OF[deciding_protocol if side == EVERYTHING else side]
    rankers = [
        registry.create(
            name, **registry.window_parameters(name, windows), **built_on_tuned(conn, folder.training_id, name)
        )
        for name in names
    ]
    conn.commit()  # what follows takes a while
    learned = [ranker for ranker in rankers if isinstance(ranker, LearnedRanker)]
    rows = 0
    for ranker in {ranker.plan_key(): ranker for ranker in learned}.values():
        try:
            training_set = training_inputs(*data.side(side), ranker, data.fits).training_set
        except RETRYABLE:
            raise
        except Exception as error:
            log_failure(error, f"prepare {side}")
            continue
        rows += 0 if training_set is None else len(training_set.grades)
    return rows


def fit_tuned(
    conn: Connection, folder: TrainingFolder, names: Sequence[str], *, trials: int, seed: int
) -> list[dict[str, Any]]:
    """Fit each ranker with the hyper-parameters of `tune_ranker`, and return what `fit_ranker` does for each.

    One that a setting switches off is neither tuned nor fitted.
    """
    data = TrainingData(folder)
    outcomes = []
    for name in names:
        if name == NEURAL and Settings.from_env().neural == "no":
            log.info("fit %s: %s", name, SWITCHED_OFF)
            outcomes.append(_not_fitted(name, SWITCHED_OFF))
        else:
            outcomes.append(fit_ranker(data, name, tune_ranker(conn, data, name, trials=trials, seed=seed)))
    return outcomes


def _not_fitted(name: str, reason: str) -> dict[str, Any]:
    return {"ranker": name, "fit_seconds": 0.0, "refused": reason}
