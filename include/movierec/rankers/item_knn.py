"""Movies like those a user rated, alike meaning rated by the same users."""

from typing import ClassVar

import numpy as np
from scipy import sparse

from movierec.artifacts import Arrays, pack, unpack
from movierec.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.features.types import Floats, Ints
from movierec.kernels_matrix import product
from movierec.rankers.base import Ranker, after_scored
from movierec.rankers.neighbours import nearest
from movierec.rankers.space import Choice, Range, Space

WEIGHTINGS = ("none", "tfidf", "bm25")
K1, B = 1.2, 0.75  # how fast repetition saturates, how much length counts: the usual values


class ItemKNN(Ranker):
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

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        raters = weighted(self.history_.wanted.T.tocsr(), self.weighting)
        # A row of the transposed result sums over the movies that have the scored one as a neighbour.
        self.weights_ = nearest(raters, self.neighbours, self.shrinkage).T.tocsr()

    def scores(self, users: Ints) -> Floats:
        """Sum over each user's history."""
        return after_scored(self.scores_of(self.history_.wanted[users]), self.fitted_)

    def scores_of(self, histories: sparse.csr_matrix) -> Floats:
        """Score any weighted histories over the catalogue (rows × movies)."""
        return product(histories, self.weights_)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return the similarities that are summed."""
        return np.asarray(self.weights_[sources][:, targets].toarray(), np.float32)

    def _state(self) -> Arrays:
        return pack(self.weights_)

    def _restore(self, arrays: Arrays, folder: object) -> None:
        self.weights_ = unpack(arrays)


def weighted(raters: sparse.csr_matrix, weighting: str) -> sparse.csr_matrix:
    """Weigh the entries of movies × users as search engines weigh documents × words: a movie's raters are its words.

    Somebody who rates everything tells little, as does a word that is everywhere: idf = ln(1 + movies / movies rated).
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
