"""How often and how well a movie had been rated by a moment: by everybody, lately, by people like the user."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from movierec.data.arrays import Floats, Ints
from movierec.data.columns import USER
from movierec.data.history import MICROSECONDS_A_DAY, History
from movierec.features.asof import AsOf
from movierec.features.profiles import groups, most_frequent

PRIOR_RATINGS = 10.0  # of average value, added to a movie's own
WINDOWS_DAYS = (14, 60, 365)
MAX_OCCUPATIONS = 64


@dataclass(frozen=True, eq=False)
class Counts:
    """Ratings of a history in cells of movies, and of movies within groups of users.

    Attributes:
        overall, by_movie, liked: all ratings in one cell; in one cell a movie, with the rating or 1 for liked as value.
        by_group, by_occupation: in cells of movie and group of users; None where nothing is known of anybody.
        first: time of each movie's first rating (microseconds), that of the last rating of all where there is none.
        movies: number of movies.
    """

    overall: AsOf
    by_movie: AsOf
    liked: AsOf
    by_group: AsOf | None
    by_occupation: AsOf | None
    first: Ints
    movies: int

    @classmethod
    def of(cls, history: History, users: pd.DataFrame) -> Self:
        """Sort the ratings into their cells."""
        movies = history.shape[1]
        values = np.nan_to_num(history.ratings)
        first = np.full(movies, history.times.max(initial=0))
        np.minimum.at(first, history.movies, history.times)
        return cls(
            overall=AsOf.of(np.zeros_like(history.movies), history.times, values, 1),
            by_movie=AsOf.of(history.movies, history.times, values, movies),
            liked=AsOf.of(history.movies, history.times, history.liked.astype(np.float32), movies),
            by_group=_by_group_of(groups, users, history),
            by_occupation=_by_group_of(occupations, users, history),
            first=first,
            movies=movies,
        )

    def of_pairs(self, movies: Ints, now: Ints, group: Ints, occupation: Ints) -> dict[str, Floats]:
        """Describe movies (positions) as of the times `now`, for users of these groups (all of one length)."""
        count = self.by_movie.count(movies, now)
        everything = np.zeros_like(movies)
        mean = self.overall.total(everything, now) / np.maximum(self.overall.count(everything, now), 1)
        features: dict[str, Floats] = {}
        for days in WINDOWS_DAYS:
            since = now - days * MICROSECONDS_A_DAY
            features[f"count_{days}_days"] = np.log1p(self.by_movie.count(movies, now, since))
            features[f"likes_{days}_days"] = np.log1p(self.liked.total(movies, now, since))
        features["count_all"] = np.log1p(count)
        features["trend"] = features["count_14_days"] - features["count_365_days"]
        features["movie_mean"] = (self.by_movie.total(movies, now) + PRIOR_RATINGS * mean) / (count + PRIOR_RATINGS)
        features["liked_share"] = (self.liked.total(movies, now) + PRIOR_RATINGS / 2) / (count + PRIOR_RATINGS)
        # 0 also before the first rating: when that will come is not known yet.
        features["days_known"] = (np.maximum(now - self.first[movies], 0) / MICROSECONDS_A_DAY).astype(np.float32)
        for name, cells, of_user in (("group", self.by_group, group), ("occupation", self.by_occupation, occupation)):
            if cells is not None:
                within = cells.count(of_user * self.movies + movies, now)
                features[f"{name}_share"] = (within + 1) / (count + PRIOR_RATINGS)
        return features


def occupations(users: pd.DataFrame, user_ids: Ints) -> Ints:
    """Number the users' occupations; 0 is unknown, and all beyond the `MAX_OCCUPATIONS` most frequent ones."""
    names = most_frequent(users["occupation"], MAX_OCCUPATIONS)
    occupation = users.set_index(USER)["occupation"].reindex(user_ids)
    return np.asarray(1 + pd.Index(names).get_indexer(pd.Index(occupation)), np.int64)


def _by_group_of(number: Callable[[pd.DataFrame, Ints], Ints], users: pd.DataFrame, history: History) -> AsOf | None:
    """Sort the ratings into cells of a group, as `number` numbers it, and a movie; None if all are in group 0."""
    size = int(number(users, users[USER].to_numpy(np.int64)).max(initial=0)) + 1
    if size == 1:
        return None
    cells = number(users, history.user_ids)[history.users] * history.shape[1] + history.movies
    return AsOf.of(cells, history.times, np.nan_to_num(history.ratings), size * history.shape[1])
