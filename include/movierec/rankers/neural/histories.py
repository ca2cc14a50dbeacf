"""Histories as flat arrays: what the process that fits is handed, and what networks read.

numpy alone: this runs beside TensorFlow in an environment that holds little else.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Arrays = Mapping[str, NDArray[Any]]
Weights = dict[str, NDArray[Any]]

HASH = np.uint32(2_654_435_769)  # 2^32 / golden ratio: multiplied by it, neighbours lie far apart (Knuth, TAOCP 3, 6.4)
PADDING = 0  # the level of a position in a sequence where no rating is


class Histories(NamedTuple):
    """Ratings of the movies of a model, those of one user side by side, in time order.

    Attributes:
        starts: where each user's ratings start, and where the last one's end.
        movies: column of each rating's movie in the model.
        times: microseconds since 1970 UTC; all equal where order says nothing.
        signal: how much each rating says that its user wants such movies (float32).
        levels: what was said, as a number from 1 (`PADDING` is 0).
        liked: whether the user liked the movie (bool).
    """

    starts: Ints
    movies: Ints
    times: Ints
    signal: Floats
    levels: Ints
    liked: NDArray[np.bool_]

    @classmethod
    def of(cls, users: Ints, count: int, **columns: NDArray[Any]) -> Self:
        """Put ratings in order; `users` are their users' positions, ascending or not, of `count` users.

        Ratings of one moment are ordered by a hash of their movies: by ids they would look like a sequence, and in an
        order that others' ratings decide a user would be scored otherwise alone than among others.
        """
        order = np.lexsort((columns["movies"].astype(np.uint32) * HASH, columns["times"], users))
        starts = np.searchsorted(users[order], np.arange(count + 1))
        return cls(starts, **{name: values[order] for name, values in columns.items()})

    @property
    def users(self) -> Ints:
        """Each rating's user."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    @property
    def positions(self) -> Ints:
        """Each rating's position in its user's sequence, from 0."""
        return np.arange(len(self.movies)) - np.repeat(self.starts[:-1], np.diff(self.starts))

    @property
    def moment_ends(self) -> Ints:
        """The position after the last rating of the same moment, for each rating."""
        users, positions = self.users, self.positions
        last = np.flatnonzero(np.append((np.diff(users) != 0) | (np.diff(self.times) != 0), True))
        return positions[last[np.searchsorted(last, np.arange(len(users)))]] + 1 if len(users) else positions

    def shuffled(self, rng: np.random.Generator) -> Self:
        """Draw the order of ratings of one moment anew, so that no order is learned where there is none."""
        order = np.lexsort((rng.random(len(self.movies)), self.times, self.users))
        return self.take(order, self.starts)

    def keep(self, is_kept: NDArray[np.bool_]) -> Self:
        """Leave ratings out; no user goes."""
        return self.take(np.flatnonzero(is_kept), np.concatenate([[0], np.cumsum(is_kept)])[self.starts])

    def of_users(self, users: Ints) -> Self:
        """Return the histories of these users (positions), in this order."""
        return self.up_to(users, np.diff(self.starts)[users])

    def up_to(self, users: Ints, cuts: Ints) -> Self:
        """Return the first so many ratings of these users, one history for each of them."""
        starts = np.concatenate([[0], np.cumsum(cuts)])
        return self.take(np.arange(starts[-1]) + np.repeat(self.starts[users] - starts[:-1], cuts), starts)

    def take(self, ratings: Ints, starts: Ints) -> Self:
        """Return these ratings (indices), divided among users anew."""
        return self._replace(starts=starts, **{name: getattr(self, name)[ratings] for name in COLUMNS})


COLUMNS = Histories._fields[1:]
