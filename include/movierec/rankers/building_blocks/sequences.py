"""Histories as sequences."""

from typing import NamedTuple, Self

import numpy as np

from movierec.data.arrays import Floats, Ints
from movierec.data.history import History
from movierec.rankers.building_blocks.by_popularity import columns_in


class Sequences(NamedTuple):
    """The ratings of the movies of a model, each user's in time order. Kernels take it as one argument.

    Attributes:
        user_starts: where each user's ratings start, and where the last one's end.
        movies: column of each rating's movie in the model.
        positions: of each rating in its user's sequence, from 0.
        signal: of each rating (float32).
        users: position of each rating's user.
        movie_starts: where each movie's ratings start in `by_movie`, and where the last one's end.
        by_movie: indices of the ratings, sorted by movie.
    """

    user_starts: Ints
    movies: Ints
    positions: Ints
    signal: Floats
    users: Ints
    movie_starts: Ints
    by_movie: Ints

    @classmethod
    def of(cls, history: History, movie_positions: Ints) -> Self:
        """Put the ratings of these movies in order.

        Ratings of one moment are shuffled: by any rule (by id, say) they would look like a sequence.
        """
        column = columns_in(movie_positions, history.shape[1])
        shuffled = np.random.default_rng(0).permutation(len(history.users))
        order = np.lexsort((shuffled, history.times, history.users))
        order = order[column[history.movies[order]] >= 0]
        users, movies = history.users[order], column[history.movies[order]]
        user_starts = np.searchsorted(users, np.arange(history.shape[0] + 1))
        by_movie = np.argsort(movies, kind="stable")
        return cls(
            user_starts=user_starts,
            movies=movies,
            positions=np.arange(len(order)) - user_starts[users],
            signal=history.signal[order],
            users=users,
            movie_starts=np.searchsorted(movies[by_movie], np.arange(len(movie_positions) + 1)),
            by_movie=by_movie,
        )
