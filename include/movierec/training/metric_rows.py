"""What lists were worth, with intervals, for everybody and for groups of viewers and movies (`ml.metric`)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from movierec.data.columns import USER
from movierec.data.dataset import Dataset
from movierec.db import Connection, copy_rows, run_sql
from movierec.evaluation.evaluate import METRICS, TOTALS, Evaluation
from movierec.evaluation.metrics import K, relevant_pairs
from movierec.evaluation.significance import mean_intervals
from movierec.evaluation.strata import DIMENSION, STRATUM, by_movie_stratum, by_stratum, strata

ALL = "all"
FEWEST_USERS = 10  # a smaller group says little, and may say it of one person
COLUMNS = ("training_id", "protocol", "ranker", "k", "metric", "dimension", "stratum", "value", "low", "high", "users")


def keep_measures(
    conn: Connection, place: Mapping[str, Any], known: Dataset, test: pd.DataFrame, evaluation: Evaluation
) -> int:
    """Replace the metrics of one ranker under one protocol and return how many rows that are.

    Args:
        conn: the warehouse.
        place: training_id, protocol and ranker.
        known: what the ranker was fitted on.
        test: what it was judged by.
        evaluation: of its lists.
    """
    run_sql(conn, "ml/clear_metric", place)
    head = (place["training_id"], place["protocol"], place["ranker"])
    ks = [int(k) for k in evaluation.totals[K]]
    rows = [*_overall(evaluation, ks), *_by_group(known, test, evaluation, ks)]
    return copy_rows(conn, "ml.metric", COLUMNS, ((*head, *row) for row in rows))


def _overall(evaluation: Evaluation, ks: list[int]) -> Iterator[tuple[object, ...]]:
    for k in ks:
        values = evaluation.at(k)[list(METRICS)]
        for name, found in mean_intervals(values).items():
            if np.isfinite(found.mean):
                yield k, name, ALL, ALL, found.mean, found.low, found.high, int(values[name].notna().sum())
        totals = evaluation.totals[evaluation.totals[K] == k]
        yield from ((k, name, ALL, ALL, float(totals[name].iloc[0]), None, None, len(values)) for name in TOTALS)


def _by_group(
    known: Dataset, test: pd.DataFrame, evaluation: Evaluation, ks: list[int]
) -> Iterator[tuple[object, ...]]:
    if evaluation.values.empty:
        return
    relevant = relevant_pairs(test, known.relevant_from)
    of_users = by_stratum(evaluation.values, strata(known, evaluation.values[USER]))
    of_movies = by_movie_stratum(evaluation.lists, relevant, known, ks)
    found = pd.concat([of_users, of_movies], ignore_index=True)
    columns = [K, "metric", DIMENSION, STRATUM, "mean", "low", "high", "users"]
    yield from found.loc[found["users"] >= FEWEST_USERS, columns].itertuples(index=False, name=None)
