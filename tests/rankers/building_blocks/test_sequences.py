"""Histories as sequences: in time order, and in no telling order within a moment."""

from itertools import pairwise

import numpy as np
import pandas as pd

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.rankers.building_blocks.sequences import Sequences

# (user, movie, day)
ROWS = [(7, 3, 2), (7, 1, 9), (7, 2, 5), (4, 2, 8), (4, 3, 1)]


def dataset(rows: list[tuple[int, int, int]], movies: int = 4) -> Dataset:
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "day"])
    rated_at = pd.to_datetime(frame["day"], unit="D", utc=True)
    catalogue = pd.DataFrame({"movie_id": np.arange(1, movies + 1), "title": "t", "release_year": 1990})
    return Dataset.of({"ratings": frame.assign(rating=5.0, rated_at=rated_at), "movies": catalogue})


def sequences_of(
    rows: list[tuple[int, int, int]], movie_positions: list[int] | None = None, movies: int = 4
) -> Sequences:
    history = History.of(dataset(rows, movies))
    return Sequences.of(history, np.arange(movies) if movie_positions is None else np.array(movie_positions))


def test_each_users_ratings_come_in_time_order() -> None:
    sequences = sequences_of(ROWS)
    assert sequences.user_starts.tolist() == [0, 2, 5]  # user 4, then user 7
    assert sequences.users.tolist() == [0, 0, 1, 1, 1]
    assert sequences.movies.tolist() == [2, 1, 2, 1, 0]
    assert sequences.positions.tolist() == [0, 1, 0, 1, 2]


def test_each_movies_ratings_are_found_by_the_movie() -> None:
    sequences = sequences_of(ROWS)
    found = [sequences.by_movie[first:last].tolist() for first, last in pairwise(sequences.movie_starts)]
    assert found == [[4], [1, 3], [0, 2], []]


def test_movies_outside_the_model_leave_no_gap() -> None:
    sequences = sequences_of(ROWS, movie_positions=[0, 2])
    assert sequences.movies.tolist() == [1, 1, 0]
    assert sequences.positions.tolist() == [0, 0, 1]
    assert sequences.user_starts.tolist() == [0, 1, 3]


def test_a_user_of_whom_nothing_is_left_has_an_empty_sequence() -> None:
    sequences = sequences_of(ROWS, movie_positions=[0])
    assert sequences.user_starts.tolist() == [0, 0, 1]
    assert np.diff(sequences.movie_starts).tolist() == [1]


def test_signals_stay_with_their_ratings() -> None:
    rows = dataset(ROWS).ratings
    low = dataset(ROWS).with_ratings(rows.assign(rating=np.where(rows["movie_id"] == 3, 1.0, 5.0)))
    sequences = Sequences.of(History.of(low), np.arange(4))
    np.testing.assert_allclose(sequences.signal, [0.3, 1, 0.3, 1, 1])


def test_ties_do_not_depend_on_the_order_of_rows() -> None:
    rows = [(user, movie, movie % 2) for user in range(5) for movie in range(1, 21)]
    mixed = [rows[index] for index in np.random.default_rng(3).permutation(len(rows))]
    assert sequences_of(rows, movies=20).movies.tolist() == sequences_of(mixed, movies=20).movies.tolist()


def test_ties_are_not_in_the_order_of_ids() -> None:
    # Movie 1 and 2 in one moment, 400 times: by any rule one of them would always be first.
    sequences = sequences_of([(user, movie, 1) for user in range(400) for movie in (1, 2)])
    first = sequences.movies[::2]
    assert 150 < (first == 0).sum() < 250
