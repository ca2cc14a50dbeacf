"""What is known about a user and a movie at the user's last known moment.

Nothing here looks past that moment: counts and means over other users' ratings stop at it, so a pair that is learned
from and a pair that is recommended look at the world in the same way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from movierec.columns import MOVIE
from movierec.dataset import Dataset
from movierec.features.asof import AsOf
from movierec.features.content import terms
from movierec.features.history import MICROSECONDS_A_DAY, History
from movierec.features.profiles import groups
from movierec.features.types import Floats, Ints

RECENT = 10
PRIOR_RATINGS = 10.0
YEAR = 31_556_952_000_000  # microseconds


@dataclass(frozen=True, eq=False)
class PairFeatures:
    """Everything `of_pairs` needs, computed once per history.

    Attributes:
        history: what is known.
        groups: age and gender group of each user (int64); those who gave neither are a group as well.
        overall: all ratings in one cell.
        by_movie: ratings in cells of one movie.
        by_group: ratings in cells of one movie and one group.
        years: release year of each movie, NaN where unknown (float32).
        genres: movies × genres, rows of length 1.
        of_user: one row of features per user.
        tastes: users × genres: how much of the history, and how much of the liking, went to a genre.
    """

    history: History
    groups: Ints
    overall: AsOf
    by_movie: AsOf
    by_group: AsOf
    years: Floats
    genres: Floats
    of_user: dict[str, Floats]
    tastes: dict[str, Floats]

    @classmethod
    def of(cls, dataset: Dataset, history: History) -> "PairFeatures":
        """Prepare the features of all pairs."""
        group = groups(dataset.users, history.user_ids)
        cells = group[history.users] * history.shape[1] + history.movies
        by_movie = AsOf.of(history.movies, history.times, history.ratings)
        years = dataset.movies["release_year"].to_numpy(np.float32, na_value=np.nan)
        genres = _genres(dataset)
        return cls(
            history=history,
            groups=group,
            overall=AsOf.of(np.zeros_like(history.movies), history.times, history.ratings),
            by_movie=by_movie,
            by_group=AsOf.of(cells, history.times, history.ratings),
            years=years,
            genres=genres,
            of_user=_of_user(history, years, by_movie),
            tastes=_tastes(history, genres),
        )

    def of_pairs(self, users: Ints, movies: Ints) -> dict[str, Floats]:
        """Describe pairs given by position; every value is float32 of the pairs' length, NaN where unknown."""
        features = {name: values[users] for name, values in self.of_user.items()}
        features |= self._counts(users, movies) | self._years(users, movies)
        features["popularity_gap"] = features["count_all"] - features["user_popularity"]
        for name, taste in self.tastes.items():
            features[name] = np.einsum("pg,pg->p", taste[users], self.genres[movies])
        return features

    def _counts(self, users: Ints, movies: Ints) -> dict[str, Floats]:
        now = self.history.now[users]
        count = self.by_movie.count(movies, now)
        total = self.by_movie.total(movies, now)
        group = self.by_group.count(self.groups[users] * self.history.shape[1] + movies, now)
        everything = np.zeros_like(users)
        mean = self.overall.total(everything, now) / self.overall.count(everything, now)
        recent = {
            f"count_{days}_days": np.log1p(self.by_movie.count(movies, now, now - days * MICROSECONDS_A_DAY))
            for days in (14, 60)
        }
        return recent | {
            "count_all": np.log1p(count),
            "movie_mean": (total + PRIOR_RATINGS * mean) / (count + PRIOR_RATINGS),
            "group_count": np.log1p(group),
            "group_share": (group + 1) / (count + PRIOR_RATINGS),
        }

    def _years(self, users: Ints, movies: Ints) -> dict[str, Floats]:
        year = self.years[movies]
        now = (1970 + self.history.now[users] / YEAR).astype(np.float32)
        return {
            "movie_year": year,
            "movie_age": now - year,
            "year_gap": year - self.of_user["user_year"][users],
            "year_gap_recent": year - self.of_user["user_year_recent"][users],
        }


def _genres(dataset: Dataset) -> Floats:
    matrix = terms(dataset.genres, "genre", dataset.movies[MOVIE].to_numpy())
    present = (matrix > 0).toarray().astype(np.float32)
    return np.asarray(present / np.maximum(np.sqrt(present.sum(axis=1, keepdims=True)), 1), np.float32)


def _of_user(history: History, years: Floats, by_movie: AsOf) -> dict[str, Floats]:
    popularity = np.log1p(by_movie.count(history.movies, history.now[history.users]))
    recent = history.recency < RECENT
    return {
        "user_count": np.log1p(np.bincount(history.users)).astype(np.float32),
        "user_mean": history.user_means,
        "user_popularity": _mean_by_user(history, popularity, np.ones(len(recent), bool)),
        "user_popularity_recent": _mean_by_user(history, popularity, recent),
        "user_year": _mean_by_user(history, years[history.movies], np.ones(len(recent), bool)),
        "user_year_recent": _mean_by_user(history, years[history.movies], recent),
    }


def _mean_by_user(history: History, values: Floats, chosen: NDArray[np.bool_]) -> Floats:
    use = chosen & np.isfinite(values)
    users = history.shape[0]
    count = np.bincount(history.users[use], minlength=users)
    total = np.bincount(history.users[use], weights=values[use], minlength=users)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _tastes(history: History, genres: Floats) -> dict[str, Floats]:
    recent = (history.recency < RECENT).astype(np.float32)
    weights = {"genre_share": np.ones_like(history.above), "genre_recent": recent, "genre_liking": history.above}
    return {name: _weighted_mean(history.matrix(values), genres) for name, values in weights.items()}


def _weighted_mean(weights: sparse.csr_matrix, genres: Floats) -> Floats:
    size = np.asarray(abs(weights).sum(axis=1), np.float32)
    return np.asarray(weights @ genres / np.maximum(size, 1e-9), np.float32)
