"""Fit every ranker on the known side of the split, judge it on the other, choose the best.

Artifacts of a training: `snapshot/` (the facts), `train.parquet` and `test.parquet` (the split of the ratings),
`features/` (the movies), `models/<ranker>/` (fitted on train).
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd
from upath import UPath

from movierec import rankers
from movierec.artifacts import load_frame, save_frame
from movierec.columns import USER
from movierec.dataset import Dataset
from movierec.db import Connection, copy_rows, fetch, fetch_frame, run_sql
from movierec.evaluation.metrics import per_user, summarise
from movierec.evaluation.significance import paired_bootstrap
from movierec.evaluation.splits import per_user_temporal
from movierec.features.content import MovieFeatures

log = logging.getLogger(__name__)

K = 10
NOTHING_TO_COMPARE = "popularity, because no viewer has a relevant rating in the test window to judge the others by"
USER_METRICS = ("precision", "recall", "f1", "ndcg")


def open_training(conn: Connection, run_id: str, batch_id: int, seed: int) -> int:
    """Return the training of a run, making it the first time; a run that starts over keeps its training."""
    parameters = {"run_id": run_id, "batch_id": batch_id, "seed": seed}
    training_id = int(fetch(conn, "ml/open_training", parameters)[0]["training_id"])
    conn.commit()
    return training_id


def build_features(folder: UPath, seed: int) -> dict[str, int]:
    """Split the snapshot's ratings in time, describe its movies, and return the sizes."""
    dataset = Dataset.load(folder / "snapshot")
    train, test = per_user_temporal(dataset.ratings, seed=seed)
    save_frame(folder / "train.parquet", train)
    save_frame(folder / "test.parquet", test)
    features = MovieFeatures.build(dataset)
    features.save(folder / "features")
    sizes = {"train": len(train), "test": len(test), "terms": int(features.matrix.shape[1])}
    log.info("features: %s", sizes)
    return sizes


def fit_ranker(folder: UPath, name: str) -> dict[str, Any]:
    """Fit a ranker on the known side of the split, keep it, and return its name and the seconds it took."""
    dataset = Dataset.load(folder / "snapshot")
    known = dataset.with_ratings(load_frame(folder / "train.parquet"))
    features = MovieFeatures.load(folder / "features")
    started = time.monotonic()
    ranker = rankers.create(name).fit(known, features)
    seconds = time.monotonic() - started
    ranker.save(folder / "models" / name)
    log.info("fit %s: %s ratings, %.1f s", name, f"{len(known.ratings):,}", seconds)
    return {"ranker": name, "fit_seconds": round(seconds, 3)}


def evaluate_ranker(conn: Connection, folder: UPath, fitted: Mapping[str, Any]) -> dict[str, float]:
    """Rank the whole catalogue for every viewer of the test side, keep the metrics, and return their means.

    Args:
        conn: the warehouse.
        folder: the training's folder.
        fitted: `training_id`, `ranker` and `fit_seconds`.
    """
    test = load_frame(folder / "test.parquet")
    movies = len(load_frame(folder / "snapshot" / "movies.parquet"))
    ranker = rankers.load(folder / "models" / fitted["ranker"])
    started = time.monotonic()
    lists = ranker.recommend(test[USER].unique(), K)
    seconds = time.monotonic() - started
    values = per_user(lists, test, K)
    summary = asdict(summarise(values, lists, test, movies, K))
    parameters = {**fitted, "score_seconds": seconds, **summary}
    run_sql(conn, "ml/evaluation", parameters)
    _keep_user_metrics(conn, fitted["training_id"], fitted["ranker"], values)
    conn.commit()
    log.info("evaluate %s: NDCG@%d %.4f over %d viewers", fitted["ranker"], K, summary["ndcg"], summary["users"])
    return {name: round(float(summary[name]), 6) for name in (*USER_METRICS, "coverage")}


def _keep_user_metrics(conn: Connection, training_id: int, ranker: str, values: pd.DataFrame) -> None:
    run_sql(conn, "ml/clear_user_metric", {"training_id": training_id, "ranker": ranker})
    columns = ("training_id", "ranker", "k", USER, *(f"{name}_at_k" for name in USER_METRICS))
    rows = ((training_id, ranker, K, *row) for row in values[[USER, *USER_METRICS]].itertuples(index=False))
    copy_rows(conn, "ml.user_metric", columns, rows)


def choose_champion(conn: Connection, training_id: int) -> str:
    """Keep the ranker with the best mean NDCG, with the reason in words, and return its name.

    Where no viewer has a relevant rating in the test window, nothing can be compared and popularity wins.
    """
    ndcg = fetch_frame(conn, "ml/user_ndcg", {"training_id": training_id, "k": K})
    table = ndcg.pivot(index="user_id", columns="ranker", values="ndcg_at_k")
    winner = str(table.mean().idxmax()) if len(table) else "popularity"
    reason = _reason(table, winner) if len(table) else NOTHING_TO_COMPARE
    run_sql(conn, "ml/champion", {"training_id": training_id, "ranker": winner, "reason": reason})
    conn.commit()
    log.info("champion: %s", reason)
    return winner


def _reason(table: pd.DataFrame, winner: str) -> str:
    means = table.mean().sort_values(ascending=False)
    best = f"{winner} has the best NDCG@{K}, {means[winner]:.4f} over {len(table)} viewers"
    others = means.drop(winner)
    if others.empty:
        return f"{best}; no other ranker was evaluated"
    second = str(others.index[0])
    lead = paired_bootstrap(table[winner], table[second])
    verdict = "beyond chance" if lead.low > 0 else "within chance"
    share = f"{means[winner] / means[second] - 1:+.1%} " if means[second] else ""
    return (
        f"{best}: {share}over {second} ({means[second]:.4f}), {verdict}: "
        f"the 95 % interval of the paired difference is {lead.low:+.4f} to {lead.high:+.4f}"
    )
