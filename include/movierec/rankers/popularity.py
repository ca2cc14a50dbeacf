"""Most rated movies: the baseline every other ranker must beat, and what newcomers see."""

import numpy as np

from movierec.artifacts import Arrays
from movierec.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.features.history import MICROSECONDS_A_DAY
from movierec.features.types import Floats, Ints
from movierec.rankers.base import Ranker


class Popularity(Ranker):
    """Counts ratings; given a half-life in days, a rating counts half for every half-life before the newest one."""

    name = "popularity"

    def __init__(self, half_life_days: float | None = None) -> None:
        """Store the half-life; None counts all ratings alike."""
        self.half_life_days = half_life_days

    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        history = self.history_
        weights = np.ones(len(history.times))
        if self.half_life_days is not None:
            age_days = (history.times.max() - history.times) / MICROSECONDS_A_DAY
            weights = 0.5 ** (age_days / self.half_life_days)
        counts = np.bincount(history.movies, weights=weights, minlength=history.shape[1])
        self.counts_ = counts.astype(np.float32)

    def scores(self, users: Ints) -> Floats:
        """Give every user the same scores."""
        return np.tile(self.counts_, (len(users), 1))

    def _state(self) -> Arrays:
        return {"counts": self.counts_}

    def _restore(self, arrays: Arrays, folder: object) -> None:
        self.counts_ = arrays["counts"]
