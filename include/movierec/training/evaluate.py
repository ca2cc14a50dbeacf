"""Evaluate the fitted rankers of a training on the ratings held out, and store their metrics and lists."""

import logging
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from movierec.db import Connection, copy_rows, run_sql
from movierec.evaluation.evaluate import Evaluation, evaluate
from movierec.evaluation.metrics import K
from movierec.evaluation.protocols import CUTOFF, CUTOFFS, GLOBAL_TEMPORAL, PER_USER_TEMPORAL, PROTOCOLS
from movierec.rankers.base import Ranker
from movierec.rankers.together import log_failure
from movierec.training.data import Split, TrainingData
from movierec.training.fit import RETRYABLE
from movierec.training.folder import TrainingFolder
from movierec.training.metric_rows import store_metrics

log = logging.getLogger(__name__)

USER_METRICS = ("precision", "recall", "f1", "ndcg")

Key = Mapping[str, object]


def evaluate_rankers(
    conn: Connection, folder: TrainingFolder, fitted: Sequence[Mapping[str, Any]], protocols: Sequence[str] = PROTOCOLS
) -> dict[str, dict[str, float | None]]:
    """Evaluate rankers one after the other on the same splits, and return the means of each."""
    data = TrainingData(folder)
    return {str(each["ranker"]): evaluate_ranker(conn, data, each, protocols) for each in fitted}


def evaluate_ranker(
    conn: Connection, data: TrainingData, fitted: Mapping[str, Any], protocols: Sequence[str] = PROTOCOLS
) -> dict[str, float | None]:
    """Rank the whole catalogue for everybody who liked a movie of the test, store the metrics, return their means.

    Where nobody liked any, there are no means: they are None, and null in `ml.evaluation`.

    A ranker that could not be fitted, or whose scores are no numbers, gets a row in `ml.refused` with the reason
    instead. What a learned ranker or the blend had to leave out is in `ml.left_out`.

    Args:
        conn: the warehouse.
        data: of the training.
        fitted: what `fit_ranker` returned.
        protocols: the splits to evaluate on; for any but the first the ranker is fitted again.
    """
    name, reason = str(fitted["ranker"]), fitted.get("refused")
    results: dict[str, tuple[Split, Evaluation]] = {}
    left_out: Mapping[str, str] = {}
    if reason is None:
        ranker = data.load_ranker(name)
        left_out = ranker.left_out
        try:
            results = _evaluate(ranker, data, protocols)
        except RETRYABLE:
            raise
        except Exception as error:
            reason = log_failure(error, f"evaluate {name}")
    key = {"training_id": data.folder.training_id, "ranker": name}
    run_sql(conn, "ml/clear_ranker", key)
    if reason is not None:
        run_sql(conn, "ml/record_refusal", {**key, "reason": reason})
        conn.commit()
        log.warning("evaluate %s: refused: %s", name, reason)
        return {}
    for protocol, (split, evaluation) in results.items():
        store_metrics(conn, {**key, "protocol": protocol}, split, evaluation)
        _store_user_metrics(conn, {**key, "protocol": protocol}, evaluation)
    _, decisive = results[PER_USER_TEMPORAL]
    means = _store_means(conn, key, float(fitted["fit_seconds"]), decisive)
    columns = (*key, "base_ranker", "reason")
    copy_rows(conn, "ml.left_out", columns, ((*key.values(), *row) for row in left_out.items()))
    data.save_lists(name, decisive.lists)
    conn.commit()
    return means


def _evaluate(ranker: Ranker, data: TrainingData, protocols: Sequence[str]) -> dict[str, tuple[Split, Evaluation]]:
    """Evaluate on the split that decides, and on the other one where it is asked for and can be done."""
    split = data.per_user_temporal
    results = {PER_USER_TEMPORAL: (split, _evaluate_on(split, ranker))}
    if GLOBAL_TEMPORAL in protocols:
        try:
            refitted = data.fit_on(GLOBAL_TEMPORAL, ranker.name, ranker.chosen_parameters())
            split = data.global_temporal
            results[GLOBAL_TEMPORAL] = (split, _evaluate_on(split, refitted))
        except RETRYABLE:
            raise
        except Exception as error:  # it informs, and decides nothing: without it the ranker stays in
            log_failure(error, f"evaluate {ranker.name}: no figures for {GLOBAL_TEMPORAL}")
    return results


def _evaluate_on(split: Split, ranker: Ranker) -> Evaluation:
    return evaluate(ranker, split.test, CUTOFFS, relevant_from=split.train.relevant_from, features=split.features)


def _store_means(conn: Connection, key: Key, fit_seconds: float, evaluation: Evaluation) -> dict[str, float | None]:
    """Write the means at the cutoff (`ml.evaluation`)."""
    values = evaluation.at(CUTOFF)[list(USER_METRICS)]
    coverage = evaluation.totals.loc[evaluation.totals[K] == CUTOFF, "coverage"].iloc[0]
    means = {**values.mean(), "coverage": coverage}
    known = {name: float(mean) if isfinite(mean) else None for name, mean in means.items()}
    costs = {"users": len(values), "fit_seconds": fit_seconds, "score_seconds": evaluation.seconds}
    run_sql(conn, "ml/record_evaluation", {**key, K: CUTOFF, **costs, **known})
    log.info("evaluate %s: NDCG@%d %.4f over %d viewers", key["ranker"], CUTOFF, means["ndcg"], len(values))
    return {name: None if mean is None else round(mean, 6) for name, mean in known.items()}


def _store_user_metrics(conn: Connection, key: Key, evaluation: Evaluation) -> None:
    """Write the values of every user at the cutoff (`ml.user_metric`); rankers are compared in pairs by them."""
    values = evaluation.at(CUTOFF)[list(USER_METRICS)]
    columns = (*key, K, "user_id", *(f"{name}_at_k" for name in USER_METRICS))
    copy_rows(conn, "ml.user_metric", columns, ((*key.values(), CUTOFF, *row) for row in values.itertuples()))
