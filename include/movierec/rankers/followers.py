"""What other users rated soon after the movies this user rated last."""

import numpy as np
from scipy import sparse

from movierec.artifacts import Arrays, pack, unpack
from movierec.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.features.history import History
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker, after_scored

PRIOR = 20.0


class Followers(Ranker):
    """Sums F[i, j], how often j was liked within the next `window` ratings of a user after i, over the last movies i.

    Columns are divided by √(Σ F + 20), half-way between counts (popular movies follow everything) and lift. Unlike the
    cosine rankers this one has a direction: sequels follow, they do not precede.
    """

    name = "followers"

    def __init__(self, window: int = 50, last: int = 10) -> None:
        """Store how far after a movie one counts as following it, and how many last movies of a user to start from."""
        self.window = window
        self.last = last

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        F = _follows(self.history_, self.window)
        frequency = np.asarray(F.sum(axis=0), np.float32).ravel()
        self.weights_ = (F @ sparse.diags(1 / np.sqrt(frequency + PRIOR))).tocsr().astype(np.float32)

    def scores(self, users: Ints) -> Floats:
        """Sum over the last movies of these users."""
        last = self.history_.matrix(self.history_.recency < self.last)
        return after_scored((last[users] @ self.weights_).toarray(), self.fitted_)

    def _state(self) -> Arrays:
        return pack(self.weights_)

    def _restore(self, arrays: Arrays, folder: object) -> None:
        self.weights_ = unpack(arrays)


def _follows(history: History, window: int) -> sparse.csr_matrix:
    order = np.lexsort((history.times, history.users))
    users, movies, signal = history.users[order], history.movies[order], history.signal[order]
    size = (history.shape[1], history.shape[1])
    counts = sparse.csr_matrix(size, dtype=np.float32)
    for step in range(1, min(window, len(order) - 1) + 1):
        same = users[:-step] == users[step:]
        cells = (movies[:-step][same], movies[step:][same])
        counts += sparse.csr_matrix((signal[step:][same], cells), shape=size)
    return counts
