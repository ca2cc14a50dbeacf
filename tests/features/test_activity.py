import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.activity import RECENT_RATINGS, SESSION_RATINGS, of_users

NAN = float("nan")


def history(rows: list[tuple[int, int, float, float]], relevant_from: float | None = 4.0) -> History:
    """Take (user, movie, rating, day); a missing rating is feedback of weight 0.7."""
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "day"])
    ratings = frame.assign(
        weight=np.where(frame["rating"].isna(), 0.7, np.nan),
        rated_at=pd.to_datetime((frame["day"] * 86_400).astype("int64"), unit="s", utc=True),
    )
    movies = pd.DataFrame({"movie_id": range(40), "title": "t", "release_year": 1990})
    return History.of(Dataset.of({"ratings": ratings, "movies": movies}, relevant_from))


def features_of_users(rows: list[tuple[int, int, float, float]], traits: dict[str, list[float]] | None = None) -> dict:
    numbers = {name: np.array(values, np.float32) for name, values in (traits or {}).items()}
    return {name: values.tolist() for name, values in of_users(history(rows), numbers).items()}


# User 1 rates movies 0, 1 and 2 on days 0, 3 and 10; user 2 movie 1 on day 5.
ROWS = [(1, 0, 5.0, 0), (1, 1, 2.0, 3), (1, 2, 5.0, 10), (2, 1, 3.0, 5)]


def test_a_user_is_how_much_how_strictly_and_how_widely_they_rate() -> None:
    features = features_of_users(ROWS)
    assert features["user_count"] == pytest.approx([np.log1p(3), np.log1p(1)])
    assert features["user_mean"] == pytest.approx([4, 3])
    assert features["user_spread"] == pytest.approx([np.std([5, 2, 5]), 0])
    assert features["user_liked_share"] == pytest.approx([2 / 3, 0])
    assert features["user_span"] == pytest.approx([np.log1p(10), 0])


def test_traits_are_averaged_over_the_users_movies() -> None:
    features = features_of_users(ROWS, {"year": [1950, 1960, 1970, *[0] * 37]})
    assert features["user_year"] == pytest.approx([1960, 1960])
    assert features["user_year_spread"] == pytest.approx([np.std([1950, 1960, 1970]), 0], rel=1e-4)


def test_unknown_traits_are_left_out_and_of_nothing_known_nothing_is_said() -> None:
    features = features_of_users(ROWS, {"year": [1950, NAN, 1970, *[0] * 37]})
    assert features["user_year"] == pytest.approx([1960, NAN], nan_ok=True)
    assert features["user_year_recent"] == pytest.approx([1960, NAN], nan_ok=True)
    assert features["user_year_spread"] == pytest.approx([10, NAN], nan_ok=True)


def test_feedback_without_a_rating_is_no_rating() -> None:
    features = features_of_users([(1, 0, NAN, 0), (1, 1, 2.0, 3), (2, 0, NAN, 1)], {"year": [1950, 1970, *[0] * 38]})
    assert features["user_recent_mean"] == pytest.approx([2, NAN], nan_ok=True)
    assert features["user_spread"] == pytest.approx([0, NAN], nan_ok=True)
    assert features["user_liked_share"] == pytest.approx([1 / 2, 1])  # of weight 0.7, so liked
    assert features["user_year"] == pytest.approx([1960, 1950])


def test_recent_is_the_last_ten() -> None:
    rows = [(1, movie, 1.0 if movie < 5 else 5.0, movie) for movie in range(5 + RECENT_RATINGS)]
    features = features_of_users(rows, {"place": list(range(40))})
    assert features["user_recent_mean"] == pytest.approx([5])
    assert features["user_place_recent"] == pytest.approx([np.mean(range(5, 5 + RECENT_RATINGS))])


def test_a_session_is_the_time_of_the_last_twenty() -> None:
    rows = [(1, movie, 3.0, movie) for movie in range(SESSION_RATINGS + 5)]
    features = features_of_users(rows)
    assert features["user_span"] == pytest.approx([np.log1p(SESSION_RATINGS + 4)])
    assert features["user_session_span"] == pytest.approx([np.log1p(SESSION_RATINGS - 1)])


def test_everything_in_one_moment_spans_nothing() -> None:
    features = features_of_users([(1, movie, 3.0, 7) for movie in range(30)])
    assert features["user_span"] == features["user_session_span"] == [0]
