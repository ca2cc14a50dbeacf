"""The most popular movies: the baseline that every other ranker must beat."""

from typing import ClassVar

import numpy as np

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import MICROSECONDS_A_DAY
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.recency import decay
from movierec.rankers.building_blocks.search_space import Choice, Space


class Popularity(Ranker):
    """Sums the signal of ratings; with a half-life, a rating counts half for every half-life before the newest one."""

    name = "popularity"
    space: ClassVar[Space] = {"half_life_days": Choice((None, 7.0, 30.0, 90.0, 365.0, 1825.0))}

    def __init__(self, half_life_days: float | None = None) -> None:
        """Store the half-life; None counts all ratings alike."""
        self.half_life_days = half_life_days

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        if self.half_life_days is not None and self.half_life_days <= 0:
            got = f"a half-life of {self.half_life_days} days"
            raise ModelError(f"popularity got {got}; it must be larger than 0, or None")
        history = self.history_
        age_days = (history.times.max() - history.times) / MICROSECONDS_A_DAY
        weights = history.signal * decay(age_days, self.half_life_days).astype(np.float32)
        self.counts_ = np.bincount(history.movies, weights, history.shape[1]).astype(np.float32)

    def scores(self, users: Ints) -> Floats:
        """Give every user the same scores."""
        return np.tile(self.counts_, (len(users), 1))

    def _to_arrays(self) -> Arrays:
        return {"counts": self.counts_}

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self.counts_ = arrays["counts"]
