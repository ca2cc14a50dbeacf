"""Which movie of a user's own history speaks most for a recommendation: "because you liked …", and never untrue."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from movierec.columns import MOVIE, USER
from movierec.dataset import Dataset
from movierec.features.history import History
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker

BECAUSE = "because_movie_id"
NONE = -1  # position of no movie


def evidence(recommendations: pd.DataFrame, dataset: Dataset, ranker: Ranker) -> pd.DataFrame:
    """Add `because_movie_id` (Int64): the liked movie with the largest item-item weight of the ranker.

    Liked means rated `RELEVANT_FROM` or higher and not below the user's own mean. Only a positive weight counts; where
    there is none, and for users without a history, the value is null.

    Args:
        recommendations: (user_id, movie_id, …), in any order, which is kept.
        dataset: the ratings the ranker was fitted on.
        ranker: a fitted ranker that works through pairs of movies (EASE, kNN, content, hybrid).
    """
    history = History.of(dataset)
    liked = history.matrix(history.liked & (history.above >= 0))
    liked.eliminate_zeros()
    users, targets = (recommendations[column].to_numpy() for column in (USER, MOVIE))
    targets = np.searchsorted(history.movie_ids, targets)
    because = np.full(len(users), NONE, np.int64)
    for position, rows in _rows_by_user(users, history.user_ids):
        sources = np.sort(liked[position].indices).astype(np.int64)
        if len(sources):
            because[rows] = _strongest(ranker.item_weights(sources, targets[rows]), sources)
    found = because != NONE
    because_ids = pd.array(np.where(found, history.movie_ids[because], 0), dtype="Int64")
    because_ids[~found] = pd.NA
    return recommendations.assign(**{BECAUSE: because_ids})


def _rows_by_user(users: Ints, user_ids: Ints) -> Iterator[tuple[int, Ints]]:
    """Give the position of each known user and the rows that are theirs."""
    order = np.argsort(users, kind="stable")
    starts = np.flatnonzero(np.diff(users[order])) + 1
    for rows in np.split(order, starts) if len(order) else []:
        user = users[rows[0]]
        position = int(np.searchsorted(user_ids, user))
        if position < len(user_ids) and user_ids[position] == user:
            yield position, rows


def _strongest(weights: Floats, sources: Ints) -> Ints:
    """Return the source of each column's largest positive weight, the first of equals; `NONE` without one."""
    best = weights.argmax(axis=0)
    positive = weights[best, np.arange(weights.shape[1])] > 0
    return np.where(positive, sources[best], NONE)
