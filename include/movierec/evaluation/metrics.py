"""How well lists match what users turned out to like, by full ranking: every movie of the catalogue competes.

For one user let R be the relevant movies (all that they liked in the test), L the first k of their list, h the number
of relevant movies in L, r_i whether the movie at rank i is relevant, and P_i the share of relevant ones among the first
i. Published tables differ in what they divide by, so the name says which:

- `precision` h / k, also for a list that is shorter than k.
- `recall` h / #R, as RecBole's tables and LightGCN's line have it.
- `recall_capped` h / min(k, #R), which the strong-generalisation tables call Recall (Mult-VAE, EASE, RecVAE, iALS++).
- `f1` 2h / (k + #R), the harmonic mean of `precision` and `recall`.
- `ndcg` Σ r_i / log2(i + 1), divided by that of the best list, which has min(k, #R) hits first (binary gains; all).
- `map` Σ r_i · P_i / min(k, #R), as RecBole's tables have it; dividing by #R, as elsewhere, punishes #R > k.
- `mrr` 1 / the rank of the first relevant movie, 0 if there is none among k.
- `hit_rate` 1 if h > 0, else 0.

Users without a relevant movie are not evaluated but counted. An evaluated user without a list scores 0.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movierec.data.arrays import Doubles, Ints
from movierec.data.columns import MOVIE, RANK, USER, WEIGHT
from movierec.data.history import is_liked
from movierec.errors import ModelError

ACCURACY = ("precision", "recall", "recall_capped", "f1", "ndcg", "map", "mrr", "hit_rate")
K = "k"


def relevant_pairs(test: pd.DataFrame, relevant_from: float | None) -> pd.DataFrame:
    """Return the distinct (user_id, movie_id) that `test` says were liked, in order; None: every rated movie was."""
    rows = test if WEIGHT in test.columns else test.assign(**{WEIGHT: np.float32("nan")})
    pairs = rows.loc[is_liked(rows, relevant_from), [USER, MOVIE]]
    _, first = np.unique(pair_keys(pairs)[0], return_index=True)
    return pairs.iloc[first].sort_values([USER, MOVIE], ignore_index=True)


def accuracy(lists: pd.DataFrame, relevant: pd.DataFrame, ks: Sequence[int]) -> pd.DataFrame:
    """Score lists (user_id, movie_id, rank) against `relevant_pairs`.

    Returns:
        user_id, k and `ACCURACY`: one row per k and user of `relevant`, in the order of `ks`, then of user_id.

    Raises:
        ModelError: these are not lists (see `check_lists`).
    """
    check_lists(lists, ks)
    users, sizes = np.unique(relevant[USER].to_numpy(np.int64), return_counts=True)
    hits = hit_table(lists, relevant, users, max(ks))
    frames = [_at(k, users, sizes, hits[:, :k]) for k in ks]
    return pd.concat(frames, ignore_index=True)


def hit_table(lists: pd.DataFrame, relevant: pd.DataFrame, users: Ints, k: int) -> NDArray[np.bool_]:
    """Tell for each of `users` (rows, ascending) and ranks up to k (columns) whether the movie there is relevant."""
    relevant_keys, list_keys = pair_keys(relevant, lists)
    relevant_keys = np.sort(relevant_keys)
    positions = np.minimum(np.searchsorted(relevant_keys, list_keys), len(relevant_keys) - 1)
    is_hit = (relevant_keys[positions] == list_keys) if len(relevant_keys) else np.zeros(len(list_keys), np.bool_)
    ranks = lists[RANK].to_numpy(np.int64)
    is_hit &= ranks <= k
    hits = np.zeros((len(users), k), np.bool_)
    hits[np.searchsorted(users, lists[USER].to_numpy()[is_hit]), ranks[is_hit] - 1] = True
    return hits


def check_lists(lists: pd.DataFrame, ks: Sequence[int]) -> None:
    """Refuse what would count a hit twice.

    Raises:
        ModelError: a list names a movie twice, its ranks are not 1, 2, 3 …, or a k is below 1.
    """
    if not len(ks) or min(ks) < 1:
        raise ModelError(f"lists cannot be evaluated at k = {list(ks)}; allowed are whole numbers from 1")
    keys = np.sort(pair_keys(lists)[0])
    repeated = int((np.diff(keys) == 0).sum())
    if repeated:
        raise ModelError(f"{repeated} rows of the lists name a movie that their user's list has already")
    order = np.lexsort((lists[RANK], lists[USER]))
    users, ranks = lists[USER].to_numpy()[order], lists[RANK].to_numpy()[order]
    is_first = np.diff(users, prepend=users[:1] - 1) != 0
    before = np.where(is_first, 0, np.roll(ranks, 1))
    if not np.array_equal(ranks, before + 1):
        raise ModelError("the ranks of a list do not count 1, 2, 3 …; allowed is each once, from 1 and without gaps")


def _at(k: int, users: Ints, sizes: Ints, hits: NDArray[np.bool_]) -> pd.DataFrame:
    ranks = np.arange(1, k + 1)
    discounts = 1 / np.log2(ranks + 1)
    h = hits.sum(axis=1)
    first = np.where(h > 0, hits.argmax(axis=1) + 1, np.inf)
    capped = np.minimum(sizes, k)
    precisions_at_hits: Doubles = (hits * np.cumsum(hits, axis=1)) @ (1 / ranks)
    return pd.DataFrame(
        {
            USER: users,
            K: k,
            "precision": h / k,
            "recall": h / sizes,
            "recall_capped": h / capped,
            # 2PR / (P + R) with P = h / k and R = h / #R is 2h / (k + #R), which needs no case for h = 0.
            "f1": 2 * h / (k + sizes),
            "ndcg": (hits @ discounts) / np.cumsum(discounts)[capped - 1],
            "map": precisions_at_hits / capped,
            "mrr": 1 / first,
            "hit_rate": (h > 0).astype(np.float64),
        }
    )


def pair_keys(*frames: pd.DataFrame) -> list[Ints]:
    """Give each pair (user_id, movie_id) of all frames one number, the same for the same pair."""
    users = np.concatenate([frame[USER].to_numpy(np.int64) for frame in frames])
    movies = np.concatenate([frame[MOVIE].to_numpy(np.int64) for frame in frames])
    if min(users.min(initial=0), movies.min(initial=0)) < 0 or max(users.max(initial=0), movies.max(initial=0)) >> 31:
        users, movies = pd.factorize(users)[0], pd.factorize(movies)[0]
    keys = (users.astype(np.int64) << 31) | movies.astype(np.int64)
    return np.split(keys, np.cumsum([len(frame) for frame in frames])[:-1])
