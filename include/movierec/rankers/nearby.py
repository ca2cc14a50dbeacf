"""Movies that are rated close together: neighbours in the order of histories."""

from typing import ClassVar

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.kernels.parallel import compiled, over_rows
from movierec.kernels.top_k import keep
from movierec.rankers.item_item import ItemItem
from movierec.rankers.neighbours import kept
from movierec.rankers.search_space import Range, Space
from movierec.rankers.sequences import in_order

REACH = 6  # distances beyond so many times the scale count nothing


class Nearby(ItemItem):
    """Sums K[i, j] / √(c_i c_j) over the user's movies i, K being Σ exp(-|place of i - place of j| / scale) over users.

    It is item-kNN by cosine in which two movies of a history count the less the further apart they were rated; c counts
    the ratings of a movie.
    """

    name = "nearby"
    space: ClassVar[Space] = {
        "scale": Range(3, 300, log=True),
        "neighbours": Range(20, 500, log=True, whole=True),
    }

    def __init__(self, scale: float = 30.0, neighbours: int = 100) -> None:
        """Store the distance in ratings over which nearness falls to 1/e, and how many neighbours a movie keeps."""
        self.scale = scale
        self.neighbours = neighbours

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        movies = self.fitted_.shape[1]
        given = in_order(self.fitted_, np.arange(movies))
        length = np.sqrt(np.maximum(self.fitted_.counts, 1)).astype(np.float32)
        arguments = (*vars(given).values(), nearness(self.scale, int(REACH * self.scale) + 1), length)
        self.weights_ = kept(nearest, (movies, movies), self.neighbours, *arguments).T.tocsr()


def near_gram(history: History, kept: Ints, scale: float) -> Floats:
    """Return K between these movies (n × n, float32, only the diagonal and what is right of it).

    K is positive semi-definite: exp(-|distance| / scale) is a positive definite function, as long as no distance is cut
    off and every movie's pair with itself, at distance 0, stays in. So its diagonal is that of XᵀX.
    """
    K = np.zeros((len(kept), len(kept)), np.float32)
    given = in_order(history, kept)
    longest = int(np.diff(given.starts).max(initial=0))
    over_rows(pairs, len(K), *vars(given).values(), nearness(scale, longest), K)
    return K


def nearness(scale: float, distances: int) -> Floats:
    """Return exp(-distance / scale) of so many distances, from 0 on."""
    return np.exp(-np.arange(distances) / scale).astype(np.float32)


@compiled
def add_near(i, starts, movies, signal, users, entries, near, total):  # type: ignore[no-untyped-def]
    """Add row i of K to `total`."""
    for entry in entries:
        first = max(starts[users[entry]], entry - len(near) + 1)
        after = min(starts[users[entry] + 1], entry + len(near))
        for other in range(first, after):
            total[movies[other]] += near[abs(other - entry)] * signal[entry] * signal[other]


@compiled
def pairs(start, stop, starts, movies, places, signal, users, movie_starts, by_movie, near, K):  # type: ignore[no-untyped-def]
    """Write the rows of K, from the diagonal on."""
    for i in range(start, stop):
        add_near(i, starts, movies, signal, users, by_movie[movie_starts[i] : movie_starts[i + 1]], near, K[i])
        K[i, :i] = 0


@compiled
def mix(start, stop, G, K, own, other):  # type: ignore[no-untyped-def]
    """Replace these rows of G, from the diagonal on, by own · G + other · K."""
    for i in range(start, stop):
        for j in range(i, len(G)):
            G[i, j] = own * G[i, j] + other * K[i, j]


@compiled
def nearest(  # type: ignore[no-untyped-def]
    start, stop, starts, movies, places, signal, users, movie_starts, by_movie, near, length, k, columns, values, sizes
):
    """Write the k highest K[i, j] / √(c_i c_j) of each movie i."""
    total = np.empty(len(length), np.float32)
    for i in range(start, stop):
        total[:] = 0
        add_near(i, starts, movies, signal, users, by_movie[movie_starts[i] : movie_starts[i + 1]], near, total)
        total[i] = 0
        sizes[i] = keep(total, length[i], length, np.float32(0), k, columns[i], values[i])
