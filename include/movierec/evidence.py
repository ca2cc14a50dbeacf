"""Which movie of a user's own history speaks most for a recommendation: "because you liked …", and never untrue."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import sparse

from movierec.columns import MOVIE, USER
from movierec.dataset import Dataset
from movierec.features.history import History
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker

BECAUSE = "because_movie_id"
NONE = -1  # position of no movie
USERS_AT_ONCE = 128


def evidence(recommendations: pd.DataFrame, dataset: Dataset, ranker: Ranker) -> pd.DataFrame:
    """Add `because_movie_id` (Int64): the liked movie with the largest item-item weight of the ranker.

    Liked means rated `relevant_from` or higher and not below the user's own mean, or said so by other feedback. Only a
    positive weight counts; where there is none, and for users without a history, the value is null.

    Args:
        recommendations: (user_id, movie_id, …), in any order, which is kept.
        dataset: the ratings the ranker was fitted on.
        ranker: a fitted ranker; one that works through no pairs of movies has only weights of 0.
    """
    history = History.of(dataset)
    liked = liked_movies(history)
    targets = np.searchsorted(history.movie_ids, recommendations[MOVIE])
    because = np.full(len(targets), NONE, np.int64)
    for positions, rows in _blocks(recommendations[USER].to_numpy(), history.user_ids):
        sources = np.unique(liked[positions].indices)
        wanted = np.unique(targets[rows])
        weights = ranker.item_weights(sources.astype(np.int64), wanted)
        for position, own in _by_value(positions, rows):
            places = np.searchsorted(sources, np.sort(liked[[position]].indices))
            if len(places):
                columns = np.searchsorted(wanted, targets[own])
                because[own] = _strongest(weights[np.ix_(places, columns)], sources[places])
    found = because != NONE
    because_ids = pd.array(np.where(found, history.movie_ids[because], 0), dtype="Int64")
    because_ids[~found] = pd.NA
    return recommendations.assign(**{BECAUSE: because_ids})


def liked_movies(history: History) -> sparse.csr_matrix:
    """Return 1 where a user liked a movie and did not rate it below their own mean (users × movies, float32)."""
    liked = history.matrix(history.liked & (history.above >= 0))
    liked.eliminate_zeros()
    return liked


def _blocks(users: Ints, user_ids: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Give rows of known users, some users at a time: each row's position of the user, and the row."""
    if not len(user_ids):
        return
    positions = np.minimum(np.searchsorted(user_ids, users), len(user_ids) - 1)
    rows = np.flatnonzero(user_ids[positions] == users)
    rows = rows[np.argsort(positions[rows], kind="stable")]
    number = np.unique(positions[rows], return_inverse=True)[1] // USERS_AT_ONCE
    for chosen in np.split(rows, np.flatnonzero(np.diff(number)) + 1) if len(rows) else []:
        yield positions[chosen], chosen


def _by_value(values: Ints, rows: Ints) -> Iterator[tuple[int, Ints]]:
    """Give each of the ascending values and its rows."""
    starts = np.flatnonzero(np.diff(values, prepend=-1))
    for start, own in zip(starts, np.split(rows, starts[1:]), strict=True):
        yield int(values[start]), own


def _strongest(weights: Floats, sources: Ints) -> Ints:
    """Return the source of each column's largest positive weight, the first of equals; `NONE` without one."""
    best = weights.argmax(axis=0)
    positive = weights[best, np.arange(weights.shape[1])] > 0
    return np.where(positive, sources[best], NONE)
