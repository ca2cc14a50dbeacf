"""Movies that are rated close together: neighbours in the order of histories. Only learned rankers build on it."""

from typing import ClassVar

import numpy as np

from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.kernels.nearness import near_top_k
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.nearness import nearness
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
