"""How good lists are, per user and on average.

A user u has a list L(u) of at most k movies and the set R(u) of test movies they rated `relevant_from` or higher; h of
the list's movies are in R(u).

    precision@k = h / k
    recall@k    = h / |R(u)|
    f1@k        = 2 · precision · recall / (precision + recall), 0 without a hit
    ndcg@k      = Σ_{hits at rank r} 1 / log2(r + 1)  divided by  Σ_{r = 1 … min(k, |R(u)|)} 1 / log2(r + 1)

Averages are over users with a non-empty R(u); the others cannot be judged and are counted. A judged user without a list
scores 0.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from movierec.columns import MOVIE, RANK, RATING, RELEVANT_FROM, USER


@dataclass(frozen=True)
class Summary:
    """Means over the judged users; `coverage` is the share of the catalogue that appears in their lists."""

    k: int
    precision: float
    recall: float
    f1: float
    ndcg: float
    coverage: float
    users: int
    users_without_relevant: int


def per_user(
    recommendations: pd.DataFrame, test: pd.DataFrame, k: int = 10, relevant_from: float = RELEVANT_FROM
) -> pd.DataFrame:
    """Score every judged user's list; one row (user_id, precision, recall, f1, ndcg) per user, in order of user_id."""
    relevant = test.loc[test[RATING] >= relevant_from, [USER, MOVIE]]
    sizes = relevant.groupby(USER).size()
    hits = recommendations.loc[recommendations[RANK] <= k, [USER, MOVIE, RANK]].merge(relevant, on=[USER, MOVIE])
    gains = (1 / np.log2(hits[RANK] + 1)).groupby(hits[USER]).sum().reindex(sizes.index, fill_value=0.0)
    h = hits.groupby(USER).size().reindex(sizes.index, fill_value=0)
    ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))[np.minimum(sizes, k) - 1]
    return (
        pd.DataFrame(
            {
                "precision": h / k,
                "recall": h / sizes,
                # 2PR / (P + R) with P = h / k and R = h / |R(u)| is 2h / (k + |R(u)|), which needs no case for h = 0.
                "f1": 2 * h / (k + sizes),
                "ndcg": gains / ideal,
            }
        )
        .rename_axis(USER)
        .reset_index()
    )


def summarise(
    values: pd.DataFrame, recommendations: pd.DataFrame, test: pd.DataFrame, movies: int, k: int = 10
) -> Summary:
    """Average the rows of `per_user`; `movies` is the size of the catalogue."""
    shown = recommendations.loc[(recommendations[RANK] <= k) & recommendations[USER].isin(values[USER]), MOVIE]
    means = values[["precision", "recall", "f1", "ndcg"]].mean().fillna(0.0)
    return Summary(
        k=k,
        precision=float(means["precision"]),
        recall=float(means["recall"]),
        f1=float(means["f1"]),
        ndcg=float(means["ndcg"]),
        coverage=shown.nunique() / max(movies, 1),
        users=len(values),
        users_without_relevant=int(test[USER].nunique()) - len(values),
    )
