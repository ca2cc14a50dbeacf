"""Movies that are rated close together: neighbours in the order of histories."""

from typing import ClassVar

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.kernels.near import near_top_k, near_upper
from movierec.kernels.parallel import over_rows
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.neighbours import sparse_top_k
from movierec.rankers.building_blocks.search_space import Range, Space
from movierec.rankers.building_blocks.sequences import Sequences
from movierec.rankers.item_item_base import ItemItem

MAX_DISTANCE_SCALES = 6  # movies that are farther apart than so many times the scale are not near


class Nearby(ItemItem):
    """Sums K[i, j] / √(cᵢ cⱼ) over the user's movies i, with K = Σ exp(-|position of i - position of j| / scale).

    The sum in K runs over the users who rated both; positions are those in the user's ratings in time order, and c
    counts the ratings of a movie. It is item-kNN by cosine in which two movies of a history count the less, the further
    apart they were rated.
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

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        history = self.training_history_
        movies = history.shape[1]
        sequences = Sequences.of(history, np.arange(movies))
        distances = int(MAX_DISTANCE_SCALES * self.scale) + 1
        norms = np.sqrt(np.maximum(history.counts, 1)).astype(np.float32)
        arguments = (sequences, nearness(self.scale, distances), norms)
        self.weights_ = sparse_top_k(near_top_k, (movies, movies), self.neighbours, *arguments).T.tocsr()


def near_gram(history: History, movie_positions: Ints, scale: float) -> Floats:
    """Return K between these movies (n × n, float32, only the diagonal and what is right of it).

    K is positive semi-definite: exp(-|distance| / scale) is a positive definite function, as long as no distance is cut
    off and every movie's pair with itself, at distance 0, stays in. So its diagonal is that of XᵀX.
    """
    K = np.zeros((len(movie_positions), len(movie_positions)), np.float32)
    sequences = Sequences.of(history, movie_positions)
    longest = int(np.diff(sequences.user_starts).max(initial=0))
    over_rows(near_upper, len(K), sequences, nearness(scale, longest), K)
    return K


def nearness(scale: float, distances: int) -> Floats:
    """Return exp(-distance / scale) for the `distances` distances from 0 on (float32)."""
    return np.exp(-np.arange(distances) / scale).astype(np.float32)
