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
NO_MOVIE = -1  # in place of a position
USERS_AT_ONCE = 128


def evidence(recommendations: pd.DataFrame, ranker: Ranker) -> pd.DataFrame:
    """Add `because_movie_id` (Int64): the liked movie that added most to the score, as the ranker weighs the history.

    Liked means rated `relevant_from` or higher and not below the user's own mean, or marked as liked by other feedback.
    Only a positive contribution counts; where there is none, and for users without a history, the value is null. For
    learned rankers it is the contribution to the view of the history that drives them most.

    Args:
        recommendations: (user_id, movie_id, …), in any order, which is kept.
        ranker: a fitted ranker; to one that uses nobody's history nothing contributes.
    """
    history = ranker.history_
    liked = liked_movies(history)
    targets = np.searchsorted(history.movie_ids, recommendations[MOVIE])
    because = np.full(len(targets), NO_MOVIE, np.int64)
    for positions, rows in user_blocks(recommendations[USER].to_numpy(), history.user_ids):
        users, rows_of_user = _group_by_value(positions, rows)
        sources = [np.sort(liked[[user]].indices).astype(np.int64) for user in users]
        by_user = ranker.contributions(users, sources, [targets[own_rows] for own_rows in rows_of_user])
        for own_rows, own_sources, contributions in zip(rows_of_user, sources, by_user, strict=True):
            because[own_rows] = _strongest(contributions, own_sources)
    has_evidence = because != NO_MOVIE
    because_ids = pd.array(np.where(has_evidence, history.movie_ids[because], 0), dtype="Int64")
    because_ids[~has_evidence] = pd.NA
    return recommendations.assign(**{BECAUSE: because_ids})


def liked_movies(history: History) -> sparse.csr_matrix:
    """Return 1 where a user liked a movie and did not rate it below their own mean (users × movies, float32)."""
    liked = history.matrix(history.liked & (history.above_mean >= 0))
    liked.eliminate_zeros()
    return liked


def user_blocks(users: Ints, user_ids: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield the rows of known users, some users at a time, in the order of `user_ids`.

    Args:
        users: the user of each row.
        user_ids: the known users, ascending.

    Yields:
        For each block the position of each row's user in `user_ids`, and the number of the row.
    """
    if not len(user_ids):
        return
    positions = np.minimum(np.searchsorted(user_ids, users), len(user_ids) - 1)
    rows = np.flatnonzero(user_ids[positions] == users)
    rows = rows[np.argsort(positions[rows], kind="stable")]
    block_of_row = np.unique(positions[rows], return_inverse=True)[1] // USERS_AT_ONCE
    for block in np.split(rows, np.flatnonzero(np.diff(block_of_row)) + 1) if len(rows) else []:
        yield positions[block], block


def _group_by_value(values: Ints, rows: Ints) -> tuple[Ints, list[Ints]]:
    """Return the distinct ones of ascending values, and the rows of each."""
    starts = np.flatnonzero(np.diff(values, prepend=-1))
    return values[starts], np.split(rows, starts[1:])


def _strongest(contributions: Floats, sources: Ints) -> Ints:
    """Return the source (row) of each column's largest positive contribution, the first of equals, else `NO_MOVIE`."""
    if not len(sources):
        return np.full(contributions.shape[1], NO_MOVIE)
    best = contributions.argmax(axis=0)
    is_positive = contributions[best, np.arange(contributions.shape[1])] > 0
    return np.where(is_positive, sources[best], NO_MOVIE)
