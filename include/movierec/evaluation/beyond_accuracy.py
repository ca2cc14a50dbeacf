"""What accuracy does not tell: how novel and how diverse lists are, and how much of the catalogue they show."""

import numpy as np
import pandas as pd
from scipy import sparse

from movierec.data.arrays import Doubles, Ints
from movierec.data.columns import MOVIE, RANK, USER
from movierec.features.content import MovieFeatures

USERS_AT_ONCE = 4_096


def novelty(lists: pd.DataFrame, users: Ints, movie_ids: Ints, raters: Ints, known_users: int) -> Doubles:
    """Return each user's mean self-information -log2(share of known users who rated the movie), in bits.

    Vargas & Castells, "Rank and relevance in novelty and diversity metrics" (RecSys 2011). A movie that nobody rated
    counts as if one user had. NaN for a user without a list.

    Args:
        lists: (user_id, movie_id), cut at k.
        users: who is evaluated, ascending.
        movie_ids: the catalogue, ascending.
        raters: how many known users rated each movie of the catalogue.
        known_users: how many users the known ratings are of.
    """
    bits = -np.log2(np.maximum(raters, 1) / max(known_users, 1))
    rows, columns = _positions(lists, users, movie_ids)
    totals = np.bincount(rows, bits[columns], len(users)).astype(np.float64)
    return _ratio(totals, np.bincount(rows, minlength=len(users)))


def diversity(lists: pd.DataFrame, users: Ints, features: MovieFeatures) -> Doubles:
    """Return 1 - the mean content similarity over the pairs of each user's list.

    Intra-list similarity of Ziegler et al. (WWW 2005). Rows x_i of the features have length 1 or 0, so the sum over
    ordered pairs is |Σ x_i|² - Σ |x_i|². A movie about which nothing is known is like no other; NaN for a user with
    fewer than two movies about which something is: then no pair says anything.
    """
    rows, columns = _positions(lists, users, features.movie_ids)
    shown = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(users), len(features.movie_ids)))
    lengths = np.asarray(features.matrix.multiply(features.matrix).sum(axis=1)).ravel()
    squares = np.zeros(len(users))
    for start in range(0, len(users), USERS_AT_ONCE):
        totals = shown[start : start + USERS_AT_ONCE] @ features.matrix
        squares[start : start + USERS_AT_ONCE] = np.asarray(totals.multiply(totals).sum(axis=1)).ravel()
    n = np.bincount(rows, minlength=len(users))
    described = shown @ (lengths > 0)
    pairs = np.where(described > 1, n * (n - 1), 0)
    # Rounding may leave a list of alike movies a hair below 0.
    return np.clip(1 - _ratio(squares - shown @ lengths, pairs), 0, 1)


def coverage(lists: pd.DataFrame, movies: int) -> float:
    """Return the share of the catalogue that is in at least one list."""
    return lists[MOVIE].nunique() / max(movies, 1)


def gini(lists: pd.DataFrame, movies: int) -> float:
    """Return how unequally the catalogue is shown: 0 if every movie is as often, towards 1 if one movie is always.

    The Gini coefficient Σ (2i - n - 1) x_i / (n Σ x) over the n movies' counts x in ascending order, movies that are
    never shown included. 0 where there are no lists.
    """
    shown = np.sort(lists[MOVIE].value_counts().to_numpy(np.float64))
    if not len(shown):
        return 0.0
    ranks = np.arange(movies - len(shown) + 1, movies + 1)
    return float(((2 * ranks - movies - 1) * shown).sum() / (movies * shown.sum()))


def first_k(lists: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return the first k of every list."""
    return lists[lists[RANK] <= k]


def _positions(lists: pd.DataFrame, users: Ints, movie_ids: Ints) -> tuple[Ints, Ints]:
    return np.searchsorted(users, lists[USER]), np.searchsorted(movie_ids, lists[MOVIE])


def _ratio(totals: Doubles, counts: Ints) -> Doubles:
    return np.asarray(totals / np.where(counts > 0, counts, np.nan))
