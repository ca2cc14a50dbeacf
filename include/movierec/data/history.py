"""Who rated what and when, as sparse matrices over positions instead of ids."""

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import LIKED_WEIGHT, MOVIE, RATED_AT, RATING, USER, WEIGHT
from movierec.data.dataset import Dataset

MICROSECONDS_A_DAY = 86_400_000_000
LOWER_SIGNAL = 0.3  # of a movie that was rated but not liked


@dataclass(frozen=True, eq=False)
class History:
    """The ratings of a dataset, sorted by user and movie.

    Attributes:
        user_ids: users with at least one rating, ascending; a user's position is the row of every matrix.
        movie_ids: the whole catalogue, ascending; a movie's position is the column.
        users: position of each rating's user (int64), ascending.
        movies: position of each rating's movie (int64).
        ratings: values as rated (float32), NaN for other feedback.
        liked: whether the user liked the movie (bool).
        signal: how much each rating says that its user wants such movies (float32): 1 if they liked the movie,
            `LOWER_SIGNAL` if they rated it lower, the weight of other feedback. It is above 0 for low ratings because
            watching a movie is a choice too, and because a user with low ratings only has a history then.
        times: microseconds since 1970 UTC (int64).
    """

    user_ids: Ints
    movie_ids: Ints
    users: Ints
    movies: Ints
    ratings: Floats
    liked: NDArray[np.bool_]
    signal: Floats
    times: Ints

    @classmethod
    def of(cls, dataset: Dataset) -> "History":
        """Number the users and movies of a dataset; its ratings come sorted by user and movie.

        Whoever asks about the same dataset object shares the answer, and what is derived from it: ten rankers that are
        fitted on millions of ratings hold them once.
        """
        if dataset not in _histories:
            _histories[dataset] = cls._number(dataset)
        return _histories[dataset]

    @classmethod
    def _number(cls, dataset: Dataset) -> "History":
        user_ids, users = np.unique(dataset.ratings[USER].to_numpy(), return_inverse=True)
        movie_ids = dataset.movies[MOVIE].to_numpy()
        liked = is_liked(dataset.ratings, dataset.relevant_from)
        weight = dataset.ratings[WEIGHT].to_numpy(np.float32)
        is_rated = dataset.ratings[RATING].notna().to_numpy()
        return cls(
            user_ids=user_ids.astype(np.int64),
            movie_ids=movie_ids.astype(np.int64),
            users=users.astype(np.int64),
            movies=np.searchsorted(movie_ids, dataset.ratings[MOVIE].to_numpy()).astype(np.int64),
            ratings=dataset.ratings[RATING].to_numpy(np.float32),
            liked=liked,
            signal=np.where(is_rated, np.where(liked, 1, LOWER_SIGNAL), weight).astype(np.float32),
            times=dataset.ratings[RATED_AT].to_numpy(dtype="datetime64[us]").astype(np.int64),
        )

    def is_of_same_ratings(self, other: "History") -> bool:
        """Tell whether the same users rated the same movies of the same catalogue, as high and at the same times.

        What is concluded from a rating, such as `signal`, is not compared: another version may conclude otherwise.
        """
        return np.array_equal(self.ratings, other.ratings, equal_nan=True) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("user_ids", "movie_ids", "users", "movies", "times")
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Users × movies."""
        return len(self.user_ids), len(self.movie_ids)

    @cached_property
    def seen(self) -> sparse.csr_matrix:
        """1 where a user rated a movie (users × movies, float32)."""
        return self.matrix(np.ones(len(self.users), np.float32))

    @cached_property
    def signal_matrix(self) -> sparse.csr_matrix:
        """The signal of each rating (users × movies, float32)."""
        return self.matrix(self.signal)

    @cached_property
    def now(self) -> Ints:
        """The time of each user's last rating, in microseconds: nothing later may be counted for them."""
        latest = np.full(len(self.user_ids), np.iinfo(np.int64).min)
        np.maximum.at(latest, self.users, self.times)
        return latest

    @cached_property
    def recency(self) -> Ints:
        """How many ratings of the same user are later than each rating (int64); ratings of one moment have the same."""
        order = np.lexsort((-self.times, self.users))
        users, times = self.users[order], self.times[order]
        index = np.arange(len(order))
        new_user = np.diff(users, prepend=-1) != 0
        new_moment = new_user | (np.diff(times, prepend=0) != 0)
        start = np.maximum.accumulate(np.where(new_user, index, 0))
        moment = np.maximum.accumulate(np.where(new_moment, index, 0))
        recency = np.empty(len(order), np.int64)
        recency[order] = moment - start
        return recency

    def faded_signal(self, half_life: float, ratings: Ints | slice = slice(None)) -> Floats:
        """Return the signal of ratings (indices), halved for every `half_life` later ones of their user (float32)."""
        return np.asarray(self.signal[ratings] * 0.5 ** (self.recency[ratings] / half_life), np.float32)

    @cached_property
    def counts(self) -> Floats:
        """Ratings per movie (float32)."""
        return np.bincount(self.movies, minlength=self.shape[1]).astype(np.float32)

    @cached_property
    def user_means(self) -> Floats:
        """Each user's mean rating (float32); 0 for users who only gave other feedback."""
        is_rated = np.isfinite(self.ratings)
        totals = np.bincount(self.users[is_rated], self.ratings[is_rated], self.shape[0])
        counts = np.bincount(self.users[is_rated], minlength=self.shape[0])
        return (totals / np.maximum(counts, 1)).astype(np.float32)

    @cached_property
    def above_mean(self) -> Floats:
        """Each rating less its user's mean (float32); 0 for other feedback."""
        return np.asarray(np.nan_to_num(self.ratings - self.user_means[self.users]), np.float32)

    @cached_property
    def _starts(self) -> Ints:
        return np.searchsorted(self.users, np.arange(self.shape[0] + 1)).astype(np.int64)

    def ratings_of(self, user: int, movies: Ints) -> Ints:
        """Return the indices of a user's ratings of these movies (positions), all of which the user has rated."""
        first, last = self._starts[user : user + 2]
        return np.asarray(first + np.searchsorted(self.movies[first:last], movies), np.int64)

    def matrix(self, values: NDArray[np.generic]) -> sparse.csr_matrix:
        """Return one value per rating as a matrix (users × movies, float32)."""
        return sparse.csr_matrix((values.astype(np.float32), self.movies, self._starts), shape=self.shape)


_histories: "WeakKeyDictionary[Dataset, History]" = WeakKeyDictionary()


def is_liked(ratings: pd.DataFrame, relevant_from: float | None) -> NDArray[np.bool_]:
    """Tell which rows of (…, rating, weight) say that the movie was liked; where rating is NaN the weight decides."""
    is_rated = ratings[RATING].notna().to_numpy()
    by_rating = is_rated if relevant_from is None else ratings[RATING].to_numpy(np.float32) >= relevant_from
    return np.where(is_rated, by_rating, ratings[WEIGHT].to_numpy(np.float32) >= LIKED_WEIGHT)
