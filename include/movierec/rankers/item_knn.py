"""Movies like those a user rated, alike meaning rated by the same users."""

import numpy as np
from scipy import sparse

from movierec.artifacts import Arrays, pack, unpack
from movierec.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker, after_scored
from movierec.rankers.neighbours import nearest


class ItemKNN(Ranker):
    """Sums the shrunk cosine similarities of a movie to the user's movies (Deshpande and Karypis 2004)."""

    name = "item_knn"

    def __init__(self, neighbours: int = 100, shrinkage: float = 10.0) -> None:
        """Store how many neighbours a movie keeps and how strongly rare pairs are shrunk."""
        self.neighbours = neighbours
        self.shrinkage = shrinkage

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        # A row of the transposed result sums over the movies that have the scored one as a neighbour.
        self.weights_ = nearest(self.history_.wanted.T.tocsr(), self.neighbours, self.shrinkage).T.tocsr()

    def scores(self, users: Ints) -> Floats:
        """Sum over each user's history."""
        return after_scored(self.scores_of(self.history_.wanted[users]), self.fitted_)

    def scores_of(self, histories: sparse.csr_matrix) -> Floats:
        """Score any weighted histories over the catalogue (rows × movies)."""
        return np.asarray((histories @ self.weights_).toarray(), np.float32)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return the similarities that are summed."""
        return np.asarray(self.weights_[sources][:, targets].toarray(), np.float32)

    def _state(self) -> Arrays:
        return pack(self.weights_)

    def _restore(self, arrays: Arrays, folder: object) -> None:
        self.weights_ = unpack(arrays)
