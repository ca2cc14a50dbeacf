"""How a movie fits a user's taste: what their movies have in common with it, whole blocks of users at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from movierec.data.arrays import Doubles, Floats, Ints
from movierec.data.columns import MOVIE
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.activity import RECENT_RATINGS
from movierec.features.content import MovieFeatures, terms
from movierec.kernels.matrix import product

LAST_RATINGS = 5
LIKING_HALF_LIFE = 50  # so many ratings later, what a liked movie says counts half
BINS = 12  # of equal size, that a number of the movies is divided into
PRIOR_SHARE = 0.02  # added to the share of movies in a bin


@dataclass(frozen=True, eq=False)
class Affinities:
    """Profiles of the users and descriptions of the movies in the same terms; their product says how they fit.

    Attributes:
        weights: by name, how much each rating counts in the profile (users × movies).
        terms: by name, movies × terms.
        transposed: by name, terms × movies.
    """

    weights: dict[str, sparse.csr_matrix]
    terms: dict[str, sparse.csr_matrix | Floats]
    transposed: dict[str, sparse.csr_matrix | Floats]

    @classmethod
    def of(cls, dataset: Dataset, features: MovieFeatures, history: History, traits: dict[str, Floats]) -> Self:
        """Prepare an affinity for every kind of fact that any movie has.

        Args:
            dataset: the facts about the movies.
            features: their terms and embeddings.
            history: of the users.
            traits: numbers of the movies whose neighbourhood matters (year, log of popularity, mean rating).
        """
        kinds = [kind for kind in _kinds(dataset, features, history, traits) if kind[2].shape[1]]
        # Profiles are made a block of users at a time: those of all users would not fit into memory.
        weights = {id(values): history.matrix(values) for _, values, _ in kinds}
        return cls(
            weights={name: weights[id(values)] for name, values, _ in kinds},
            terms={name: terms_of for name, _, terms_of in kinds},
            transposed={name: _transposed(terms_of) for name, _, terms_of in kinds},
        )

    def blocks(self, users: Ints) -> Iterator[tuple[str, Floats]]:
        """Yield name and values (users × movies, float32) of every affinity for the users at these positions."""
        for name, weights in self.weights.items():
            profile = weights[users] @ self.terms[name]
            yield name, product(sparse.csr_matrix(profile), self.transposed[name])


def _kinds(
    dataset: Dataset, features: MovieFeatures, history: History, traits: dict[str, Floats]
) -> Iterator[tuple[str, NDArray[np.generic], sparse.csr_matrix | Floats]]:
    """Yield name, weight of every rating in the profile, and movies × terms."""
    share = 1 / np.bincount(history.users, minlength=history.shape[0])[history.users]
    recent = _mean_of(history, history.recency < RECENT_RATINGS)
    last = _mean_of(history, history.recency < LAST_RATINGS)
    newest = _mean_of(history, history.recency == 0)
    liked = _mean_of(history, history.liked * 0.5 ** (history.recency / LIKING_HALF_LIFE))
    above = history.above_mean * share
    genres = _unit(_membership(dataset.genres, "genre", dataset))
    people = _unit(_membership(dataset.people, "person_id", dataset))
    yield from (("genre_share", share, genres), ("genre_recent", recent, genres), ("genre_liking", above, genres))
    yield from (("people_liked", liked, people), ("people_recent", recent, people))
    yield from (("content_last", last, features.matrix), ("content_liked", liked, features.matrix))
    if features.embeddings.any():
        meanings = features.embeddings
        yield from (("meaning_newest", newest, meanings), ("meaning_liked", liked, meanings))
    for name, values in traits.items():
        yield f"{name}_share", share, _bins(values)


def _transposed(terms_of: sparse.csr_matrix | Floats) -> sparse.csr_matrix | Floats:
    return np.ascontiguousarray(terms_of.T) if isinstance(terms_of, np.ndarray) else terms_of.T.tocsr()


def _mean_of(history: History, weights: NDArray[np.generic]) -> Doubles:
    """Scale the weights of each user's ratings so that they sum to 1."""
    totals = np.bincount(history.users, weights, history.shape[0])
    return np.asarray(weights / np.maximum(totals, 1e-9)[history.users], np.float64)


def _membership(frame: pd.DataFrame, column: str, dataset: Dataset) -> sparse.csr_matrix:
    """Return 1 where a movie has a term (movies × terms, float32)."""
    weights = terms(frame[[MOVIE, column]].drop_duplicates(), column, dataset.movies[MOVIE].to_numpy())
    return (weights > 0).astype(np.float32)


def _unit(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(matrix.sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(lengths, 1)) @ matrix)


def _bins(values: Floats) -> sparse.csr_matrix:
    """Put the movies into `BINS` of equal size by a number (movies × bins); a neighbouring bin counts half.

    A movie without the number is in none. Columns are divided by the root of the share of movies in the bin, and so is
    a profile: their product compares the share of a history in a bin with that of the movies (a lift).
    """
    known = np.isfinite(values)
    if not known.any():
        return sparse.csr_matrix((len(values), 0))
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.digitize(values, edges)
    member = np.zeros((len(values), len(edges) + 1), np.float32)
    for step, weight in ((0, 1.0), (-1, 0.5), (1, 0.5)):
        beside = bins + step
        inside = known & (beside >= 0) & (beside <= len(edges))
        member[inside, beside[inside]] += weight
    return sparse.csr_matrix(member / np.sqrt(member.mean(axis=0) + PRIOR_SHARE))
