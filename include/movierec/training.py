"""Fit every ranker on the known side of the split and judge it on the other.

Artifacts of a training: `snapshot/` (the facts), `train.parquet` and `test.parquet` (the split of the ratings),
`features/` (the movies, as the known side shows them), `models/<ranker>/` (fitted on train), `lists/<ranker>.parquet`.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import psycopg
from upath import UPath

from movierec import rankers
from movierec.artifacts import save_frame
from movierec.dataset import Dataset
from movierec.db import Connection, copy_rows, fetch, run_sql
from movierec.errors import ModelError
from movierec.evaluation.judge import Judgement, judge
from movierec.evaluation.metrics import K as K_COLUMN
from movierec.evaluation.splits import per_user_temporal
from movierec.measures import keep_measures
from movierec.sides import Sides, known_side

log = logging.getLogger(__name__)

NOT_THE_RANKERS = (MemoryError, OSError, psycopg.Error)  # trying again may help, so the task has to fail

K = 10
KS = (10, 20, 50)
PER_USER_TEMPORAL, GLOBAL_TEMPORAL = PROTOCOLS = ("per_user_temporal", "global_temporal")
USER_METRICS = ("precision", "recall", "f1", "ndcg")


class Judged(NamedTuple):
    """What a ranker was fitted on, what it was asked about, and what its lists were worth."""

    known: Dataset
    test: pd.DataFrame
    judgement: Judgement


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
    ranker = rankers.create(name, **(parameters or {}))
    started = time.monotonic()
    try:
        ranker.fit(known, features)
    except NOT_THE_RANKERS:
        raise
    except Exception as error:
        return {"ranker": name, "fit_seconds": 0.0, "refused": _reason(error, f"fit {name}")}
    seconds = time.monotonic() - started
    ranker.save(folder / "models" / name)
    log.info("fit %s: %s ratings, %.1f s, %s", name, f"{len(known.ratings):,}", seconds, ranker.parameters())
    return {"ranker": name, "fit_seconds": round(seconds, 3)}


def evaluate_rankers(
    conn: Connection, folder: UPath, fitted: Sequence[Mapping[str, Any]], protocols: Sequence[str] = PROTOCOLS
) -> dict[str, dict[str, float]]:
    """Evaluate rankers one after the other on the same sides, and return the means of each."""
    sides = Sides(folder)
    return {str(each["ranker"]): evaluate_ranker(conn, folder, each, protocols, sides) for each in fitted}


def evaluate_ranker(
    conn: Connection,
    folder: UPath,
    fitted: Mapping[str, Any],
    protocols: Sequence[str] = PROTOCOLS,
    sides: Sides | None = None,
) -> dict[str, float]:
    """Rank the whole catalogue for everybody who liked a movie of the test side, keep the metrics, return their means.

    A ranker that could not be fitted, or whose scores are no numbers, is kept in `ml.refused` with the reason instead.

    Args:
        conn: the warehouse.
        folder: the training's folder.
        fitted: `training_id` and what `fit_ranker` returned.
        protocols: the splits to judge by; for any but the first the ranker is fitted again.
        sides: of the training, where several rankers share them.
    """
    place = {"training_id": fitted["training_id"], "ranker": fitted["ranker"]}
    judged, reason = None, fitted.get("refused")
    if reason is None:
        ranker = rankers.load(folder / "models" / fitted["ranker"])
        try:
            judged = _judge(ranker, sides or Sides(folder), protocols)
        except NOT_THE_RANKERS:
            raise
        except Exception as error:
            reason = _reason(error, f"evaluate {fitted['ranker']}")
    run_sql(conn, "ml/forget_ranker", place)
    if judged is None:
        run_sql(conn, "ml/refused", {**place, "reason": reason})
        conn.commit()
        log.warning("evaluate %s: refused: %s", fitted["ranker"], reason)
        return {}
    for protocol, found in judged.items():
        keep_measures(conn, {**place, "protocol": protocol}, *found)
    judgement = judged[PER_USER_TEMPORAL].judgement
    means = _keep(conn, place, float(fitted["fit_seconds"]), judgement)
    save_frame(folder / "lists" / f"{fitted['ranker']}.parquet", judgement.lists)
    conn.commit()
    return means


def _judge(ranker: rankers.Ranker, sides: Sides, protocols: Sequence[str]) -> dict[str, Judged]:
    known, features, test = sides.per_user
    judgement = judge(ranker, test, KS, relevant_from=known.relevant_from, features=features)
    judged = {PER_USER_TEMPORAL: Judged(known, test, judgement)}
    if GLOBAL_TEMPORAL in protocols:
        try:
            judged[GLOBAL_TEMPORAL] = _judge_at_one_moment(ranker, sides)
        except NOT_THE_RANKERS:
            raise
        except Exception as error:  # it informs, and decides nothing: without it the ranker stays in
            _reason(error, f"evaluate {ranker.name}: no figures for {GLOBAL_TEMPORAL}")
    return judged


def _judge_at_one_moment(ranker: rankers.Ranker, sides: Sides) -> Judged:
    known, features, test = sides.at_one_moment
    again = rankers.create(ranker.name, **ranker.parameters()).fit(known, features)
    return Judged(known, test, judge(again, test, KS, relevant_from=known.relevant_from, features=features))


def _reason(error: Exception, what: str) -> str:
    """Log what one ranker failed with, so that the others go on, and return it in words.

    Only an error that nobody foresaw needs its traceback to be understood.
    """
    is_foreseen = isinstance(error, ModelError)
    reason = str(error) if is_foreseen else f"{type(error).__name__}: {error}"
    log.warning("%s: %s", what, reason, exc_info=not is_foreseen)
    return reason


def _keep(conn: Connection, place: Mapping[str, Any], fit_seconds: float, judgement: Judgement) -> dict[str, float]:
    values = judgement.at(K)[list(USER_METRICS)]
    shown = float(judgement.totals.loc[judgement.totals[K_COLUMN] == K, "coverage"].iloc[0])
    means = {name: float(values[name].mean()) if len(values) else 0.0 for name in USER_METRICS} | {"coverage": shown}
    sizes = {"k": K, "users": len(values), "fit_seconds": fit_seconds, "score_seconds": judgement.seconds}
    run_sql(conn, "ml/evaluation", {**place, **sizes, **means})
    columns = (*place, "k", "user_id", *(f"{name}_at_k" for name in USER_METRICS))
    copy_rows(conn, "ml.user_metric", columns, ((*place.values(), K, *row) for row in values.itertuples()))
    log.info("evaluate %s: NDCG@%d %.4f over %d viewers", place["ranker"], K, means["ndcg"], len(values))
    return {name: round(value, 6) for name, value in means.items()}
