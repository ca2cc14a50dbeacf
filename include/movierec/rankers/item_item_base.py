"""Rankers whose model is a sparse matrix of weights from movie to movie."""

import numpy as np
from scipy import sparse

from movierec.artifacts import Arrays, pack, unpack
from movierec.data.arrays import Floats, Ints
from movierec.kernels.matrix import product
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.by_popularity import unscored_by_popularity


class ItemItem(Ranker):
    """Sums W[i, j] over the movies i of a history; movies without any weight follow by popularity.

    Attributes:
        weights_: W, movies × movies.
    """

    weights_: sparse.csr_matrix

    def scores(self, users: Ints) -> Floats:
        """Sum over each user's history."""
        return unscored_by_popularity(self.scores_of(self.history_.signal_matrix[users]), self.training_history_)

    def scores_of(self, histories: sparse.csr_matrix) -> Floats:
        """Score any weighted histories over the catalogue (rows × movies)."""
        return product(histories, self.weights_)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return W between these movies."""
        return np.asarray(self.weights_[sources][:, targets].toarray(), np.float32)

    def _to_arrays(self) -> Arrays:
        return pack(self.weights_)

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self.weights_ = unpack(arrays)
