"""The baseline of rating prediction: how high a user rates and a movie is rated, whichever the two are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.history import History

# How many ratings equal to the mean are added to each movie and user: Koren (2010), "Factor in the neighbors".
MOVIE_SHRINKAGE, USER_SHRINKAGE = 25.0, 10.0
PREFIX = "baseline."  # of the names of saved arrays


@dataclass(frozen=True, eq=False)
class RatingBaseline:
    """b_ui = μ + b_u + b_i (Koren 2008), with b_i and b_u the shrunk means of what is left of ratings.

    Attributes:
        mean: μ; NaN where nothing was rated.
        movie_offsets: b_i by position (float32); 0 for a movie that nobody rated.
        lowest: the lowest rating in training; NaN like the mean.
        highest: the highest rating in training.
    """

    mean: float
    movie_offsets: Floats
    lowest: float
    highest: float

    @classmethod
    def of(cls, history: History) -> "RatingBaseline":
        """Learn μ and b_i from ratings; other feedback is not looked at."""
        rated = np.isfinite(history.ratings)
        if not rated.any():
            return cls(np.nan, np.zeros(history.shape[1], np.float32), np.nan, np.nan)
        ratings = history.ratings[rated].astype(np.float64)
        mean = float(ratings.mean())
        movie_offsets = _shrunk(history.movies[rated], ratings - mean, history.shape[1], MOVIE_SHRINKAGE)
        return cls(mean, movie_offsets, float(ratings.min()), float(ratings.max()))

    def of_users(self, history: History) -> Floats:
        """Return b_u by position for the users of a history, who need not be those learned from (float32)."""
        rated = np.isfinite(history.ratings)
        residuals = history.ratings[rated] - self.mean - self.movie_offsets[history.movies[rated]]
        return _shrunk(history.users[rated], residuals, history.shape[0], USER_SHRINKAGE)

    def residuals(self, history: History, of_users: Floats) -> Floats:
        """Return r_ui − b_ui of each row of a history (float32); NaN where there is no rating."""
        expected = self.mean + of_users[history.users] + self.movie_offsets[history.movies]
        return np.asarray(history.ratings - expected, np.float32)

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        return {
            f"{PREFIX}movies": self.movie_offsets,
            f"{PREFIX}scale": np.array([self.mean, self.lowest, self.highest]),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "RatingBaseline":
        """Return the one whose `to_arrays` are among these; a KeyError or ValueError says that they are not."""
        mean, lowest, highest = arrays[f"{PREFIX}scale"].tolist()
        return cls(mean, arrays[f"{PREFIX}movies"], lowest, highest)


def _shrunk(positions: Ints, values: NDArray[np.floating], size: int, shrinkage: float) -> Floats:
    """Return Σ values / (shrinkage + count) at each of `size` positions (float32)."""
    return (np.bincount(positions, values, size) / (shrinkage + np.bincount(positions, minlength=size))).astype(
        np.float32
    )
