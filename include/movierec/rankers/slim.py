"""SLIM: sparse item-item weights, learned as one regression per movie (Ning and Karypis 2011)."""

from typing import ClassVar

import numpy as np
from scipy import sparse

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.kernels.matrix import mirror, upper_gram
from movierec.kernels.slim import coordinate_descent
from movierec.rankers.building_blocks.by_popularity import most_rated
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.neighbours import sparse_top_k
from movierec.rankers.building_blocks.search_space import Range, Space
from movierec.rankers.item_item_base import ItemItem

MAX_WEIGHTS = 1000  # of one movie; under any useful penalty fewer differ from 0


class SLIM(ItemItem):
    """Finds W ≥ 0 minimising ½|X - XW|² + ½ λ₂|W|² + λ₁|W|₁ under diag(W) = 0, X the signal of each rating.

    EASE is SLIM without the constraint W ≥ 0 and the penalty λ₁, which make W sparse and easy to read: a movie speaks
    for another or not at all. The regressions need no X, only XᵀX; as that is dense, only the `max_movies` most rated
    movies take part. On inner windows of MovieLens 100K it ranked better than RP3beta (Paudel et al. 2017), by an
    eighth on a random one.
    """

    name = "slim"
    space: ClassVar[Space] = {"l1": Range(0.3, 30, log=True), "l2": Range(5, 1000, log=True)}

    def __init__(self, l1: float = 3.0, l2: float = 100.0, max_movies: int = 10_000) -> None:
        """Store λ₁, which makes weights few, λ₂, which makes them small, and the size of the model."""
        self.l1 = l1
        self.l2 = l2
        self.max_movies = max_movies

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        if self.l1 <= 0 or self.l2 <= 0:
            raise ModelError(f"SLIM got the penalties {self.l1} and {self.l2}; both must be larger than 0")
        history = self.history_
        movie_positions = most_rated(history, self.max_movies)
        G = upper_gram(history.signal_matrix[:, movie_positions])
        mirror(G)
        W = sparse_top_k(coordinate_descent, G.shape, MAX_WEIGHTS, G, np.float32(self.l1), np.float32(self.l2)).tocoo()
        # The kernel solves for a movie in its row; everywhere else a row is what others are predicted from.
        cells = (movie_positions[W.col], movie_positions[W.row])
        self.weights_ = sparse.csr_matrix((W.data, cells), shape=(history.shape[1],) * 2, dtype=np.float32)
