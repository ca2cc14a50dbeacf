"""What is popular now: the ranker to beat where lists serve the days to come."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import MICROSECONDS_A_DAY
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.search_space import Choice, Space

Values = NDArray[np.float64]
DAYS = (7.0, 30.0, 90.0, 365.0)


class RecentPopularity(Ranker):
    """Sums the signal of the latest ratings, those of a window or all of them with a decay, over a slower prior.

    A movie's score is r·w + p·a / n: the signal w of its ratings within the window (each halved for every half-life
    before the newest rating of all), raised by r; and the signal a of its ratings under a half-life of a year, per user
    of n, counted by the same half-life, as if p such users had come too. The prior orders what the window does not
    show, and outweighs it where hardly anybody was there of late.

    A new movie's first weeks count in full: where the first rating of a movie lies within the window, r is how often
    the days since then fit into the window, at most `max_raise`; so a movie of ten days is compared by what thirty
    would have brought. Without timestamps, or with one for all ratings, the window holds everything, and the order is
    that of `popularity`.

    Popularity of the last days beats most models on the next days (Ji et al., "A re-visit of the popularity baseline
    in recommender systems", SIGIR 2020). The defaults are the best of 40 settings on nine inner windows of MovieLens
    100K, 1M and latest-small, cut at one moment each: mean NDCG@10 .298, `popularity` .273.
    """

    name = "recent_popularity"
    space: ClassVar[Space] = {
        "window_days": Choice((None, *DAYS)),
        "half_life_days": Choice((None, *DAYS)),
        "prior_half_life_days": Choice((None, *DAYS[2:])),
        "max_raise": Choice((1.0, 2.0, 4.0)),
    }

    def __init__(
        self,
        window_days: float | None = 30.0,
        half_life_days: float | None = None,
        prior_half_life_days: float | None = 365.0,
        prior_users: float = 50.0,
        max_raise: float = 4.0,
    ) -> None:
        """Store the hyper-parameters.

        Args:
            window_days: before the newest rating; None for no limit.
            half_life_days: after which a rating counts half; None for no decay.
            prior_half_life_days: the same in the prior.
            prior_users: the weight p of the prior.
            max_raise: up to which a new movie's ratings are multiplied; 1 leaves them as they are.
        """
        self.window_days = window_days
        self.half_life_days = half_life_days
        self.prior_half_life_days = prior_half_life_days
        self.prior_users = prior_users
        self.max_raise = max_raise

    def _fit(self, dataset: Dataset, features: MovieFeatures) -> None:
        self._check()
        history, movies = self.history_, self.history_.shape[1]
        age_days = (history.times.max() - history.times) / MICROSECONDS_A_DAY
        slow = np.bincount(history.movies, history.signal * _decay(age_days, self.prior_half_life_days), movies)
        users = _decay((history.times.max() - history.now) / MICROSECONDS_A_DAY, self.prior_half_life_days).sum()
        is_recent = age_days <= (self.window_days or np.inf)
        recent = np.bincount(history.movies, history.signal * is_recent * _decay(age_days, self.half_life_days), movies)
        raised = recent * self._raise(age_days, history.movies, movies)
        self.counts_ = (raised + self.prior_users * slow / users).astype(np.float32)

    def _raise(self, age_days: Values, rated: Ints, movies: int) -> Values:
        """Return by how much each movie's signal is multiplied: window / days since its first rating, within bounds."""
        span = self.window_days or self.half_life_days
        if span is None:
            return np.ones(movies)
        oldest = np.full(movies, 0.0)
        np.maximum.at(oldest, rated, age_days)
        return np.asarray(np.clip(span / np.maximum(oldest, 1.0), 1.0, self.max_raise))

    def _check(self) -> None:
        for name in ("window_days", "half_life_days", "prior_half_life_days"):
            days = getattr(self, name)
            if days is not None and days <= 0:
                raise ModelError(f"recent_popularity got {name} = {days}; it must be larger than 0, or None")
        if self.prior_users <= 0 or self.max_raise < 1:
            raise ModelError(
                f"recent_popularity got prior_users = {self.prior_users} and max_raise = {self.max_raise}; allowed are "
                "numbers above 0 and from 1 on"
            )

    def scores(self, users: Ints) -> Floats:
        """Give every user the same scores."""
        return np.tile(self.counts_, (len(users), 1))

    def _to_arrays(self) -> Arrays:
        return {"counts": self.counts_}

    def _from_arrays(self, arrays: Arrays, folder: object) -> None:
        self.counts_ = arrays["counts"]


def _decay(age_days: Values, half_life_days: float | None) -> Values:
    return np.ones(len(age_days)) if half_life_days is None else np.asarray(0.5 ** (age_days / half_life_days))
