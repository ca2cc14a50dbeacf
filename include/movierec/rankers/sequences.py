"""Histories as sequences."""

from dataclasses import dataclass

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.data.history import History


@dataclass(frozen=True, eq=False)
class Ordered:
    """The ratings of the model's movies, each user's in time order.

    Attributes:
        starts: where each user's ratings start, and where the last one's end.
        movies, places, signal, users: of each rating: column of the model, number within the user's, signal, user.
        movie_starts, by_movie: where each movie starts in the numbers of the ratings sorted by movie.
    """

    starts: Ints
    movies: Ints
    places: Ints
    signal: Floats
    users: Ints
    movie_starts: Ints
    by_movie: Ints


def in_order(history: History, kept: Ints) -> Ordered:
    """Put ratings in order; those of one moment in a drawn one: any rule, by id, say, would look like a sequence."""
    column = np.full(history.shape[1], -1)
    column[kept] = np.arange(len(kept))
    drawn = np.random.default_rng(0).permutation(len(history.users))
    order = np.lexsort((drawn, history.times, history.users))
    order = order[column[history.movies[order]] >= 0]
    users, movies = history.users[order], column[history.movies[order]]
    starts = np.searchsorted(users, np.arange(history.shape[0] + 1))
    by_movie = np.argsort(movies, kind="stable")
    return Ordered(
        starts=starts,
        movies=movies,
        places=np.arange(len(order)) - starts[users],
        signal=history.signal[order],
        users=users,
        movie_starts=np.searchsorted(movies[by_movie], np.arange(len(kept) + 1)),
        by_movie=by_movie,
    )
