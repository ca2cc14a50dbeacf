"""Movies similar to those a user rated: rated by the same users."""

from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.neighbours import nearest_rows
from movierec.rankers.building_blocks.rating_baseline import RatingBaseline
from movierec.rankers.building_blocks.search_space import Choice, Range, Space
from movierec.rankers.item_item_base import ItemItem

WEIGHTINGS = ("none", "tfidf", "bm25")
PAIRS_AT_ONCE = 8192  # of a user and a movie; for each, all ratings of the user are looked at
K1, B = 1.2, 0.75  # how fast repetition saturates, how much length counts: the usual values


class ItemKNN(ItemItem):
    """Sums the shrunk cosine similarities of a movie to the user's movies (Deshpande and Karypis 2004)."""

    name = "item_knn"
    space: ClassVar[Space] = {
        "neighbours": Range(20, 500, log=True, whole=True),
        "shrinkage": Range(0.1, 500, log=True),
        "weighting": Choice(WEIGHTINGS),
    }

    def __init__(self, neighbours: int = 50, shrinkage: float = 50.0, weighting: str = "bm25") -> None:
        """Store how many neighbours a movie keeps, how strongly rare pairs are shrunk and how raters are weighted."""
        self.neighbours = neighbours
        self.shrinkage = shrinkage
        self.weighting = weighting

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        raters = weigh_raters(self.history_.signal_matrix.T.tocsr(), self.weighting)
        # A row of the transposed result sums over the movies that have the scored one as a neighbour.
        self.weights_ = nearest_rows(raters, self.neighbours, self.shrinkage).T.tocsr()
        self.baseline_ = RatingBaseline.of(self.history_)

    def predict_ratings(self, users: ArrayLike, movies: ArrayLike) -> Floats:
        """Predict the rating that each user (id) would give the movie (id) beside it (float32), on the known scale.

        r̂_ui = b_ui + Σ_j s_ij (r_uj − b_uj) / Σ_j s_ij over the movie's neighbours j that the user rated (Koren 2008);
        b_ui alone where there are none. An unknown user or movie has b = 0. All NaN where no rating was learned.
        """
        history, baseline = self.history_, self.baseline_
        rows = pd.Index(history.user_ids).get_indexer(pd.Index(np.asarray(users, np.int64)))
        columns = pd.Index(history.movie_ids).get_indexer(pd.Index(np.asarray(movies, np.int64)))
        of_users = baseline.of_users(history)
        predicted = np.full(len(rows), baseline.mean, np.float32)
        predicted += np.where(rows >= 0, of_users[rows], 0) + np.where(columns >= 0, baseline.movie_offsets[columns], 0)
        both = np.flatnonzero((rows >= 0) & (columns >= 0))
        predicted[both] += self._from_neighbours(rows[both], columns[both], baseline.residuals(history, of_users))
        return np.clip(predicted, baseline.lowest, baseline.highest)

    def _from_neighbours(self, users: Ints, movies: Ints, residuals: Floats) -> Floats:
        """Return each user's mean residual over the movie's neighbours, weighted by similarity; 0 without any."""
        values = self.history_.matrix(np.nan_to_num(residuals))
        is_rated = self.history_.matrix(np.isfinite(residuals))
        neighbours = self.weights_.T.tocsr()
        means = np.zeros(len(users), np.float32)
        for start in range(0, len(users), PAIRS_AT_ONCE):
            block = slice(start, start + PAIRS_AT_ONCE)
            similarity = neighbours[movies[block]]
            total = np.asarray(values[users[block]].multiply(similarity).sum(axis=1)).ravel()
            weight = np.asarray(is_rated[users[block]].multiply(similarity).sum(axis=1)).ravel()
            means[block] = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
        return means

    def _to_arrays(self) -> Arrays:
        return {**super()._to_arrays(), **self.baseline_.to_arrays()}

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        super()._from_arrays(arrays, folder)
        self.baseline_ = RatingBaseline.from_arrays(arrays)


def weigh_raters(raters: sparse.csr_matrix, weighting: str) -> sparse.csr_matrix:
    """Weigh the entries of movies × users as search engines weigh documents × words: a movie's raters are its words.

    A user who rates everything tells little, like a word that is everywhere: idf = ln(1 + movies / movies rated).
    TF-IDF takes √tf · idf; in BM25 (Robertson and Zaragoza 2009) tf saturates, the later the fewer raters there are.

    Raises:
        ModelError: there is no such weighting.
    """
    if weighting not in WEIGHTINGS:
        raise ModelError(f"there is no weighting '{weighting}'; allowed are {', '.join(WEIGHTINGS)}")
    if weighting == "none":
        return raters
    rated = np.bincount(raters.indices, minlength=raters.shape[1])
    idf = np.log1p(raters.shape[0] / np.maximum(rated, 1))[raters.indices]
    tf = np.sqrt(raters.data) if weighting == "tfidf" else _saturated(raters)
    return sparse.csr_matrix(((tf * idf).astype(np.float32), raters.indices, raters.indptr), shape=raters.shape)


def _saturated(raters: sparse.csr_matrix) -> Floats:
    lengths = np.asarray(raters.sum(axis=1)).ravel()
    relative = np.repeat(lengths / (lengths.mean() or 1), np.diff(raters.indptr))
    return np.asarray(raters.data * (K1 + 1) / (raters.data + K1 * (1 - B + B * relative)), np.float32)
