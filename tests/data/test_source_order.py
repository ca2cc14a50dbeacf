"""The order of ratings of one moment."""

import numpy as np
import pandas as pd
import pytest

from movierec.data.source_order import in_source_order, is_sorted_by_movie

SECOND = 1_000_000


def ratings(*rows: tuple[int, int, int]) -> pd.DataFrame:
    """Rows of user, movie and microseconds, with an index of their own."""
    users, movies, times = zip(*rows, strict=True)
    moments = pd.to_datetime(times, unit="us", utc=True).astype("datetime64[us, UTC]")
    return pd.DataFrame({"user_id": users, "movie_id": movies, "rated_at": moments}, index=np.arange(len(rows)) + 7)


def times_in_source_order(*rows: tuple[int, int, int]) -> list[int]:
    ordered = in_source_order(ratings(*rows))
    pd.testing.assert_frame_equal(ordered.drop(columns="rated_at"), ratings(*rows).drop(columns="rated_at"))
    assert ordered["rated_at"].dtype == "datetime64[us, UTC]"
    return ordered["rated_at"].astype("int64").tolist()


def test_ratings_of_one_moment_are_in_the_order_of_their_rows() -> None:
    rows = [(1, 5, SECOND), (2, 5, SECOND), (1, 3, SECOND), (1, 9, 0), (1, 4, SECOND)]
    assert times_in_source_order(*rows) == [SECOND, SECOND, SECOND + 1, 0, SECOND + 2]


def test_none_comes_as_late_as_the_users_next_moment() -> None:
    rows = [(1, 5, 0), (1, 3, 0), (1, 4, 0), (1, 8, 2), (2, 8, 1), (1, 7, 2), (1, 9, 2)]
    assert times_in_source_order(*rows) == [0, 1, 1, 2, 1, 3, 4]


@pytest.mark.parametrize(
    ("movies", "is_sorted"),
    [(range(21), True), (range(21, 0, -1), True), ([*range(0, 21, 2), *range(1, 21, 2)], True), (range(20), False)],
)
def test_it_is_told_where_rows_of_one_moment_are_sorted_by_movie(movies: list[int], is_sorted: bool) -> None:
    others = [(2, 9, SECOND), (2, 3, 2 * SECOND)]
    assert is_sorted_by_movie(ratings(*((1, movie, SECOND) for movie in movies), *others)) is is_sorted


def test_rows_in_another_order_are_not_called_sorted() -> None:
    movies = np.random.default_rng(0).permutation(50)
    assert not is_sorted_by_movie(ratings(*((1, int(movie), SECOND) for movie in movies)))


def test_where_no_moments_are_tied_nothing_changes() -> None:
    rows = [(1, 5, 3), (1, 3, 2), (2, 4, 2)]
    assert times_in_source_order(*rows) == [3, 2, 2]
    assert in_source_order(ratings(*rows).iloc[:0]).empty
