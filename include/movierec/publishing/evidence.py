"""Which movie of a user's own history speaks most for a recommendation: "because you liked …", and never untrue."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import sparse

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import MOVIE, USER
from movierec.data.history import History
from movierec.rankers.base import Ranker

BECAUSE = "because_movie_id"
NONE = -1  # position of no movie
USERS_AT_ONCE = 128


def evidence(recommendations: pd.DataFrame, ranker: Ranker) -> pd.DataFrame:
    """Add `because_movie_id` (Int64): the liked movie that added most to the score, as the ranker weighs the history.

    Liked means rated `relevant_from` or higher and not below the user's own mean, or said so by other feedback. Only a
    positive contribution counts; where there is none, and for users without a history, the value is null. Of learned
    rankers it is the contribution to the view of the history that drives them most.

    Args:
        recommendations: (user_id, movie_id, …), in any order, which is kept.
        ranker: a fitted ranker; to one that uses nobody's history nothing contributes.
    """
    history = ranker.history_
    liked = liked_movies(history)
    targets = np.searchsorted(history.movie_ids, recommendations[MOVIE])
    because = np.full(len(targets), NONE, np.int64)
    for positions, rows in blocks(recommendations[USER].to_numpy(), history.user_ids):
        users, own = _by_value(positions, rows)
        sources = [np.sort(liked[[user]].indices).astype(np.int64) for user in users]
        found = ranker.contributions(users, sources, [targets[some] for some in own])
        for some, given, added in zip(own, sources, found, strict=True):
            because[some] = _strongest(added, given)
    is_found = because != NONE
    because_ids = pd.array(np.where(is_found, history.movie_ids[because], 0), dtype="Int64")
    because_ids[~is_found] = pd.NA
    return recommendations.assign(**{BECAUSE: because_ids})


def liked_movies(history: History) -> sparse.csr_matrix:
    """Return 1 where a user liked a movie and did not rate it below their own mean (users × movies, float32)."""
    liked = history.matrix(history.liked & (history.above >= 0))
    liked.eliminate_zeros()
    return liked


def blocks(users: Ints, user_ids: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Give rows of known users, some users at a time: each row's position of the user, and the row."""
    if not len(user_ids):
        return
    positions = np.minimum(np.searchsorted(user_ids, users), len(user_ids) - 1)
    rows = np.flatnonzero(user_ids[positions] == users)
    rows = rows[np.argsort(positions[rows], kind="stable")]
    number = np.unique(positions[rows], return_inverse=True)[1] // USERS_AT_ONCE
    for chosen in np.split(rows, np.flatnonzero(np.diff(number)) + 1) if len(rows) else []:
        yield positions[chosen], chosen


def _by_value(values: Ints, rows: Ints) -> tuple[Ints, list[Ints]]:
    """Return the different ones of ascending values, and the rows of each."""
    starts = np.flatnonzero(np.diff(values, prepend=-1))
    return values[starts], np.split(rows, starts[1:])


def _strongest(added: Floats, sources: Ints) -> Ints:
    """Return the source of each column's largest positive contribution, the first of equals; `NONE` without one."""
    if not len(sources):
        return np.full(added.shape[1], NONE)
    best = added.argmax(axis=0)
    positive = added[best, np.arange(added.shape[1])] > 0
    return np.where(positive, sources[best], NONE)
