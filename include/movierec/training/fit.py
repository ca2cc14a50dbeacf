"""Open a training, divide its ratings, and fit every ranker on the known side.

Artifacts of a training: `snapshot/` (the facts), `train.parquet` and `test.parquet` (the split of the ratings),
`features/` (the movies, as the known side shows them), `models/<ranker>/` (fitted on train), `lists/<ranker>.parquet`.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from upath import UPath

from movierec.artifacts import save_frame
from movierec.data.dataset import Dataset
from movierec.data.splits import per_user_temporal
from movierec.db import Connection, fetch
from movierec.errors import ModelError
from movierec.rankers import registry
from movierec.training.folder import Sides, known_side
from movierec.training.tuned import tune_ranker

log = logging.getLogger(__name__)

NOT_THE_RANKERS = (MemoryError, OSError, psycopg.Error)  # trying again may help, so the task has to fail


def open_training(conn: Connection, run_id: str, batch_id: int, seed: int) -> int:
    """Return the training of a run, making it the first time; a run that starts over keeps its training."""
    parameters = {"run_id": run_id, "batch_id": batch_id, "seed": seed}
    training_id = int(fetch(conn, "ml/open_training", parameters)[0]["training_id"])
    conn.commit()
    return training_id


def build_features(folder: UPath, seed: int) -> dict[str, int]:
    """Split the snapshot's ratings in time, describe its movies from the known side, and return the sizes."""
    dataset = Dataset.load(folder / "snapshot")
    train, test = per_user_temporal(dataset.ratings, seed=seed)
    save_frame(folder / "train.parquet", train)
    save_frame(folder / "test.parquet", test)
    _, features = known_side(dataset, train)
    features.save(folder / "features")
    sizes = {"train": len(train), "test": len(test), "terms": int(features.matrix.shape[1])}
    log.info("features: %s", sizes)
    return sizes


def fit_ranker(
    folder: UPath, name: str, parameters: Mapping[str, Any] | None = None, sides: Sides | None = None
) -> dict[str, Any]:
    """Fit a ranker on the known side of the split and keep it.

    Args:
        folder: the training's.
        name: the ranker.
        parameters: its hyper-parameters, where they are not the defaults.
        sides: of the training, where several rankers share them.

    Returns:
        `ranker` and `fit_seconds`, and `refused`, the reason in words, where it cannot be fitted.
    """
    known, features, _ = (sides or Sides(folder)).per_user
    ranker = registry.create(name, **(parameters or {}))
    started = time.monotonic()
    try:
        ranker.fit(known, features)
    except NOT_THE_RANKERS:
        raise
    except Exception as error:
        return {"ranker": name, "fit_seconds": 0.0, "refused": reason_of(error, f"fit {name}")}
    seconds = time.monotonic() - started
    ranker.save(folder / "models" / name)
    log.info("fit %s: %s ratings, %.1f s, %s", name, f"{len(known.ratings):,}", seconds, ranker.parameters())
    return {"ranker": name, "fit_seconds": round(seconds, 3)}


def fit_tuned(
    conn: Connection, folder: UPath, training_id: int, names: Sequence[str], *, trials: int, seed: int
) -> list[dict[str, Any]]:
    """Fit each ranker with what `tune_ranker` says; return the training's id and what `fit_ranker` does for each."""
    sides = Sides(folder)
    fitted = []
    for name in names:
        parameters = tune_ranker(conn, folder, training_id, name, trials=trials, seed=seed, sides=sides)
        fitted.append({"training_id": training_id, **fit_ranker(folder, name, parameters, sides)})
    return fitted


def reason_of(error: Exception, what: str) -> str:
    """Log what one ranker failed with, so that the others go on, and return it in words.

    Only an error that nobody foresaw needs its traceback to be understood.
    """
    is_foreseen = isinstance(error, ModelError)
    reason = str(error) if is_foreseen else f"{type(error).__name__}: {error}"
    log.warning("%s: %s", what, reason, exc_info=not is_foreseen)
    return reason
