"""What users with a like history rated."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from scipy import sparse

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.kernels.matrix import product
from movierec.rankers.base import Ranker, after_scored
from movierec.rankers.neighbours import NOBODY, largest, lengths
from movierec.rankers.search_space import Range, Space


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

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        """Turn the history, which is the model, so that a movie's raters stand together."""
        self.raters_ = self.fitted_.wanted.T.tocsr()
        self.lengths_ = lengths(self.fitted_.wanted)

    def scores(self, users: Ints) -> Floats:
        """Find the neighbours of these users and sum what they rated."""
        return after_scored(self.scores_of(self.history_.wanted[users], users), self.fitted_)

    def scores_of(self, histories: sparse.csr_matrix, users: Ints) -> Floats:
        """Score any weighted histories of the users at these positions, who are not their own neighbours."""
        return product(self._neighbours(histories, users), self.fitted_.wanted)

    def _neighbours(self, histories: sparse.csr_matrix, users: Ints) -> sparse.csr_matrix:
        own = _positions(self.history_.user_ids[users], self.fitted_.user_ids)
        return largest(
            histories,
            self.raters_,
            lengths(histories),
            self.lengths_,
            k=self.neighbours,
            shrinkage=self.shrinkage,
            own=own,
        )

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Split the similarities by the movies they come from: Σ xᵤᵢ xₙᵢ xₙⱼ / (|u| |n| + shrinkage) over neighbours n.

        So a movie adds the more, the more of the neighbours who rated the target share it.
        """
        histories = self.history_.wanted[users]
        nearest, length = self._neighbours(histories, users), lengths(histories)
        for row, (given, scored) in enumerate(zip(sources, targets, strict=True)):
            neighbours = nearest[[row]].indices
            scale = length[row] * self.lengths_[neighbours] + np.float32(self.shrinkage)
            rated = self.fitted_.wanted[neighbours]
            shared = rated[:, given].toarray() / np.maximum(scale, np.float32(1e-9))[:, None]
            signal = self.history_.signal[self.history_.ratings_of(users[row], given)]
            yield signal[:, None] * np.asarray((rated[:, scored].T @ shared).T, np.float32)

    def _restore(self, arrays: Arrays, folder: object) -> None:
        self.raters_ = self.fitted_.wanted.T.tocsr()
        self.lengths_ = lengths(self.fitted_.wanted)


def _positions(user_ids: Ints, among: Ints) -> Ints:
    """Find each user among others who are in ascending order; `NOBODY` for who is not there."""
    places = np.minimum(np.searchsorted(among, user_ids), len(among) - 1)
    return np.where(among[places] == user_ids, places, NOBODY)
