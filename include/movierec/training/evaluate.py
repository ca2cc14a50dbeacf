"""Evaluate the fitted rankers of a training on the ratings held out, and store their metrics and lists."""

import logging
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from movierec.config import Settings
from movierec.db import Connection, copy_rows, run_sql
from movierec.evaluation import evaluate as evaluation
from movierec.evaluation.evaluate import Evaluation
from movierec.evaluation.metrics import K
from movierec.evaluation.protocols import CUTOFF, CUTOFFS, GLOBAL_TEMPORAL, PER_USER_TEMPORAL, PROTOCOLS
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.fitting_together import log_failure
from movierec.training.data import Split, TrainingData
from movierec.training.fit import RETRYABLE
from movierec.training.metric_rows import store_metrics

log = logging.getLogger(__name__)

USER_METRICS = ("precision", "recall", "f1", "ndcg")

Key = Mapping[str, object]


def evaluate_ranker(
    conn: Connection, data: TrainingData, fitted: Mapping[str, Any], protocols: Sequence[str] = PROTOCOLS
) -> dict[str, float | None]:
    """Evaluate one ranker as `evaluate_rankers` does, and return its means."""
    return evaluate_rankers(conn, data, [fitted], protocols)[str(fitted["ranker"])]


def evaluate_rankers(
    conn: Connection,
    data: TrainingData,
    fitted: Sequence[Mapping[str, Any]],
    protocols: Sequence[str] = PROTOCOLS,
    max_viewers: int = Settings.evaluated_viewers,
) -> dict[str, dict[str, float | None]]:
    """Rank the whole catalogue for everybody who liked a movie of the test, store the metrics, return their means.

    Where nobody liked any, there are no means: they are None, and null in `ml.evaluation`.

    A ranker that could not be fitted, or whose scores are not numbers, gets a row in `ml.refused` with the reason
    instead. What a learned ranker or the blend had to leave out is in `ml.left_out`.

    Args:
        conn: the warehouse.
        data: of the training.
        fitted: what `fit_ranker` returned, for each ranker.
        protocols: the splits to evaluate on; for any but the first the rankers are fitted again.
        max_viewers: of more viewers so many are drawn, the same for all rankers.
    """
    reasons = {str(each["ranker"]): each.get("refused") for each in fitted}
    rankers = {name: data.load_ranker(name) for name, reason in reasons.items() if reason is None}
    per_user = _evaluate_on(data.per_user_temporal, rankers, max_viewers)
    for name, result in per_user.items():
        if isinstance(result, Exception):
            reasons[name] = log_failure(result, f"evaluate {name}")
    refitted: dict[str, Ranker] = {}
    others: dict[str, Evaluation | Exception] = {}
    if GLOBAL_TEMPORAL in protocols:
        kept = {name: ranker for name, ranker in rankers.items() if reasons[name] is None}
        refitted, others = _evaluate_globally(kept, data, max_viewers)
    means = {}
    for each in fitted:
        name = str(each["ranker"])
        results = {PER_USER_TEMPORAL: (data.per_user_temporal, per_user.get(name))}
        if name in others:
            results[GLOBAL_TEMPORAL] = (data.global_temporal, others[name])
        evaluations = {key: (split, value) for key, (split, value) in results.items() if isinstance(value, Evaluation)}
        by_protocol = {PER_USER_TEMPORAL: rankers, GLOBAL_TEMPORAL: refitted}
        left_out = {key: known[name].left_out for key, known in by_protocol.items() if name in known}
        means[name] = _store(conn, data, each, reasons[name], left_out, evaluations)
    return means


