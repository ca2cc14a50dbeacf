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
    """Sums the signal of the latest ratings, those of a window or all of them with a decay, over a long-term prior.

    A movie's score is r·w + p·a / n: the signal w of its ratings within the window (each halved for every half-life
    before the newest rating of all), raised by r; and the signal a of all its ratings per user of n, as if p users of
    no particular time had come too. The prior orders what the window does not show, and outweighs it where hardly
    anybody was there of late.

    A new movie's first weeks count in full: where the first rating of a movie lies within the window, r is the share of
    the window before it, inverted, and at most `max_raise`; so a movie of ten days is compared by what thirty would
    have brought. Without timestamps, or with one for all ratings, the window holds everything, and the order is that
    of `popularity`.

    Popularity of the last days beats most models on the next days (Ji et al., "A re-visit of the popularity baseline
    in recommender systems", SIGIR 2020).
    """

    name = "recent_popularity"
    space: ClassVar[Space] = {
        "window_days": Choice((None, *DAYS)),
        "half_life_days": Choice((None, *DAYS)),
        "max_raise": Choice((1.0, 2.0, 4.0)),
    }

    def __init__(
        self,
        window_days: float | None = 90.0,
        half_life_days: float | None = None,
        prior_users: float = 50.0,
        max_raise: float = 1.0,
    ) -> None:
        """Store the hyper-parameters.

        Args:
            window_days: before the newest rating; None for no limit.
            half_life_days: after which a rating counts half; None for no decay.
            prior_users: the weight p of all ratings whenever they were given.
            max_raise: up to which a new movie's ratings are multiplied; 1 leaves them as they are.
        """
        self.window_days = window_days
        self.half_life_days = half_life_days
        self.prior_users = prior_users
        self.max_raise = max_raise

    def _fit(self, dataset: Dataset, features: MovieFeatures) -> None:
        self._check()
        history = self.history_
        users, movies = history.shape
        age_days = (history.times.max() - history.times) / MICROSECONDS_A_DAY
        lasting = np.bincount(history.movies, history.signal, movies)
        recent = np.bincount(history.movies, history.signal * self._weights(age_days), movies)
        raised = recent * self._raise(age_days, history.movies, movies)
        self.counts_ = (raised + self.prior_users * lasting / users).astype(np.float32)

    def _weights(self, age_days: Values) -> Values:
        decay = 1.0 if self.half_life_days is None else 0.5 ** (age_days / self.half_life_days)
        return np.asarray(np.where(age_days <= (self.window_days or np.inf), decay, 0.0))

    def _raise(self, age_days: Values, rated: Ints, movies: int) -> Values:
        """Return by how much each movie's signal is multiplied: window / days since its first rating, within bounds."""
        span = self.window_days or self.half_life_days
        if span is None:
            return np.ones(movies)
        oldest = np.full(movies, 0.0)
        np.maximum.at(oldest, rated, age_days)
        return np.asarray(np.clip(span / np.maximum(oldest, 1.0), 1.0, self.max_raise))

    def _check(self) -> None:
        for name in ("window_days", "half_life_days"):
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
