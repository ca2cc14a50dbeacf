"""The metrics of a ranker's lists, with intervals, for everybody and for groups of users and movies (`ml.metric`)."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from movierec.data.columns import USER
from movierec.db import Connection, copy_rows, run_sql
from movierec.evaluation.bootstrap import mean_intervals_by_k
from movierec.evaluation.evaluate import METRICS, TOTALS, Evaluation
from movierec.evaluation.metrics import K, relevant_pairs
from movierec.evaluation.strata import DIMENSION, STRATUM, by_movie_stratum, by_stratum, strata
from movierec.training.data import Split

ALL = "all"
MIN_USERS = 10  # a smaller group says little, and may say it of one person
COLUMNS = ("training_id", "protocol", "ranker", "k", "metric", "dimension", "stratum", "value", "low", "high", "users")

MetricRow = tuple[object, ...]  # from `k` on


def store_metrics(conn: Connection, key: Mapping[str, object], split: Split, evaluation: Evaluation) -> int:
    """Replace the metrics of one ranker under one protocol and return how many rows that are.

    Args:
        conn: the warehouse.
        key: training_id, protocol and ranker.
        split: what the ranker was fitted and evaluated on.
        evaluation: of its lists.
    """
    run_sql(conn, "ml/clear_metric", key)
    head = [key[column] for column in COLUMNS[:3]]
    cutoffs = [int(k) for k in evaluation.totals[K]]
    rows = [*_rows_of_everybody(evaluation, cutoffs), *_by_stratum(split, evaluation, cutoffs)]
    return copy_rows(conn, "ml.metric", COLUMNS, ((*head, *row) for row in rows))


def _rows_of_everybody(evaluation: Evaluation, cutoffs: Sequence[int]) -> Iterator[MetricRow]:
    intervals = mean_intervals_by_k(evaluation.values, cutoffs, METRICS)
    for k in cutoffs:
        values = evaluation.at(k)[list(METRICS)]
        for name in METRICS:
            interval = intervals[k, name]
            if np.isfinite(interval.mean):
                users = int(values[name].notna().sum())
                yield k, name, ALL, ALL, interval.mean, interval.low, interval.high, users
        totals = evaluation.totals[evaluation.totals[K] == k]
        known = {name: float(totals[name].iloc[0]) for name in TOTALS if totals[name].notna().all()}
        yield from ((k, name, ALL, ALL, value, None, None, len(values)) for name, value in known.items())


def _by_stratum(split: Split, evaluation: Evaluation, cutoffs: Sequence[int]) -> Iterator[MetricRow]:
    if evaluation.values.empty:
        return
    relevant = relevant_pairs(split.test, split.train.relevant_from)
    of_users = by_stratum(evaluation.values, strata(split.train, evaluation.values[USER]))
    of_movies = by_movie_stratum(evaluation.lists, relevant, split.train, cutoffs)
    table = pd.concat([of_users, of_movies], ignore_index=True)
    columns = [K, "metric", DIMENSION, STRATUM, "mean", "low", "high", "users"]
    yield from table.loc[table["users"] >= MIN_USERS, columns].itertuples(index=False, name=None)
