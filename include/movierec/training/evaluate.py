"""Evaluate the fitted rankers of a training on the side held out, and keep what their lists were worth."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from upath import UPath

from movierec.artifacts import save_frame
from movierec.data.dataset import Dataset
from movierec.db import Connection, copy_rows, run_sql
from movierec.evaluation.evaluate import Evaluation, evaluate
from movierec.evaluation.metrics import K
from movierec.evaluation.protocols import CUTOFF, CUTOFFS, GLOBAL_TEMPORAL, PER_USER_TEMPORAL, PROTOCOLS
from movierec.rankers import registry
from movierec.rankers.base import Ranker
from movierec.training.fit import NOT_THE_RANKERS, reason_of
from movierec.training.folder import Sides
from movierec.training.metric_rows import keep_measures

log = logging.getLogger(__name__)

USER_METRICS = ("precision", "recall", "f1", "ndcg")


class Judged(NamedTuple):
    """What a ranker was fitted on, what it was asked about, and what its lists were worth."""

    known: Dataset
    test: pd.DataFrame
    evaluation: Evaluation


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
        ranker = registry.load(folder / "models" / fitted["ranker"])
        try:
            judged = _judge(ranker, sides or Sides(folder), protocols)
        except NOT_THE_RANKERS:
            raise
        except Exception as error:
            reason = reason_of(error, f"evaluate {fitted['ranker']}")
    run_sql(conn, "ml/forget_ranker", place)
    if judged is None:
        run_sql(conn, "ml/refused", {**place, "reason": reason})
        conn.commit()
        log.warning("evaluate %s: refused: %s", fitted["ranker"], reason)
        return {}
    for protocol, found in judged.items():
        keep_measures(conn, {**place, "protocol": protocol}, *found)
    evaluation = judged[PER_USER_TEMPORAL].evaluation
    means = _keep(conn, place, float(fitted["fit_seconds"]), evaluation)
    save_frame(folder / "lists" / f"{fitted['ranker']}.parquet", evaluation.lists)
    conn.commit()
    return means


def _judge(ranker: Ranker, sides: Sides, protocols: Sequence[str]) -> dict[str, Judged]:
    known, features, test = sides.per_user
    evaluation = evaluate(ranker, test, CUTOFFS, relevant_from=known.relevant_from, features=features)
    judged = {PER_USER_TEMPORAL: Judged(known, test, evaluation)}
    if GLOBAL_TEMPORAL in protocols:
        try:
            judged[GLOBAL_TEMPORAL] = _judge_at_one_moment(ranker, sides)
        except NOT_THE_RANKERS:
            raise
        except Exception as error:  # it informs, and decides nothing: without it the ranker stays in
            reason_of(error, f"evaluate {ranker.name}: no figures for {GLOBAL_TEMPORAL}")
    return judged


def _judge_at_one_moment(ranker: Ranker, sides: Sides) -> Judged:
    known, features, test = sides.at_one_moment
    again = registry.create(ranker.name, **ranker.parameters()).fit(known, features)
    return Judged(known, test, evaluate(again, test, CUTOFFS, relevant_from=known.relevant_from, features=features))


def _keep(conn: Connection, place: Mapping[str, Any], fit_seconds: float, evaluation: Evaluation) -> dict[str, float]:
    values = evaluation.at(CUTOFF)[list(USER_METRICS)]
    shown = float(evaluation.totals.loc[evaluation.totals[K] == CUTOFF, "coverage"].iloc[0])
    means = {name: float(values[name].mean()) if len(values) else 0.0 for name in USER_METRICS} | {"coverage": shown}
    sizes = {"k": CUTOFF, "users": len(values), "fit_seconds": fit_seconds, "score_seconds": evaluation.seconds}
    run_sql(conn, "ml/evaluation", {**place, **sizes, **means})
    columns = (*place, "k", "user_id", *(f"{name}_at_k" for name in USER_METRICS))
    copy_rows(conn, "ml.user_metric", columns, ((*place.values(), CUTOFF, *row) for row in values.itertuples()))
    log.info("evaluate %s: NDCG@%d %.4f over %d viewers", place["ranker"], CUTOFF, means["ndcg"], len(values))
    return {name: round(value, 6) for name, value in means.items()}
