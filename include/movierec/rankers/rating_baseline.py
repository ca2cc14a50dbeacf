"""The baseline of rating prediction: how high a user and a movie are rated, whatever they are to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.history import History

# Ratings as of nobody that are added to each movie and user: the values of Koren (2010), "Factor in the neighbors".
MOVIE_SHRINKAGE, USER_SHRINKAGE = 25.0, 10.0
PREFIX = "baseline."


@dataclass(frozen=True, eq=False)
class RatingBaseline:
    """b_ui = μ + b_u + b_i (Koren 2008), with b_i and b_u the shrunk means of what is left of ratings.

    Attributes:
        mean: μ; NaN where nothing was rated.
        movies: b_i by position (float32); 0 for a movie that nobody rated.
        low: the lowest rating given.
        high: the highest rating given.
    """

    mean: float
    movies: Floats
    low: float
    high: float

    @classmethod
    def of(cls, history: History) -> "RatingBaseline":
        """Learn μ and the movies' part; other feedback than ratings says nothing here."""
        rated = np.isfinite(history.ratings)
        if not rated.any():
            return cls(np.nan, np.zeros(history.shape[1], np.float32), np.nan, np.nan)
        ratings = history.ratings[rated].astype(np.float64)
        mean = float(ratings.mean())
        movies = _shrunk(history.movies[rated], ratings - mean, history.shape[1], MOVIE_SHRINKAGE)
        return cls(mean, movies, float(ratings.min()), float(ratings.max()))

    def of_users(self, history: History) -> Floats:
        """Return b_u by position for the users of a history, who need not be those learned from (float32)."""
        rated = np.isfinite(history.ratings)
        left = history.ratings[rated] - self.mean - self.movies[history.movies[rated]]
        return _shrunk(history.users[rated], left, history.shape[0], USER_SHRINKAGE)

    def residuals(self, history: History, of_users: Floats) -> Floats:
        """Return r_ui − b_ui of each row of a history (float32); NaN where there is no rating."""
        expected = self.mean + of_users[history.users] + self.movies[history.movies]
        return np.asarray(history.ratings - expected, np.float32)

    def arrays(self) -> Arrays:
        """Return what `of_arrays` takes back."""
        return {f"{PREFIX}movies": self.movies, f"{PREFIX}scale": np.array([self.mean, self.low, self.high])}

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> "RatingBaseline":
        """Take back what `arrays` returned; a KeyError or ValueError says that these are not they."""
        mean, low, high = arrays[f"{PREFIX}scale"].tolist()
        return cls(mean, arrays[f"{PREFIX}movies"], low, high)


def _shrunk(places: Ints, values: NDArray[np.floating], size: int, shrinkage: float) -> Floats:
    """Return Σ values / (shrinkage + count) at every place."""
    return (np.bincount(places, values, size) / (shrinkage + np.bincount(places, minlength=size))).astype(np.float32)