def _store(
    conn: Connection,
    data: TrainingData,
    fitted: Mapping[str, Any],
    reason: str | None,
    left_out: Mapping[str, Mapping[str, str]],
    results: Mapping[str, tuple[Split, Evaluation]],
) -> dict[str, float | None]:
    """Replace what the warehouse holds of a ranker; return its means, none where it is refused."""
    name = str(fitted["ranker"])
    key = {"training_id": data.folder.training_id, "ranker": name}
    run_sql(conn, "ml/clear_ranker", key)
    if reason is not None:
        run_sql(conn, "ml/record_refusal", {**key, "reason": reason})
        conn.commit()
        log.warning("evaluate %s: refused: %s", name, reason)
        return {}
    for protocol, (split, result) in results.items():
        store_metrics(conn, {**key, "protocol": protocol}, split, result)
        _store_user_metrics(conn, {**key, "protocol": protocol}, result)
    _, per_user = results[PER_USER_TEMPORAL]
    means = _store_means(conn, key, float(fitted["fit_seconds"]), per_user)
    columns = (*key, "protocol", "base_ranker", "reason")
    left_out_rows = ((*key.values(), name, *row) for name, reasons in left_out.items() for row in reasons.items())
    copy_rows(conn, "ml.left_out", columns, left_out_rows)
    data.save_lists(name, per_user.lists)
    conn.commit()
    return means


def _evaluate_globally(
    rankers: Mapping[str, Ranker], data: TrainingData, max_viewers: int
) -> tuple[dict[str, Ranker], dict[str, Evaluation | Exception]]:
    """Fit again and evaluate on the global split; a ranker that has no figures under it stays in."""
    refitted: dict[str, Ranker] = {}
    results: dict[str, Evaluation | Exception] = {}
    try:
        for name, ranker in rankers.items():
            try:
                refitted[name] = data.fit_on(GLOBAL_TEMPORAL, name, ranker.chosen_parameters())
            except RETRYABLE:
                raise
            except Exception as error:
                results[name] = error
        results |= _evaluate_on(data.global_temporal, refitted, max_viewers)
    except RETRYABLE:
        raise
    except Exception as error:  # of the split itself
        results |= dict.fromkeys(rankers, error)
    for name, result in results.items():
        if isinstance(result, Exception):
            log_failure(result, f"evaluate {name}: no figures for {GLOBAL_TEMPORAL}")
    return refitted, results


def _evaluate_on(split: Split, rankers: Mapping[str, Ranker], max_viewers: int) -> dict[str, Evaluation | Exception]:
    """Evaluate rankers by name; what trying again may help with is raised.

    Raises:
        MemoryError, OSError, psycopg.Error: not a ranker's fault.
    """
    options: dict[str, Any] = {"relevant_from": split.train.relevant_from, "features": split.features}
    options["max_users"] = max_viewers
    results = evaluation.evaluate_together(list(rankers.values()), split.test, CUTOFFS, **options)
    for result in results:
        if isinstance(result, RETRYABLE):
            raise result
    return dict(zip(rankers, results, strict=True))


def _store_means(conn: Connection, key: Key, fit_seconds: float, evaluation: Evaluation) -> dict[str, float | None]:
    """Write the means at the cutoff (`ml.evaluation`)."""
    values = evaluation.at(CUTOFF)[list(USER_METRICS)]
    coverage = evaluation.totals.loc[evaluation.totals[K] == CUTOFF, "coverage"].iloc[0]
    means = {**values.mean(), "coverage": coverage}
    known = {name: float(mean) if isfinite(mean) else None for name, mean in means.items()}
    costs = {"users": len(values), "fit_seconds": fit_seconds, "score_seconds": evaluation.seconds}
    run_sql(conn, "ml/record_evaluation", {**key, K: CUTOFF, **costs, **known})
    drawn = f", drawn of {evaluation.drawn_from:,}" if evaluation.drawn_from > len(values) else ""
    log.info("evaluate %s: NDCG@%d %.4f over %d viewers%s", key["ranker"], CUTOFF, means["ndcg"], len(values), drawn)
    return {name: None if mean is None else round(mean, 6) for name, mean in known.items()}


def _store_user_metrics(conn: Connection, key: Key, evaluation: Evaluation) -> None:
    """Write the values of every user at the cutoff (`ml.user_metric`); rankers are compared in pairs by them."""
    values = evaluation.at(CUTOFF)[list(USER_METRICS)]
    columns = (*key, K, "user_id", *(f"{name}_at_k" for name in USER_METRICS))
    copy_rows(conn, "ml.user_metric", columns, ((*key.values(), CUTOFF, *row) for row in values.itertuples()))
