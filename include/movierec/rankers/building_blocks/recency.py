"""How much movies were wanted of late: what recent popularity and the lists of newcomers have in common."""

from dataclasses import dataclass

import numpy as np

from movierec.data.arrays import Doubles, Ints
from movierec.data.history import MICROSECONDS_A_DAY, History
from movierec.errors import ModelError


@dataclass(frozen=True)
class Recency:
    """Sums the signal of the latest ratings over a slower prior.

    A movie's count is r·w + p·a / n: the signal w of its ratings within the window (each halved for every half-life
    before the newest rating of all), raised by r; and the signal a of its ratings under a slower half-life, per user of
    n, counted by the same half-life, as if p such users had come too. The prior orders what the window does not show,
    and outweighs it where hardly anybody was there of late.

    A new movie's first weeks count in full: where the first rating of a movie lies within the window, r is how often
    the days since then fit into the window, at most `max_raise`; so a movie of ten days is compared by what thirty
    would have brought.

    The defaults are the best of 40 settings on nine inner windows of MovieLens 100K, 1M and latest-small, cut at one
    moment each: mean NDCG@10 .298 for everybody, where the ranker `popularity` has .273.

    Attributes:
        window_days: before the newest rating; None for no limit.
        half_life_days: after which a rating within the window counts half; None for no decay.
        prior_half_life_days: the same in the prior.
        prior_users: the weight p of the prior.
        max_raise: up to which a new movie's ratings are multiplied; 1 leaves them as they are.
    """

    window_days: float | None = 30.0
    half_life_days: float | None = None
    prior_half_life_days: float | None = 365.0
    prior_users: float = 50.0
    max_raise: float = 4.0

    def counts(self, history: History) -> Doubles:
        """Return the count of every movie of the catalogue.

        Raises:
            ModelError: a hyper-parameter is out of its range.
        """
        self._check()
        movies = history.shape[1]
        if not len(history.times):
            return np.zeros(movies)
        newest = history.times.max()
        age_days = (newest - history.times) / MICROSECONDS_A_DAY
        slow = np.bincount(history.movies, history.signal * decay(age_days, self.prior_half_life_days), movies)
        users = decay((newest - history.now) / MICROSECONDS_A_DAY, self.prior_half_life_days).sum()
        is_recent = age_days <= (self.window_days or np.inf)
        recent = np.bincount(history.movies, history.signal * is_recent * decay(age_days, self.half_life_days), movies)
        return np.asarray(recent * self._raise(age_days, history.movies, movies) + self.prior_users * slow / users)

    def _raise(self, age_days: Doubles, rated: Ints, movies: int) -> Doubles:
        """Return by how much each movie's signal is multiplied: window / days since its first rating, within bounds."""
        span = self.window_days or self.half_life_days
        if span is None:
            return np.ones(movies)
        oldest = np.zeros(movies)
        np.maximum.at(oldest, rated, age_days)
        return np.asarray(np.clip(span / np.maximum(oldest, 1.0), 1.0, self.max_raise))

    def _check(self) -> None:
        for name in ("window_days", "half_life_days", "prior_half_life_days"):
            days = getattr(self, name)
            if days is not None and days <= 0:
                raise ModelError(f"recent popularity got {name} = {days}; it must be larger than 0, or None")
        if self.prior_users <= 0 or self.max_raise < 1:
            raise ModelError(
                f"recent popularity got prior_users = {self.prior_users} and max_raise = {self.max_raise}; allowed are "
                "numbers above 0 and from 1 on"
            )


def decay(age_days: Doubles, half_life_days: float | None) -> Doubles:
    """Return what is left of ratings so many days after them: half for every half-life; all where that is None."""
    return np.ones(len(age_days)) if half_life_days is None else np.asarray(0.5 ** (age_days / half_life_days))
