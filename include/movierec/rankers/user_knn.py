"""What users with a similar history rated."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from scipy import sparse

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.kernels.matrix import product
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.by_popularity import unscored_by_popularity
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.neighbours import NO_COLUMN, largest_products, row_norms
from movierec.rankers.building_blocks.search_space import Range, Space


class UserKNN(Ranker):
    """Sums the movies of the nearest users, weighted by shrunk cosine similarity (Herlocker et al. 1999)."""

    name = "user_knn"
    space: ClassVar[Space] = {
        "neighbours": Range(20, 500, log=True, whole=True),
        "shrinkage": Range(0.1, 500, log=True),
    }

    def __init__(self, neighbours: int = 50, shrinkage: float = 20.0) -> None:
        """Store how many neighbours a user has and how strongly small overlaps are shrunk."""
        self.neighbours = neighbours
        self.shrinkage = shrinkage

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        self._index()

    def _index(self) -> None:
        """Transpose the history, which is the model, so that the raters of a movie stand together."""
        self.raters_ = self.training_history_.signal_matrix.T.tocsr()
        self.norms_ = row_norms(self.training_history_.signal_matrix)

    def scores(self, users: Ints) -> Floats:
        """Find the neighbours of these users and sum what they rated."""
        return unscored_by_popularity(self.scores_of(self.history_.signal_matrix[users], users), self.training_history_)

    def scores_of(self, histories: sparse.csr_matrix, users: Ints) -> Floats:
        """Score any weighted histories (users × movies) of the users at these positions.

        Nobody is their own neighbour.
        """
        return product(self._neighbours(histories, users), self.training_history_.signal_matrix)

    def _neighbours(self, histories: sparse.csr_matrix, users: Ints) -> sparse.csr_matrix:
        return largest_products(
            histories,
            self.raters_,
            row_norms(histories),
            self.norms_,
            k=self.neighbours,
            shrinkage=self.shrinkage,
            excluded=_positions(self.history_.user_ids[users], self.training_history_.user_ids),
        )

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Split the similarities by the movies they come from: Σ xᵤᵢ xₙᵢ xₙⱼ / (|u| |n| + shrinkage) over neighbours n.

        So a movie adds the more, the more of the neighbours who rated the target share it.
        """
        histories = self.history_.signal_matrix[users]
        nearest, norms = self._neighbours(histories, users), row_norms(histories)
        for row, (user_sources, user_targets) in enumerate(zip(sources, targets, strict=True)):
            neighbours = nearest[[row]].indices
            scale = norms[row] * self.norms_[neighbours] + np.float32(self.shrinkage)
            signals = self.training_history_.signal_matrix[neighbours]
            shared = signals[:, user_sources].toarray() / np.maximum(scale, np.float32(1e-9))[:, None]
            signal = self.history_.signal[self.history_.ratings_of(users[row], user_sources)]
            yield signal[:, None] * np.asarray((signals[:, user_targets].T @ shared).T, np.float32)

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self._index()


def _positions(user_ids: Ints, ascending_ids: Ints) -> Ints:
    """Return the position of each user in ascending ids, `NO_COLUMN` where it is not among them."""
    positions = np.minimum(np.searchsorted(ascending_ids, user_ids), len(ascending_ids) - 1)
    return np.where(ascending_ids[positions] == user_ids, positions, NO_COLUMN)
