"""Movies like those a user rated, alike meaning in genres, people, release, countries and title."""

import numpy as np

from movierec.artifacts import Arrays, pack, unpack
from movierec.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker, after_scored


class Content(Ranker):
    """Compares movies with the mean of what the user rated, liked and recent movies counting more.

    A rating r of a user whose mean is m weighs exp(liking · (r - m)) · ½^(recency / half_life), recency being how many
    ratings of the user came later: positive, so a user who rates everything alike still has a profile.
    """

    name = "content"

    def __init__(self, liking: float = 1.0, half_life: float = 5.0) -> None:
        """Store how much a rating above the mean counts, and after how many ratings interest halves."""
        self.liking = liking
        self.half_life = half_life

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        self.movies_ = features.matrix

    def scores(self, users: Ints) -> Floats:
        """Compare these users' profiles with all movies."""
        history = self.history_
        weights = np.exp(self.liking * history.above) * 0.5 ** (history.recency / self.half_life)
        profiles = history.matrix(weights)[users] @ self.movies_
        return after_scored((profiles @ self.movies_.T).toarray(), self.fitted_)

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return the content similarities."""
        return np.asarray((self.movies_[sources] @ self.movies_[targets].T).toarray(), np.float32)

    def _state(self) -> Arrays:
        return pack(self.movies_)

    def _restore(self, arrays: Arrays, folder: object) -> None:
        self.movies_ = unpack(arrays)
